"""Tweets as a table and as finished CSV rows: what publish makes of landed pages.

A batch is worked on in parts, so that memory is bounded: `table_of` makes a part a typed table, `rows_of` writes it as
CSV rows with what places each of them; `collector.core.rows` brings them into objects. No other room of the core knows
pandas and pyarrow.
"""

from collections.abc import Iterable, Sequence
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
from collector.core.rows import ROWS

# The default pool keeps what was freed: a batch would need a quarter more memory, and be no faster.
pa.set_memory_pool(pa.system_memory_pool())

Newlines = Literal["escape", "keep"]

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

_NAMES = [column.name for column in COLUMNS]
_TYPES = {column.name: ARROW_TYPES[column.kind] for column in COLUMNS}
_NO_LIST = pa.array(["null\n", "[]\n"])
_TEXTS = [column.name for column in COLUMNS if column.kind is ColumnKind.TEXT]
_TIMES = [column.name for column in COLUMNS if column.kind is ColumnKind.TIME]
_LINE_BREAKS = ("\n", "\r")
_WRITING = csv.WriteOptions(include_header=False, quoting_style="needed", batch_size=1 << 14)
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
