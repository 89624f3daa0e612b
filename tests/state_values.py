"""Values for tests of the state: small, valid, and changed by keyword."""

from datetime import UTC, datetime, timedelta
from itertools import count

from collector.core.accounts import Account, AccountStatus, Cursor
from collector.core.batches import Batch, BatchKind, Span, Window, batch_name
from collector.core.coverage import Coverage, Covered, Evidence
from collector.core.ids import AccountId, TweetId, id_at
from collector.core.ranges import IdRange

START = datetime(2026, 11, 22, 6, 10, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(minutes=5))
MADE_AT = START + timedelta(minutes=6)
BIG = 2**62 + 1
"""A tweet id that no float holds."""

_plans = count(1)


def account(account_id: int, **changes: object) -> Account:
    values = {
        "account_id": AccountId(account_id),
        "username": f"user{account_id}",
        "status": AccountStatus.ACTIVE,
        "status_at": START,
        "baseline": TweetId(5),
        "shard": 0,
        "username_at": START,
    }
    return Account(**(values | changes))


def cursor(account_id: int, since_id: int, **changes: object) -> Cursor:
    values = {
        "account_id": AccountId(account_id),
        "username": f"user{account_id}",
        "since_id": TweetId(since_id),
        "since_at": START,
        "batch_id": "live-20261122T061000Z-s00",
        "updated_at": MADE_AT,
    }
    return Cursor(**(values | changes))


def batch(number: int = 1, **changes: object) -> Batch:
    window, shard = changes.get("window", WINDOW), changes.get("shard", 0)
    kind = changes.get("kind", BatchKind.LIVE)
    values = {
        "batch_id": batch_name(kind, window, shard, number),
        "kind": kind,
        "window": window,
        "shard": shard,
        "number": number,
        "plan_id": f"plan-{next(_plans)}",
        "through_id": id_at(window.end),
        "created_at": MADE_AT,
    }
    return Batch(**(values | changes))


def span(account_id: int, after: int, through: int) -> Span:
    return Span(AccountId(account_id), IdRange(after, through))


def coverage(*rows: tuple[int, int] | tuple[int, int, Evidence] | tuple[int, int, Evidence, int]) -> Coverage:
    """Rows as (after, through), with evidence and tweets where they matter."""
    return Coverage(tuple(_covered(*row) for row in rows))


def _covered(after: int, through: int, evidence: Evidence = Evidence.PROVEN, tweets: int = 1) -> Covered:
    return Covered(IdRange(after, through), evidence, tweets)
