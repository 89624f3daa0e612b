"""Tweets as a table and as finished CSV rows: what publish does between landed pages and objects.

The only room of the core that knows pandas and pyarrow. A batch is worked on in parts, so that memory is bounded:
`table_of` makes a part a typed table, `rows_of` writes it as CSV rows with what places each of them; the rows are cut
`by_partition`, spilled (`serialize`), gathered (`deserialize`), made unique, split and joined to objects (`csv_bytes`).
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from collector.core.columns import COLUMNS, ESCAPES, JSON_COLUMNS, TWEET_COLUMNS, ColumnKind, PageLabel, TweetColumns
from collector.core.ids import SNOWFLAKE_EPOCH

# The default pool keeps what was freed: a batch would need a quarter more memory, and be no faster.
pa.set_memory_pool(pa.system_memory_pool())

Newlines = Literal["escape", "keep"]
Rows = pa.Table
"""A table of `ROWS`."""

ARROW_TYPES: dict[ColumnKind, Any] = {
    ColumnKind.ID: pa.int64(),
    ColumnKind.COUNT: pa.int64(),
    ColumnKind.TEXT: pa.string(),
    ColumnKind.LABEL: pa.string(),
    ColumnKind.TIME: pa.timestamp("s", "UTC"),
    ColumnKind.LIST: pa.string(),
    ColumnKind.ID_LIST: pa.string(),
    ColumnKind.FLAG: pa.bool_(),
}
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

_NAMES = [column.name for column in COLUMNS]
_TYPES = {column.name: ARROW_TYPES[column.kind] for column in COLUMNS}
_NO_LIST = pa.array(["null\n", "[]\n"])
_TEXTS = [column.name for column in COLUMNS if column.kind is ColumnKind.TEXT]
_TIMES = [column.name for column in COLUMNS if column.kind is ColumnKind.TIME]
_LINE_BREAKS = ("\n", "\r")
_WRITING = csv.WriteOptions(include_header=False, quoting_style="needed", batch_size=1 << 14)
_READING_IDS = csv.ConvertOptions(include_columns=["tweet_id"], column_types={"tweet_id": pa.int64()})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_MS = round(SNOWFLAKE_EPOCH.timestamp() * 1000)


def table_of(pieces: Iterable[TweetColumns], pages: Sequence[PageLabel], batch_id: str) -> pa.Table:
    """Return the tweets of `pages`, decoded piece by piece, as typed rows in the order given.

    Beside the contract's columns a row has its `partition` (hours from 1970 to `created_at`, or to the time in its id
    where that is absent) and its `weight` (its share of the landed bytes of its page, at least 1).
    """
    counts: list[int] = []
    chunks: dict[str, list[Any]] = {name: [] for name in TWEET_COLUMNS}
    for piece in pieces:
        counts += piece.counts
        for name, cells in piece.values.items():  # noqa: PD011 - ours, not pandas'
            chunks[name].append(_chunk(name, cells))
    arrays = {name: _whole(name, found) for name, found in chunks.items()} | _page_arrays(counts, pages, batch_id)
    arrays["partition"] = _hours(arrays["created_at"], arrays["tweet_id"])
    return pa.table({name: arrays[name] for name in (*_NAMES, "partition", "weight")})


def rows_of(table: pa.Table, *, newlines: Newlines) -> pa.Table:
    r"""Return the typed rows of `table` as finished CSV records (`ROWS`), in the same order.

    Every string is quoted, numbers and flags are bare, None is empty and unquoted. In cells of kind text `\` becomes
    `\\`, LF `\n`, CR `\r` and NUL `\0`; `newlines="keep"` writes LF and CR as they are. NUL is escaped because
    Python's csv module before 3.11, Postgres and Hive's OpenCSVSerde (which uses it as its escape) refuse it.
    """
    sink = pa.BufferOutputStream()
    csv.write_csv(_written(table, newlines), sink, _WRITING)
    records = _records(sink.getvalue(), _line_feeds(table) if newlines == "keep" else np.zeros(len(table), np.int64))
    return pa.table([*(table[name] for name in ROWS.names[:-1]), records], schema=ROWS)


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


def split(rows: pa.Table, max_weight: int) -> list[pa.Table]:
    """Cut rows, in their order, each time the weight since the last cut reaches `max_weight`; no rows, no parts."""
    reached = np.cumsum(rows["weight"].to_numpy(), dtype=np.int64)
    parts, start, before = [], 0, 0
    while start < len(reached):
        end = min(int(np.searchsorted(reached, before + max_weight)) + 1, len(reached))
        parts.append(rows.slice(start, end - start))
        start, before = end, int(reached[end - 1])
    return parts


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


def joined(tables: Sequence[pa.Table]) -> pa.Table:
    """Return the rows of several tables as one, in the order given."""
    return pa.concat_tables(tables) if tables else ROWS.empty_table()


def unseen(rows: pa.Table, seen: AbstractSet[int]) -> pa.Table:
    """Keep the rows whose tweet is not `seen`."""
    if not seen:
        return rows
    known = [tweet_id in seen for tweet_id in rows["tweet_id"].to_pylist()]
    return rows.filter(pa.array([not each for each in known])) if any(known) else rows


def tally(rows: pa.Table, claims: Mapping[int, Sequence[tuple[int, int]]]) -> dict[tuple[int, int], int]:
    """Count rows by the claim they lie in, named by account and `after`; every row must lie in one."""
    accounts, ids = rows["account_id"].to_numpy(), rows["tweet_id"].to_numpy()
    ranges = _claimed(accounts, claims)
    counts = np.bincount(_last_below(ranges, accounts, ids), minlength=len(ranges)).tolist()
    return {
        (account, after): count for (account, after, _), count in zip(ranges.tolist(), counts, strict=True) if count
    }


def _chunk(name: str, cells: Any) -> Any:  # noqa: ANN401 - what a column is made of depends on its kind
    if name in JSON_COLUMNS:
        return cells
    if name in _TIMES:
        # Durations are converted four times as fast as aware datetimes, each of which is asked for its offset.
        return pa.array([None if moment is None else moment - _EPOCH for moment in cells], pa.duration("s"))
    return pa.array(cells, _TYPES[name])


def _whole(name: str, chunks: Sequence[Any]) -> pa.Array:
    """Return a column in one chunk: many small ones would be written as CSV at half the speed."""
    if name in JSON_COLUMNS:
        return _json_texts(b"".join(chunks))
    cells = pa.concat_arrays(chunks) if chunks else pa.array([], _TYPES[name])
    return cells.cast(pa.int64()).cast(_TYPES[name]) if name in _TIMES else cells


def _json_texts(lines: bytes) -> pa.Array:
    ends = np.flatnonzero(np.frombuffer(lines, np.uint8) == ord("\n")) + 1
    offsets = np.concatenate(([0], ends)).astype(np.int32)
    found = pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(lines))
    return pc.if_else(pc.is_in(found, _NO_LIST), None, pc.utf8_rtrim(found, "\n"))


def _page_arrays(counts: Sequence[int], pages: Sequence[PageLabel], batch_id: str) -> dict[str, Any]:
    per_page = {
        "account_id": pa.array([page.account_id for page in pages], pa.int64()),
        "username": pa.array([page.username for page in pages], pa.string()),
        "collected_at": pa.array([page.collected_at for page in pages], ARROW_TYPES[ColumnKind.TIME]),
        "weight": pa.array(
            [max(1, page.landed_bytes // max(1, count)) for page, count in zip(pages, counts, strict=True)], pa.int32()
        ),
    }
    page_of = pa.array(np.repeat(np.arange(len(pages)), counts))
    arrays = {name: values.take(page_of) for name, values in per_page.items()}
    return arrays | {"batch_id": pa.repeat(pa.scalar(batch_id, pa.string()), len(page_of))}


def _hours(created_at: pa.Array, tweet_ids: pa.Array) -> pa.Array:
    seconds_of_ids = ((tweet_ids.to_numpy() >> 22) + _EPOCH_MS) // 1000
    seconds = pc.coalesce(created_at.cast(pa.int64()), pa.array(seconds_of_ids))
    return pa.array(seconds.to_numpy() // 3600, pa.int32())


def _written(table: pa.Table, newlines: Newlines) -> pa.Table:
    for name in _TIMES:
        table = table.set_column(table.column_names.index(name), name, _time_texts(table[name]))
    frame = table.select(_NAMES).to_pandas(types_mapper=pd.ArrowDtype)
    kept = _LINE_BREAKS if newlines == "keep" else ()
    for name in _TEXTS:
        for character, escape in ESCAPES.items():
            if character not in kept and _holds(table[name], character):
                frame[name] = frame[name].str.replace(character, escape, regex=False)
    return pa.table({name: pa.array(cells.array) for name, cells in frame.items()})


def _holds(cells: pa.ChunkedArray, character: str) -> bool:
    # One look at the bytes of a column is far cheaper than a replacement that finds nothing.
    texts = (chunk.buffers()[2] for chunk in cells.chunks)
    return any(text is not None and bool((np.frombuffer(text, np.uint8) == ord(character)).any()) for text in texts)


def _time_texts(times: pa.ChunkedArray) -> pa.ChunkedArray:
    spaced = times.cast(pa.timestamp("s")).cast(pa.string())
    return pc.binary_join_element_wise(pc.binary_replace_slice(spaced, 10, 11, "T"), "Z", "")


def _line_feeds(table: pa.Table) -> npt.NDArray[np.int64]:
    counts = [pc.fill_null(pc.count_substring(table[name], "\n"), 0).to_numpy() for name in _TEXTS]
    return np.asarray(np.sum(counts, axis=0, dtype=np.int64))


def _records(body: pa.Buffer, line_feeds: npt.NDArray[np.int64]) -> pa.Array:
    found = np.flatnonzero(np.frombuffer(body, np.uint8) == ord("\n"))
    last = np.cumsum(line_feeds + 1) - 1
    if len(found) != len(last) + line_feeds.sum():
        message = "a username or another label holds a line break"
        raise ValueError(message)
    offsets = np.concatenate(([0], found[last] + 1)).astype(np.int64)
    return pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(last), [None, pa.py_buffer(offsets), body])


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
