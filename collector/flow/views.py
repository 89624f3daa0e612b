"""Views: what an operator asks of the state; read-only."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.core.accounts import Account, AccountStatus, Cursor
from collector.core.batches import Batch, Failure
from collector.core.coverage import Coverage
from collector.core.gaps import Gap, Reasons, Wanted, gaps_of
from collector.core.ids import AccountId, end_of
from collector.core.money import Ledger
from collector.core.planning import NOTHING, wanted_of
from collector.core.ports import Clock, StateReader, StateStore
from collector.flow.spending import ledger_of

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
    spent: Ledger


@dataclass(frozen=True, slots=True)
class Holdings:
    """What is wanted of every account, and what it holds."""

    wanted: Wanted
    coverage: Mapping[AccountId, Coverage]

    def count(self, account: Account) -> int:
        """Count an account's gaps; one that is paused has none."""
        return len(self._of(account).gaps(self.wanted.of(account))) if account.is_wanted else 0

    def gaps(self, account: Account, reasons: Reasons) -> Iterator[Gap]:
        """Yield an account's gaps, oldest first; one that is paused has none."""
        return gaps_of(account, self._of(account), self.wanted, reasons) if account.is_wanted else iter(())

    def _of(self, account: Account) -> Coverage:
        return self.coverage.get(account.account_id, NOTHING)


def cursors(*, state: StateStore, clock: Clock) -> list[CursorRow]:
    """Return one row an account, by username."""
    with state.reading() as tx:
        return cursor_rows(holdings(tx), clock.now(), tx)


def gaps(*, state: StateStore) -> list[Gap]:
    """Return every gap of the accounts that are not paused, by username, oldest first."""
    with state.reading() as tx:
        held, reasons = holdings(tx), known_reasons(tx)
        return [gap for account in tx.accounts() for gap in held.gaps(account, reasons)]


def open_faults(batch: Batch, *, state: StateStore) -> list[Failure]:
    """Return the faults of a batch of whose accounts something that it asked for is still missing."""
    with state.reading() as tx:
        accounts, coverage = tx.accounts(batch.shard), tx.coverage(batch.shard)
    asked = {one.account_id: wanted_of(one, batch.kind, batch.window, batch.through_id) for one in accounts}
    missing = {one for one, ids in asked.items() if coverage.get(one, NOTHING).gaps([ids])}
    faults = [failure for failure in batch.failures if failure.is_fault]
    return [one for one in faults if (one.account_id in missing if one.account_id is not None else bool(missing))]


def batches(limit: int | None, *, state: StateStore) -> list[Batch]:
    """Return the newest batches, newest first."""
    with state.reading() as tx:
        return tx.batches(limit)


def status(*, state: StateStore, clock: Clock) -> Status:
    """Return the watermark and the sums over all accounts and batches."""
    with state.reading() as tx:
        now = clock.now()
        return status_of(cursor_rows(holdings(tx), now, tx), now, tx)


def holdings(tx: StateReader) -> Holdings:
    """Read what is wanted and what is held."""
    return Holdings(Wanted(tx.newest_planned(), tx.backfills()), tx.coverage())


def known_reasons(tx: StateReader) -> Reasons:
    """Read why there are gaps."""
    return Reasons(batch for batch in tx.batches(REMEMBERED, with_failures=True) if not batch.is_open)


def cursor_rows(held: Holdings, now: datetime, tx: StateReader) -> list[CursorRow]:
    """Read one row an account, by username."""
    known = tx.cursors()
    return [
        CursorRow(one, known.get(one.account_id), now - _since_at(one, known.get(one.account_id)), held.count(one))
        for one in tx.accounts()
    ]


def status_of(rows: Sequence[CursorRow], now: datetime, tx: StateReader) -> Status:
    """Read the sums over all batches beside those over all accounts."""
    newest, totals, watermark = tx.batches(limit=1), tx.totals(), _watermark(rows)
    return Status(
        watermark=watermark,
        lag=None if watermark is None else now - watermark,
        accounts=dict(Counter(str(row.account.status) for row in rows)),
        gaps=sum(row.gaps for row in rows),
        open_batches=len(tx.open_batches()),
        newest_batch=newest[0] if newest else None,
        rows=totals.rows,
        tweets_read=totals.tweets_read,
        requests=totals.requests,
        spent=ledger_of(now, tx),
    )


def _since_at(account: Account, cursor: Cursor | None) -> datetime:
    return cursor.since_at if cursor else end_of(account.baseline)


def _watermark(rows: Sequence[CursorRow]) -> datetime | None:
    active = [row for row in rows if row.account.status is AccountStatus.ACTIVE]
    return min((_since_at(row.account, row.cursor) for row in active), default=None)
