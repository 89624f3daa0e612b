"""The CSV contract, version 1: its columns in order, and the values they are made of."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

CSV_VERSION = 1
"""Goes up when a column changes its place, its name or its meaning."""


class ColumnKind(StrEnum):
    """What a cell holds, and so how it is written and read back."""

    ID = "id"
    COUNT = "count"
    TEXT = "text"
    LABEL = "label"
    TIME = "time"
    LIST = "list"
    ID_LIST = "id_list"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ids, counts and flags are written bare, everything else quoted, lists as JSON text."""

    name: str
    kind: ColumnKind


COLUMNS = (
    Column("tweet_id", ColumnKind.ID),
    Column("account_id", ColumnKind.ID),
    Column("username", ColumnKind.LABEL),
    Column("created_at", ColumnKind.TIME),
    Column("text", ColumnKind.TEXT),
    Column("kind", ColumnKind.LABEL),
    Column("lang", ColumnKind.TEXT),
    Column("conversation_id", ColumnKind.ID),
    Column("in_reply_to_user_id", ColumnKind.ID),
    Column("replied_to_id", ColumnKind.ID),
    Column("quoted_id", ColumnKind.ID),
    Column("retweeted_id", ColumnKind.ID),
    Column("like_count", ColumnKind.COUNT),
    Column("retweet_count", ColumnKind.COUNT),
    Column("reply_count", ColumnKind.COUNT),
    Column("quote_count", ColumnKind.COUNT),
    Column("bookmark_count", ColumnKind.COUNT),
    Column("impression_count", ColumnKind.COUNT),
    Column("hashtags", ColumnKind.LIST),
    Column("mentions", ColumnKind.LIST),
    Column("urls", ColumnKind.LIST),
    Column("media_keys", ColumnKind.LIST),
    Column("possibly_sensitive", ColumnKind.FLAG),
    Column("edit_history_ids", ColumnKind.ID_LIST),
    Column("collected_at", ColumnKind.TIME),
    Column("batch_id", ColumnKind.LABEL),
)

PAGE_COLUMNS = ("account_id", "username", "collected_at", "batch_id")
"""What a page and its batch say about every tweet on it; all other columns come from the tweet."""

TWEET_COLUMNS = tuple(column.name for column in COLUMNS if column.name not in PAGE_COLUMNS)

JSON_COLUMNS = frozenset(column.name for column in COLUMNS if column.kind in {ColumnKind.LIST, ColumnKind.ID_LIST})

ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\0": "\\0"}
"""How a cell of kind text writes what breaks readers; the backslash comes first, so that it is reversible."""


@dataclass(frozen=True, slots=True)
class TweetColumns:
    """The tweets of some pages, column by column.

    `counts` holds the number of tweets of each page, `values` one list per name of `TWEET_COLUMNS`: ids and counts
    as int, times as aware datetimes, flags as bool, None where absent; only `tweet_id` and `kind` are never None.
    For a name of `JSON_COLUMNS` it is bytes: a line of JSON for each tweet, `null` or `[]` where there is none.
    """

    counts: list[int]
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PageLabel:
    """Whose page it is, when it landed, and how many bytes."""

    account_id: int
    username: str
    collected_at: datetime
    landed_bytes: int
