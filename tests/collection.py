"""A collection as values, written straight into a state: accounts with gaps, batches with failures."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta

from fakes.clock import NOON
from state_values import account, batch, cursor

from collector.core.accounts import Account, AccountStatus
from collector.core.batches import Batch, BatchKind, BatchStatus, Counts, Failure, Window
from collector.core.coverage import Coverage, Covered, Evidence
from collector.core.ids import AccountId, end_of, id_at
from collector.core.money import Spend
from collector.core.ports import StateStore, StateWriter
from collector.core.ranges import IdRange, Ranges

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def ids(start: datetime, end: datetime) -> IdRange:
    return IdRange(id_at(start), id_at(end))


class Collection:
    """Fills a state; moments are counted in hours before `now`."""

    def __init__(self, state: StateStore, now: datetime = NOON) -> None:
        self.state = state
        self.now = now
        self._batches = 0
        self._open = None

    def ago(self, hours: float) -> datetime:
        return self.now - hours * HOUR

    def follow(
        self, username: str, account_id: int, *, status="active", since=24.0, gaps=(), unproven=(), until=1 / 60
    ) -> Account:
        """Follow an account `since` so many hours, complete until `until`, but for gaps (from, to) hours ago."""
        made = account(
            account_id, username=username, status=AccountStatus(status), baseline=id_at(self.ago(since)), shard=0
        )
        held = self._coverage(since, until, gaps, unproven)
        with self._writing() as tx:
            tx.save_accounts([made])
            tx.save_coverage({AccountId(account_id): (Coverage(), held)} if held.rows else {})
            since_id = held.cursor(made.baseline)
            if since_id > made.baseline:
                moved = cursor(account_id, since_id, username=username, since_at=end_of(since_id))
                tx.save_cursors([moved])
        return made

    def collect(
        self, hours: float = 0.0, *, kind="live", of: timedelta = 5 * MINUTE, status="committed", failures=(), **counts
    ) -> Batch:
        """Store a batch whose window ended so many hours ago."""
        self._batches += 1
        end = self.ago(hours).replace(microsecond=0)
        window = Window(end - of, end)
        made = batch(
            1,
            kind=BatchKind(kind),
            window=window,
            through_id=id_at(window.end - MINUTE),
            created_at=end + timedelta(seconds=1),
            status=BatchStatus(status),
            counts=Counts(**counts),
            failures=tuple(failures),
        )
        if status == "committed":
            made = replace(made, committed_at=made.created_at + timedelta(seconds=3 + self._batches % 9))
        with self._writing() as tx:
            tx.save_batch(made)
        return made

    def spend(self, hours: float, tweets: int, *, reserved: int = 0, users: int = 0) -> None:
        """Count tweets and users as spent on the UTC day so many hours ago."""
        with self._writing() as tx:
            tx.add_spend(self.ago(hours).date(), Spend(reserved, tweets, 0, users))

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Write all that the block makes in one transaction."""
        with self.state.writing() as self._open:
            yield
        self._open = None

    def _writing(self) -> AbstractContextManager[StateWriter]:
        return self.state.writing() if self._open is None else nullcontext(self._open)

    def _coverage(self, since, until, gaps, unproven) -> Coverage:
        wanted = [] if until >= since else [ids(self.ago(since), self.ago(until))]
        holes = [ids(self.ago(start), self.ago(end)) for start, end in gaps]
        unsure = [ids(self.ago(start), self.ago(end)) for start, end in unproven]
        proven = Ranges.of(wanted).minus([*holes, *unsure])
        return Coverage().add(
            [
                *(Covered(one, Evidence.PROVEN, 5) for one in proven),
                *(Covered(one, Evidence.UNPROVEN, 1) for one in unsure),
            ]
        )


def failure(made: Account | None, reason: str, message: str) -> Failure:
    if made is None:
        return Failure(None, "", reason, message)
    return Failure(made.account_id, made.username, reason, message)
