"""Tweets for tests, and the readers that every published object must suit."""

import csv
import io
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pandas as pd
import pyarrow as pa

from collector.core.columns import JSON_COLUMNS, TWEET_COLUMNS, PageLabel, TweetColumns
from collector.core.rows import csv_bytes
from collector.core.table import rows_of, table_of

MADE_AT = datetime(2026, 11, 22, 6, 15, tzinfo=UTC)
COLLECTED_AT = datetime(2026, 11, 22, 6, 20, 30, 999_000, tzinfo=UTC)
BATCH_ID = "live-20261122T061500Z-s00"
FIRST_ID = 1_992_000_000_000_000_001

_REQUIRED = {"kind": "original", "created_at": MADE_AT}


def columns_of(*pages: Iterable[dict]) -> TweetColumns:
    """Build columns of pages of tweets, each a dict of the cells it has; ids are given where they lack."""
    counted = [list(page) for page in pages]
    tweets = [
        {"tweet_id": FIRST_ID + at} | _REQUIRED | tweet for at, tweet in enumerate(t for page in counted for t in page)
    ]
    values = {name: [tweet.get(name) for tweet in tweets] for name in TWEET_COLUMNS}
    values |= {name: "".join(f"{cell or 'null'}\n" for cell in values[name]).encode() for name in JSON_COLUMNS}
    return TweetColumns([len(page) for page in counted], values)


def label(account_id: int = 12, *, landed_bytes: int = 1000) -> PageLabel:
    return PageLabel(account_id, f"user_{account_id}", COLLECTED_AT, landed_bytes)


def rows_with(*pages: Iterable[dict], labels: list[PageLabel] | None = None, newlines: str = "escape") -> pa.Table:
    """Build finished rows of pages of tweets."""
    table = table_of([columns_of(*pages)], labels or [label() for _ in pages], BATCH_ID)
    return rows_of(table, newlines=newlines)


def object_with(*tweets: dict, newlines: str = "escape") -> bytes:
    """Build the object that holds these tweets."""
    return csv_bytes(rows_with(tweets, newlines=newlines))


def by_csv_module(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


def by_pandas(body: bytes) -> list[dict[str, str]]:
    frame = pd.read_csv(io.BytesIO(body), dtype=str, keep_default_na=False)
    return frame.to_dict("records")


def by_duckdb(body: bytes) -> list[dict[str, str]]:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "tweets.csv"
        file.write_bytes(body)
        found = duckdb.read_csv(str(file), header=True, all_varchar=True, quotechar='"', escapechar='"', delimiter=",")
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def original(text: str | None) -> str:
    """Undo the escapes as a reader would who knows nothing but the contract's four lines."""
    known = {"\\\\": "\\", "\\n": "\n", "\\r": "\r", "\\0": "\0"}
    return re.sub(r"\\[\\nr0]", lambda found: known[found[0]], text or "")
