"""Views: what an operator asks of the state; read-only."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.core.accounts import Account, AccountStatus, Cursor
from collector.core.batches import Batch
from collector.core.coverage import Coverage
from collector.core.gaps import Gap, Reasons, Wanted, gaps_of
from collector.core.ids import end_of
from collector.core.planning import NOTHING
from collector.core.ports import Clock, StateReader, StateStore

REMEMBERED = 1000
"""The reason of a gap is looked for in so many of the newest batches with failures."""


@dataclass(frozen=True, slots=True)
class CursorRow:
    """One account: where its collection stands."""

    account: Account
    cursor: Cursor | None
    lag: timedelta
    gaps: int


@dataclass(frozen=True, slots=True)
class Status:
    """The whole collection at a glance."""

    watermark: datetime | None
    lag: timedelta | None
    accounts: dict[str, int]
    gaps: int
    open_batches: int
    newest_batch: Batch | None
    rows: int
    tweets_read: int
    requests: int


def cursors(*, state: StateStore, clock: Clock) -> list[CursorRow]:
    """Return one row an account, by username."""
    with state.reading() as tx:
        counted = Counter(gap.account.account_id for gap in _gaps(tx))
        known, accounts = tx.cursors(), tx.accounts()
    now = clock.now()
    return [
        CursorRow(one, known.get(one.account_id), _lag(one, known.get(one.account_id), now), counted[one.account_id])
        for one in accounts
    ]


def gaps(*, state: StateStore) -> list[Gap]:
    """Return every gap of the accounts that are not paused, by username, oldest first."""
    with state.reading() as tx:
        return list(_gaps(tx))


def batches(limit: int | None, *, state: StateStore) -> list[Batch]:
    """Return the newest batches, newest first."""
    with state.reading() as tx:
        return tx.batches(limit)


def status(*, state: StateStore, clock: Clock) -> Status:
    """Return the watermark and the sums over all accounts and batches."""
    rows = cursors(state=state, clock=clock)
    with state.reading() as tx:
        newest, totals = tx.batches(limit=1), tx.totals()
        still_open = len(tx.open_batches())
    watermark = _watermark(rows)
    return Status(
        watermark=watermark,
        lag=None if watermark is None else clock.now() - watermark,
        accounts=dict(Counter(str(row.account.status) for row in rows)),
        gaps=sum(row.gaps for row in rows),
        open_batches=still_open,
        newest_batch=newest[0] if newest else None,
        rows=totals.rows,
        tweets_read=totals.tweets_read,
        requests=totals.requests,
    )


def _gaps(tx: StateReader) -> Iterator[Gap]:
    wanted = Wanted(tx.newest_planned(), tx.backfills())
    reasons = Reasons(batch for batch in tx.batches(REMEMBERED, with_failures=True) if not batch.is_open)
    coverage = tx.coverage()
    for account in tx.accounts():
        if account.is_wanted:
            held: Coverage = coverage.get(account.account_id, NOTHING)
            yield from gaps_of(account, held, wanted, reasons)


def _lag(account: Account, cursor: Cursor | None, now: datetime) -> timedelta:
    return now - (cursor.since_at if cursor else end_of(account.baseline))


def _watermark(rows: list[CursorRow]) -> datetime | None:
    active = [row for row in rows if row.account.status is AccountStatus.ACTIVE]
    return min((row.cursor.since_at if row.cursor else end_of(row.account.baseline) for row in active), default=None)
