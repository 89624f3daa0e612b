"""The state in memory: the same contract as on a database, without one."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from threading import RLock

from collector.core.accounts import Account, Cursor
from collector.core.batches import Batch, BatchKind, Counts, Span
from collector.core.coverage import Coverage
from collector.core.errors import StateConflict
from collector.core.ids import AccountId, TweetId, id_at
from collector.core.leases import Lease
from collector.core.money import Spend
from collector.core.ports import Clock
from collector.core.ranges import IdRange
from collector.core.rates import RateWindow
from fakes.clock import FakeClock


@dataclass
class _Tables:
    accounts: dict[AccountId, Account] = field(default_factory=dict)
    coverage: dict[AccountId, Coverage] = field(default_factory=dict)
    cursors: dict[AccountId, Cursor] = field(default_factory=dict)
    batches: dict[str, Batch] = field(default_factory=dict)
    spans: dict[str, list[Span]] = field(default_factory=dict)
    rates: dict[tuple[str, str], RateWindow] = field(default_factory=dict)
    leases: dict[str, Lease] = field(default_factory=dict)
    spend: dict[date, Spend] = field(default_factory=dict)
    seal_log: dict[str, int] = field(default_factory=lambda: {"last_seal": 0})

    def copy(self) -> "_Tables":
        # Values never change, so copies of the tables are enough.
        return _Tables(*(dict(getattr(self, one.name)) for one in fields(self)))


class FakeState:
    """Implements `StateStore`: a transaction works on a copy, which replaces the tables when it ends well."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or FakeClock()
        self._tables = _Tables()
        self._writers = RLock()
        self._is_writing = False

    @contextmanager
    def reading(self) -> Iterator["FakeReader"]:
        yield FakeReader(self._tables.copy(), self._clock)

    @contextmanager
    def writing(self) -> Iterator["FakeWriter"]:
        with self._writers:
            assert not self._is_writing, "a writing transaction inside another one waits for itself"
            self._is_writing = True
            try:
                tables = self._tables.copy()
                yield FakeWriter(tables, self._clock)
                self._tables = tables
            finally:
                self._is_writing = False

    def close(self) -> None:
        """Nothing is open."""


class FakeReader:
    def __init__(self, tables: _Tables, clock: Clock) -> None:
        self._tables, self._clock = tables, clock

    def accounts(self, shard: int | None = None) -> list[Account]:
        found = [one for one in self._tables.accounts.values() if shard in (None, one.shard)]
        return sorted(found, key=lambda one: (one.username.lower(), one.account_id))

    def coverage(self, shard: int | None = None) -> dict[AccountId, Coverage]:
        return self.coverage_of([one.account_id for one in self.accounts(shard)])

    def coverage_of(self, account_ids: Sequence[AccountId]) -> dict[AccountId, Coverage]:
        held = self._tables.coverage
        return {one: held[one] for one in sorted(set(account_ids)) if one in held and held[one].rows}

    def cursors(self) -> dict[AccountId, Cursor]:
        return dict(sorted(self._tables.cursors.items()))

    def batch(self, batch_id: str) -> Batch | None:
        return self._tables.batches.get(batch_id)

    def batches(
        self, limit: int | None = None, *, shard: int | None = None, with_failures: bool = False
    ) -> list[Batch]:
        found = [one for one in reversed(self._by_creation()) if shard in {None, one.shard}]
        return [one for one in found if one.failures or not with_failures][:limit]

    def totals(self, since: datetime | None = None) -> Counts:
        each = [astuple(one.counts) for one in self._by_creation() if since is None or one.created_at >= since]
        return Counts(*(sum(column) for column in zip(*each, strict=True)))

    def batches_starting(self, start: datetime, shard: int) -> list[Batch]:
        found = [one for one in self._by_creation() if (one.window.start, one.shard) == (start, shard)]
        return sorted(found, key=lambda one: one.number)

    def open_batches(self) -> list[Batch]:
        return [one for one in self._by_creation() if one.is_open]

    def batch_planned_as(self, plan_id: str) -> Batch | None:
        return next((one for one in self._by_creation() if one.plan_id == plan_id), None)

    def spans(self, batch_id: str) -> list[Span]:
        return list(self._tables.spans.get(batch_id, ()))

    def reserved(self) -> dict[AccountId, list[IdRange]]:
        found: dict[AccountId, list[IdRange]] = {}
        every = [span for spans in self._tables.spans.values() for span in spans]
        for span in sorted(every, key=lambda one: (one.account_id, one.ids)):
            found.setdefault(span.account_id, []).append(span.ids)
        return found

    def newest_planned(self) -> TweetId | None:
        live = [one.through_id for one in self._by_creation() if one.kind is BatchKind.LIVE]
        return max(live, default=None)

    def backfills(self) -> list[IdRange]:
        found = [one for one in self._by_creation() if one.kind is BatchKind.BACKFILL]
        return sorted({IdRange(id_at(one.window.start), one.through_id) for one in found})

    def last_seal(self) -> int:
        return self._tables.seal_log["last_seal"]

    def rate_windows(self) -> list[RateWindow]:
        return [window for _, window in sorted(self._tables.rates.items())]

    def spend_since(self, day: date) -> dict[date, Spend]:
        return {on: spend for on, spend in sorted(self._tables.spend.items()) if on >= day}

    def leases(self) -> dict[str, Lease]:
        now = self._clock.now()
        return {one: lease for one, lease in sorted(self._tables.leases.items()) if lease.expires_at > now}

    def _by_creation(self) -> list[Batch]:
        return sorted(self._tables.batches.values(), key=lambda one: (one.created_at, one.batch_id))


class FakeWriter(FakeReader):
    def save_accounts(self, accounts: Iterable[Account]) -> None:
        for account in accounts:
            self._tables.accounts[account.account_id] = account
            self._rename_cursor(account)

    def open_batch(self, batch: Batch, spans: Sequence[Span]) -> None:
        _refuse(batch.batch_id in self._tables.batches, f"batch {batch.batch_id} is stored already")
        self.save_batch(batch)
        self._tables.spans[batch.batch_id] = list(spans)

    def save_batch(self, batch: Batch) -> None:
        others = [one for one in self._tables.batches.values() if one.batch_id != batch.batch_id]
        _refuse_twin(batch, others)
        self._tables.batches[batch.batch_id] = batch
        if not batch.is_open:
            self._tables.spans.pop(batch.batch_id, None)

    def note_seal(self, number: int) -> None:
        _refuse(number != self.last_seal() + 1, f"seal {number} does not follow seal {self.last_seal()}")
        self._tables.seal_log["last_seal"] = number

    def save_coverage(self, changed: Mapping[AccountId, tuple[Coverage, Coverage]]) -> None:
        for account_id, (before, after) in changed.items():
            self._refuse_stranger(account_id)
            _refuse(self._tables.coverage.get(account_id, Coverage()) != before, "before is not what is stored")
            self._tables.coverage[account_id] = after

    def save_cursors(self, cursors: Sequence[Cursor]) -> None:
        for cursor in cursors:
            self._refuse_stranger(cursor.account_id)
            old = self._tables.cursors.get(cursor.account_id, cursor)
            words = f"account {cursor.account_id}: cursor {old.since_id} cannot move back to {cursor.since_id}"
            _refuse(cursor.since_id < old.since_id, words)
            self._tables.cursors[cursor.account_id] = cursor

    def save_rate_windows(self, windows: Iterable[RateWindow]) -> None:
        self._tables.rates.update({(window.endpoint, window.credential): window for window in windows})

    def add_spend(self, day: date, change: Spend) -> None:
        after = self._tables.spend.get(day, Spend()).plus(change)
        _refuse(min(astuple(after)) < 0, f"{day}: more is given back than was reserved")
        self._tables.spend[day] = after

    def take_lease(self, batch_id: str, worker: str, term: timedelta) -> None:
        self._tables.leases[batch_id] = Lease(worker, self._clock.now() + term)

    def end_lease(self, batch_id: str) -> None:
        self._tables.leases.pop(batch_id, None)

    def _rename_cursor(self, account: Account) -> None:
        cursor = self._tables.cursors.get(account.account_id)
        if cursor is not None:
            self._tables.cursors[account.account_id] = replace(cursor, username=account.username)

    def _refuse_stranger(self, account_id: AccountId) -> None:
        _refuse(account_id not in self._tables.accounts, f"account {account_id} is not stored")


def _refuse_twin(batch: Batch, others: Collection[Batch]) -> None:
    same = [one for one in others if (one.window, one.shard) == (batch.window, batch.shard)]
    is_second = batch.is_open and any(one.is_open for one in same)
    _refuse(is_second, f"window and shard of {batch.batch_id} have an open batch")
    _refuse(any(one.number == batch.number for one in same), f"number {batch.number} is taken")
    _refuse(any(one.plan_id == batch.plan_id for one in others), f"plan {batch.plan_id} is taken")


def _refuse(is_wrong: bool, message: str) -> None:
    if is_wrong:
        raise StateConflict(message)
