"""sandbox: tweet ids and the time inside them."""

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache

EPOCH_MS = 1_288_834_974_657
LOW_BITS = 22
LOW_MASK = (1 << LOW_BITS) - 1
TOP_ID = (1 << 63) - 1

_DAY = 86_400
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def snowflake_ms(at: datetime) -> int:
    """Return whole milliseconds from the snowflake epoch to `at`."""
    return (at - _UNIX_EPOCH) // timedelta(milliseconds=1) - EPOCH_MS


def first_id(at: datetime) -> int:
    """Return the smallest tweet id of the millisecond of `at`."""
    return max(0, snowflake_ms(at)) << LOW_BITS


def made_at(tweet_id: int) -> datetime:
    """Return the moment inside an id, to the millisecond."""
    return _UNIX_EPOCH + timedelta(milliseconds=(tweet_id >> LOW_BITS) + EPOCH_MS)


def created_at(tweet_id: int) -> bytes:
    """Return X's `created_at` of an id: its moment, floored to the second."""
    day, second = divmod(((tweet_id >> LOW_BITS) + EPOCH_MS) // 1000, _DAY)
    return b"%bT%02d:%02d:%02d.000Z" % (_day_text(day), second // 3600, second // 60 % 60, second % 60)


def time_text(at: datetime) -> str:
    """Write a time as X writes it, `2026-11-22T06:00:00.000Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@lru_cache(maxsize=4096)
def _day_text(day: int) -> bytes:
    return time.strftime("%Y-%m-%d", time.gmtime(day * _DAY)).encode()
