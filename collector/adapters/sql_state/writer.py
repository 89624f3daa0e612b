"""SqlWriter: changes to the state in a transaction that no other writer shares."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from collector.adapters.sql_state import rows, tables
from collector.adapters.sql_state.bulk import bulk_on
from collector.adapters.sql_state.difference import difference
from collector.adapters.sql_state.garbage import without_collection
from collector.adapters.sql_state.reader import SqlReader
from collector.core.accounts import Account, Cursor
from collector.core.batches import Batch, Span
from collector.core.coverage import Coverage
from collector.core.errors import StateConflict
from collector.core.ids import AccountId, TweetId
from collector.core.money import Spend
from collector.core.ports import Clock
from collector.core.rates import RateWindow
from collector.core.times import time_text

_OLD = "this state is old, or another one writes here: collector rebuild"


class SqlWriter(SqlReader):
    """Implements `StateWriter` on an open transaction that holds the writers' lock."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        super().__init__(connection, clock)
        self._bulk = bulk_on(connection)

    @without_collection()
    def save_accounts(self, accounts: Iterable[Account]) -> None:
        """Insert accounts or replace them by id; a changed username also changes in `cursors`."""
        latest = {account.account_id: account for account in accounts}
        self._bulk.upsert(tables.accounts, [rows.account_row(account) for account in latest.values()])
        names, named = tables.accounts.c, tables.cursors.c
        renamed = update(tables.cursors).values(username=names.username)
        changed = (names.account_id == named.account_id, names.username != named.username)
        self._connection.execute(renamed.where(*changed, self._among(named.account_id, list(latest))))

    @without_collection()
    def open_batch(self, batch: Batch, spans: Sequence[Span]) -> None:
        """Store a planned batch and what it reserves.

        Raises `StateConflict` when the window and shard have an open one.
        """
        for other in self.batches_starting(batch.window.start, batch.shard):
            if other.is_open and other.window == batch.window:
                window = f"window {time_text(batch.window.start)} of shard {batch.shard}"
                message = f"{window} has an open batch: {other.batch_id}"
                raise StateConflict(message, hint="plan again: it returns the open batch")
        self._connection.execute(insert(tables.batches), rows.batch_row(batch))
        planned = [rows.span_row(batch.batch_id, position, span) for position, span in enumerate(spans)]
        self._bulk.insert(tables.spans, planned)

    def save_batch(self, batch: Batch) -> None:
        """Insert a batch or replace it by id; one that is committed gives up its spans."""
        row, stored = rows.batch_row(batch), tables.batches.c.batch_id == batch.batch_id
        if self._connection.execute(update(tables.batches).where(stored), row).rowcount == 0:
            self._connection.execute(insert(tables.batches), row)
        if not batch.is_open:
            self._connection.execute(delete(tables.spans).where(tables.spans.c.batch_id == batch.batch_id))

    def note_seal(self, number: int) -> None:
        """Remember the last seal's number. Raises `StateConflict` unless it is the one after `last_seal()`."""
        last = self.last_seal()
        if number != last + 1:
            message = f"seal {number} does not follow seal {last}"
            raise StateConflict(message, hint=_OLD)
        self._connection.execute(update(tables.seal_log).values(last_seal=number, noted_at=self._clock.now()))

    @without_collection()
    def save_coverage(self, changed: Mapping[AccountId, tuple[Coverage, Coverage]]) -> None:
        """Store changed coverage, as (before, after) by account.

        Raises `StateConflict` where the rows of `before` that change are not what is stored.
        """
        found = difference(changed)
        known, values = ("account_id", "after_id", "through_id"), ("through_id", "evidence", "tweets")
        deleted = self._bulk.delete(tables.coverage, known, found.gone)
        updated = self._bulk.update(tables.coverage, values, known, found.grown)
        if (deleted, updated) != (len(found.gone), len(found.grown)):
            message = f"the coverage of {len(changed)} accounts is not what it was read to be"
            raise StateConflict(message, hint=_OLD)
        self._bulk.insert(tables.coverage, found.fresh)

    @without_collection()
    def save_cursors(self, cursors: Sequence[Cursor]) -> None:
        """Insert or replace cursors. Raises `StateConflict` for one that would move back."""
        columns = tables.cursors.c
        among = self._among(columns.account_id, [cursor.account_id for cursor in cursors])
        stored = select(columns.account_id, columns.since_id).where(among)
        known = {row[0]: row[1] for row in self._connection.execute(stored).all()}
        latest = _latest(known, cursors)
        fresh = [rows.cursor_row(cursor) for cursor in latest if cursor.account_id not in known]
        moved = [rows.cursor_row(cursor) for cursor in latest if cursor.account_id in known]
        self._bulk.insert(tables.cursors, fresh)
        # Half the price of an upsert on Postgres.
        key, *values = columns.keys()
        self._bulk.update(tables.cursors, values, [key], [(*row[1:], row[0]) for row in moved])

    def save_rate_windows(self, windows: Iterable[RateWindow]) -> None:
        """Insert rate limits or replace them by endpoint and credential."""
        latest = {(window.endpoint, window.credential): window for window in windows}
        self._bulk.upsert(tables.rate_windows, [rows.rate_row(window) for window in latest.values()])

    def add_spend(self, day: date, change: Spend) -> None:
        """Add to what is spent on a UTC day. Raises `StateConflict` when more is given back than was reserved."""
        columns, counts = tables.spend.c, asdict(change)
        grown = update(tables.spend).values({name: columns[name] + count for name, count in counts.items()})
        if self._connection.execute(grown.where(columns.day == day)).rowcount == 0:
            self._connection.execute(insert(tables.spend).values(day=day, **counts))

    def take_lease(self, batch_id: str, worker: str, term: timedelta) -> None:
        """Give a worker the right to a batch for a term from now, or renew it, whoever had it before."""
        self._bulk.upsert(tables.leases, [(batch_id, worker, self._now() + term)])

    def end_lease(self, batch_id: str) -> None:
        """Forget who had the right to a batch, if anyone had."""
        self._connection.execute(delete(tables.leases).where(tables.leases.c.batch_id == batch_id))


def _latest(known: Mapping[AccountId, TweetId], cursors: Sequence[Cursor]) -> Collection[Cursor]:
    latest: dict[AccountId, Cursor] = {}
    for cursor in cursors:
        last = latest.get(cursor.account_id)
        since = last.since_id if last else known.get(cursor.account_id, cursor.since_id)
        if cursor.since_id < since:
            message = f"account {cursor.account_id}: cursor {since} cannot move back to {cursor.since_id}"
            raise StateConflict(message, hint=_OLD)
        latest[cursor.account_id] = cursor
    return latest.values()
