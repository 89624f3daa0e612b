"""SqlReader: the state as one transaction sees it."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Connection, Select, cast, func, literal, select

from collector.adapters.sql_state import rows, tables
from collector.adapters.sql_state.bulk import array_text
from collector.adapters.sql_state.garbage import without_collection
from collector.adapters.sql_state.utc_time import UtcTime, by_time
from collector.core.accounts import Account, Cursor
from collector.core.batches import Batch, BatchKind, BatchStatus, Counts, Span
from collector.core.coverage import Coverage
from collector.core.ids import AccountId, TweetId, id_at
from collector.core.leases import Lease
from collector.core.money import Spend
from collector.core.ports import Clock
from collector.core.ranges import IdRange
from collector.core.rates import RateWindow

_OPEN = tables.batches.c.status != BatchStatus.COMMITTED.value


class SqlReader:
    """Implements `StateReader` on an open transaction."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    @without_collection()
    def accounts(self, shard: int | None = None) -> list[Account]:
        """Return the accounts by username (whatever its case), of one shard or all."""
        wanted = select(tables.accounts)
        if shard is not None:
            wanted = wanted.where(tables.accounts.c.shard == shard)
        found = [rows.account_of(row) for row in self._connection.execute(wanted).all()]
        return sorted(found, key=lambda account: (account.username.lower(), account.account_id))

    @without_collection()
    def coverage(self, shard: int | None = None) -> dict[AccountId, Coverage]:
        """Return the coverage of the accounts of one shard or all; accounts without any are left out."""
        wanted = select(tables.coverage)
        if shard is not None:
            wanted = wanted.join(tables.accounts).where(tables.accounts.c.shard == shard)
        return self._coverage(wanted)

    @without_collection()
    def coverage_of(self, account_ids: Sequence[AccountId]) -> dict[AccountId, Coverage]:
        """Return the coverage of some accounts, those without any left out."""
        among = self._among(tables.coverage.c.account_id, account_ids)
        return self._coverage(select(tables.coverage).where(among))

    @without_collection()
    def cursors(self) -> dict[AccountId, Cursor]:
        """Return the cursors by account, in order of id."""
        wanted = select(tables.cursors).order_by(tables.cursors.c.account_id)
        cursors = [rows.cursor_of(row) for row in self._connection.execute(wanted).all()]
        return {cursor.account_id: cursor for cursor in cursors}

    def batch(self, batch_id: str) -> Batch | None:
        """Return one batch, or None."""
        return next(iter(self._batches(tables.batches.c.batch_id == batch_id)), None)

    def batches(
        self, limit: int | None = None, *, shard: int | None = None, with_failures: bool = False
    ) -> list[Batch]:
        """Return batches, newest first by creation (then id), at most `limit`: all, a shard's, those with failures."""
        newest_first = [column.desc() for column in self._by_creation()]
        wanted = select(tables.batches).order_by(*newest_first).limit(limit)
        if shard is not None:
            wanted = wanted.where(tables.batches.c.shard == shard)
        if with_failures:
            wanted = wanted.where(tables.batches.c.failures != rows.NO_FAILURES)
        return [rows.batch_of(row) for row in self._connection.execute(wanted).all()]

    def batches_starting(self, start: datetime, shard: int) -> list[Batch]:
        """Return the batches of a shard whose windows start at `start`, in order of number."""
        found = self._batches(tables.batches.c.window_start == start, tables.batches.c.shard == shard)
        return sorted(found, key=lambda batch: batch.number)

    def open_batches(self) -> list[Batch]:
        """Return the batches not yet committed, oldest first by creation (then id)."""
        return self._batches(_OPEN)

    def batch_planned_as(self, plan_id: str) -> Batch | None:
        """Return the batch of a plan, or None."""
        return next(iter(self._batches(tables.batches.c.plan_id == plan_id)), None)

    @without_collection()
    def spans(self, batch_id: str) -> list[Span]:
        """Return what an open batch reserves, in the order planned; a committed batch has none."""
        columns = tables.spans.c
        wanted = select(columns.account_id, columns.after_id, columns.through_id)
        wanted = wanted.where(columns.batch_id == batch_id).order_by(columns.position)
        found = self._connection.execute(wanted).all()
        return [Span(account_id, IdRange(after, through)) for account_id, after, through in found]

    @without_collection()
    def reserved(self) -> dict[AccountId, list[IdRange]]:
        """Return the spans of all open batches, by account, oldest ids first."""
        columns = tables.spans.c
        wanted = select(columns.account_id, columns.after_id, columns.through_id)
        found: dict[AccountId, list[IdRange]] = {}
        wanted = wanted.order_by(columns.account_id, columns.after_id)
        for account_id, after, through in self._connection.execute(wanted).all():
            found.setdefault(account_id, []).append(IdRange(after, through))
        return found

    def newest_planned(self) -> TweetId | None:
        """Return the newest id that any live batch was planned to reach."""
        newest = func.max(tables.batches.c.through_id)
        live = tables.batches.c.kind == BatchKind.LIVE.value
        return self._connection.execute(select(newest).where(live)).scalar()

    def totals(self, since: datetime | None = None) -> Counts:
        """Return the sums over all batches, or those made at or after a moment; an account counts once a batch."""
        columns, dialect = tables.batches.c, self._connection.dialect
        summed = (columns.requests, columns.tweets_read, columns.rows, columns.objects, columns.accounts)
        wanted = select(*(func.coalesce(func.sum(column), 0) for column in summed))
        if since is not None:
            made_at = by_time(columns.created_at, dialect)
            wanted = wanted.where(made_at >= by_time(literal(since, UtcTime), dialect))
        return Counts(*map(int, self._connection.execute(wanted).one()))

    def backfills(self) -> list[IdRange]:
        """Return the wanted ids of every backfill batch, each once, sorted."""
        columns = tables.batches.c
        wanted = select(columns.window_start, columns.through_id).distinct()
        found = self._connection.execute(wanted.where(columns.kind == BatchKind.BACKFILL.value))
        return sorted({IdRange(id_at(start), through) for start, through in found})

    def last_seal(self) -> int:
        """Return the number of the last seal this state knows; 0 before the first."""
        last: int = self._connection.execute(select(tables.seal_log.c.last_seal)).scalar_one()
        return last

    def rate_windows(self) -> list[RateWindow]:
        """Return the rate limits that workers have shared, by endpoint and credential."""
        found = [rows.rate_of(row) for row in self._connection.execute(select(tables.rate_windows))]
        return sorted(found, key=lambda window: (window.endpoint, window.credential))

    def spend_since(self, day: date) -> dict[date, Spend]:
        """Return what was spent on each UTC day from one on, in order."""
        wanted = select(tables.spend).where(tables.spend.c.day >= day).order_by(tables.spend.c.day)
        return {on: Spend(*counts) for on, *counts in self._connection.execute(wanted).all()}

    def leases(self) -> dict[str, Lease]:
        """Return the leases that have not expired, by batch id: by the clock of Postgres, on SQLite by ours."""
        now = self._now()
        found = self._connection.execute(select(tables.leases).order_by(tables.leases.c.batch_id)).all()
        return {batch_id: Lease(worker, expires_at) for batch_id, worker, expires_at in found if expires_at > now}

    def _now(self) -> datetime:
        if self._connection.dialect.name == "sqlite":
            return self._clock.now()
        # Not now(): that is the moment when the transaction began, before it waited for the writers' lock.
        moment: datetime = self._connection.execute(select(func.clock_timestamp())).scalar_one()
        return moment

    def _coverage(self, wanted: Select[Any]) -> dict[AccountId, Coverage]:
        by_id = wanted.order_by(tables.coverage.c.account_id, tables.coverage.c.after_id)
        return rows.coverage_by_account(self._connection.execute(by_id).all())

    def _batches(self, *conditions: ColumnElement[bool]) -> list[Batch]:
        wanted = select(tables.batches).where(*conditions).order_by(*self._by_creation())
        return [rows.batch_of(row) for row in self._connection.execute(wanted).all()]

    def _by_creation(self) -> tuple[ColumnElement[Any], ColumnElement[str]]:
        columns = tables.batches.c
        return by_time(columns.created_at, self._connection.dialect), columns.batch_id

    def _among(self, column: ColumnElement[int], account_ids: Sequence[AccountId]) -> ColumnElement[bool]:
        # One parameter, however many ids: SQLite allows 32,766 of them, Postgres 65,535.
        if self._connection.dialect.name == "sqlite":
            listed = func.json_each(json.dumps(list(account_ids))).table_valued("value")
            return column.in_(select(listed.c.value))
        return column.in_(select(func.unnest(cast(literal(array_text(account_ids)), ARRAY(BigInteger)))))
