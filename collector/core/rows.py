"""Finished CSV rows on their way to objects: cut by partition, spilled, gathered, made unique, split and joined.

`collector.core.table` makes them. Here a tweet is a record that nobody opens again, and what places it.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

from collector.core.columns import COLUMNS

Rows = pa.Table
"""A table of `ROWS`."""

HEADER = ",".join(column.name for column in COLUMNS).encode() + b"\n"
ROWS = pa.schema(
    {
        "tweet_id": pa.int64(),
        "account_id": pa.int64(),
        "partition": pa.int32(),
        "weight": pa.int32(),
        "row": pa.large_binary(),
    }
)
"""Rows on their way to an object: `row` is the finished CSV record with its line end, the others place it."""

_READING_IDS = csv.ConvertOptions(include_columns=["tweet_id"], column_types={"tweet_id": pa.int64()})


def by_partition(rows: pa.Table) -> list[tuple[int, pa.Table]]:
    """Cut rows by partition, ascending; inside a partition they keep their order."""
    hours = rows["partition"].to_numpy()
    order = np.argsort(hours, kind="stable")
    found, starts = np.unique(hours[order], return_index=True)
    if len(found) <= 1:
        return [(int(hour), rows) for hour in found]
    ordered = rows.take(order)
    ends = [*starts[1:], len(hours)]
    return [
        (int(hour), ordered.slice(start, end - start)) for hour, start, end in zip(found, starts, ends, strict=True)
    ]


def serialize(rows: pa.Table) -> bytes:
    """Return rows as bytes for a scratch file; only `deserialize` of the same version reads them."""
    batches = rows.combine_chunks().to_batches()
    return bytes(batches[0].serialize()) if batches else b""


def deserialize(slices: Iterable[bytes]) -> pa.Table:
    """Return the rows of serialized slices as one table, in the order given."""
    batches = [pa.ipc.read_record_batch(pa.py_buffer(each), ROWS) for each in slices if each]
    return pa.Table.from_batches(batches, ROWS)


def joined(tables: Sequence[pa.Table]) -> pa.Table:
    """Return the rows of several tables as one, in the order given."""
    return pa.concat_tables(tables) if tables else ROWS.empty_table()


def inside(rows: pa.Table, claims: Mapping[int, Sequence[tuple[int, int]]]) -> pa.Table:
    """Keep the rows whose tweet lies in one of its account's claims: `(after, through]`, ascending, disjoint."""
    accounts, ids = rows["account_id"].to_numpy(), rows["tweet_id"].to_numpy()
    ranges = _claimed(accounts, claims)
    claim = _last_below(ranges, accounts, ids)
    kept = (ranges[claim, 0] == accounts) & (ids <= ranges[claim, 2])
    return rows if kept.all() else rows.filter(pa.array(kept))


def first_of_each_id(rows: pa.Table) -> pa.Table:
    """Keep one row of each tweet: the first in order."""
    ids = rows["tweet_id"].to_numpy()
    order = np.argsort(ids, kind="stable")
    repeated = order[1:][np.diff(ids[order]) == 0]
    return rows.filter(pa.array(np.isin(np.arange(len(ids)), repeated, invert=True))) if len(repeated) else rows


def unseen(rows: pa.Table, seen: AbstractSet[int]) -> pa.Table:
    """Keep the rows whose tweet is not `seen`."""
    if not seen:
        return rows
    known = [tweet_id in seen for tweet_id in rows["tweet_id"].to_pylist()]
    return rows.filter(pa.array([not each for each in known])) if any(known) else rows


def split(rows: pa.Table, max_weight: int) -> list[pa.Table]:
    """Cut rows, in their order, each time the weight since the last cut reaches `max_weight`; no rows, no parts."""
    reached = np.cumsum(rows["weight"].to_numpy(), dtype=np.int64)
    parts, start, before = [], 0, 0
    while start < len(reached):
        end = min(int(np.searchsorted(reached, before + max_weight)) + 1, len(reached))
        parts.append(rows.slice(start, end - start))
        start, before = end, int(reached[end - 1])
    return parts


def tally(rows: pa.Table, claims: Mapping[int, Sequence[tuple[int, int]]]) -> dict[tuple[int, int], int]:
    """Count rows by the claim they lie in, named by account and `after`; every row must lie in one."""
    accounts, ids = rows["account_id"].to_numpy(), rows["tweet_id"].to_numpy()
    ranges = _claimed(accounts, claims)
    counts = np.bincount(_last_below(ranges, accounts, ids), minlength=len(ranges)).tolist()
    return {
        (account, after): count for (account, after, _), count in zip(ranges.tolist(), counts, strict=True) if count
    }


def csv_bytes(rows: pa.Table) -> bytes:
    """Return the object that holds these rows: the header, then the records by ascending tweet id."""
    order = np.argsort(rows["tweet_id"].to_numpy(), kind="stable")
    records = rows["row"].combine_chunks().take(pa.array(order))
    return b"".join((HEADER, records.buffers()[2] or b""))


def tweet_ids_of_csv(body: bytes) -> list[int]:
    """Return the tweet ids of an object in the order written, whatever its newlines; their number is its row count.

    Raises:
        ValueError: the body is no CSV with a `tweet_id` column of integers.
    """
    # A block smaller than a record would be refused.
    whole = csv.ReadOptions(use_threads=False, block_size=min(len(body) + 1, 2**31 - 1))
    try:
        found = csv.read_csv(pa.BufferReader(body), whole, csv.ParseOptions(newlines_in_values=True), _READING_IDS)
    except pa.ArrowKeyError as cause:
        message = "no column tweet_id"
        raise ValueError(message) from cause
    tweet_ids: list[int] = found["tweet_id"].to_pylist()
    return tweet_ids


def _claimed(accounts: npt.NDArray[np.int64], claims: Mapping[int, Sequence[tuple[int, int]]]) -> npt.NDArray[np.int64]:
    claimed = [(account, *ids) for account in np.unique(accounts).tolist() for ids in claims.get(account, ())]
    # The claim of no account comes first, so that every row has a claim that begins below it.
    return np.array([(-1, 0, 0), *claimed], dtype=np.int64)


def _last_below(
    ranges: npt.NDArray[np.int64], accounts: npt.NDArray[np.int64], ids: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    # Sorted by account and id, a row stands after every range that begins below it, but before one that begins at it.
    rows_first = np.repeat((0, 1), (len(ids), len(ranges)))
    order = np.lexsort((rows_first, np.concatenate((ids, ranges[:, 1])), np.concatenate((accounts, ranges[:, 0]))))
    found = np.empty(len(order), dtype=np.int64)
    found[order] = np.maximum.accumulate(np.where(order < len(ids), 0, order - len(ids)))
    return found[: len(ids)]
