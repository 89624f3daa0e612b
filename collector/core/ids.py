"""Ids of tweets and accounts, and the time that a snowflake id carries."""

from datetime import UTC, datetime, timedelta
from typing import NewType

TweetId = NewType("TweetId", int)
AccountId = NewType("AccountId", int)

SNOWFLAKE_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)
"""Where snowflake ids begin (1288834974657 ms after 1970); older ids carry no time."""

_MILLISECOND = timedelta(milliseconds=1)
_SEQUENCE_BITS = 22


def id_at(moment: datetime) -> TweetId:
    """Return the last tweet id before a moment.

    The window `[start, end)` is then the ids `(id_at(start), id_at(end)]`.
    """
    elapsed = (moment - SNOWFLAKE_EPOCH) // _MILLISECOND
    return TweetId(max(0, (elapsed << _SEQUENCE_BITS) - 1))


def time_of(tweet_id: int) -> datetime:
    """Return when a snowflake id was made, to the millisecond (X floors `created_at` to the second)."""
    return SNOWFLAKE_EPOCH + (tweet_id >> _SEQUENCE_BITS) * _MILLISECOND


def end_of(through: int) -> datetime:
    """Return the moment up to which `(..., through]` reaches: `end_of(id_at(t)) == t` for whole milliseconds."""
    return time_of(through + 1)
