"""Copies of tweets with everything that breaks readers of CSV, and what an engine must find in them."""

import gzip
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from csv_readers import MADE_AT, object_with

from collector import read_tweets
from collector.core.columns import COLUMNS

NAMES = [column.name for column in COLUMNS]
TEXTS = (
    "two\nlines",
    "\r\nwindows\r",
    "a lone \r return\n\n\n",
    'say "hi", "" and \'bye\'',
    '"',
    ",",
    "\\",
    "\\\\n \\n \\\n \\s \\\\s \\0 \\r \\N \\.",
    "\\N",
    "\\.",
    "a\0b",
    "tweet_id",
    "\u2028line\u2029paragraph\u0085next\x0b\x0c\x1c\x1ftab\t ",
    "  spaces  ",
    "🚀 e\u0301lan שלום \ufeff橋",
    "NULL",
    "na",
    "{}[]$:'x'--;/*",
    "x" * 25_000,
    "",
    None,
)
LISTS = (
    "[]",
    '["one"]',
    '["a,b","say \\"hi\\"","back\\\\slash\\\\u0000","élan🚀","a\\nb","\'"]',
    '["\\u0000","x\\u0000y"]',
    None,
)
LONG_ID = 2**63 - 1


def nasty_tweets(texts: Iterable[str | None] = TEXTS) -> list[dict[str, Any]]:
    """Return tweets with these texts, among them 19 digits, absent and full cells."""
    return [
        {
            "tweet_id": LONG_ID - at,
            "text": text,
            "lang": text,
            "quoted_id": (None, 9_007_199_254_740_993)[at % 2],
            "like_count": (None, 0, 2**40)[at % 3],
            "hashtags": LISTS[at % 5],
            "urls": LISTS[(at + 2) % 5],
            "possibly_sensitive": (True, False, None)[at % 3],
            "edit_history_ids": (None, f'["{LONG_ID - at}","9007199254740993"]')[at % 2],
        }
        for at, text in enumerate(texts)
    ]


def write_copy(
    folder: Path, tweets: Iterable[dict[str, Any]], *, newlines: str = "escape", compression: str = "none"
) -> None:
    """Write the objects of these tweets, a partition for every hour, as publishing does."""
    for at, tweet in enumerate(tweets):
        hour = at % 3 + 8
        made = {"created_at": MADE_AT.replace(hour=hour)}
        body = object_with(tweet | made, newlines=newlines)
        name = f"tweets/dt={MADE_AT:%Y-%m-%d}/hour={hour:02}/live-{tweet['tweet_id']}.csv"
        file = folder / (f"{name}.gz" if compression == "gzip" else name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(body) if compression == "gzip" else body)


def rows_of_copy(folder: Path) -> list[tuple[Any, ...]]:
    """Return what `read_tweets` finds, as rows of plain values."""
    return plain_rows(read_tweets(folder).itertuples(index=False))


def plain_rows(rows: Iterable[Iterable[Any]]) -> list[tuple[Any, ...]]:
    """Return rows of any reader as plain values, times in UTC without a zone, by ascending tweet id."""
    return sorted((tuple(_plain(cell) for cell in row) for row in rows), key=lambda row: row[0])


def with_cells(rows: list[tuple[Any, ...]], change: Any) -> list[tuple[Any, ...]]:
    """Return the rows with every text of theirs changed, those in lists too."""
    return [tuple(_changed(cell, change) for cell in row) for row in rows]


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime):
        cell = cell.to_pydatetime() if isinstance(cell, pd.Timestamp) else cell
        return cell.astimezone(UTC).replace(tzinfo=None) if cell.tzinfo else cell
    if cell is pd.NA or cell is pd.NaT:
        return None
    return list(cell) if hasattr(cell, "__iter__") and not isinstance(cell, str) else cell


def _changed(cell: Any, change: Any) -> Any:
    if isinstance(cell, list):
        return [_changed(one, change) for one in cell]
    return change(cell) if isinstance(cell, str) else cell
