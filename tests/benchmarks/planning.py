"""Planning plus committing 100,000 accounts, each with one new range, on SQLite."""

import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from collector.adapters.isal_gzip import IsalGzip
from collector.adapters.local_files import FolderObjects
from collector.adapters.scratch_file import ScratchFile
from collector.adapters.sql_state import SqlState
from collector.adapters.system_worker import SystemWorker
from collector.adapters.x_posts import XPosts
from collector.cli import keep_memory_small
from collector.core.accounts import Account, AccountStatus
from collector.core.batches import BatchKind, Window
from collector.core.coverage import Covered, Evidence
from collector.core.documents import Manifest, SealedAccount
from collector.core.ids import AccountId, TweetId, id_at
from collector.flow.commit import commit
from collector.flow.plan import PlanRequest, plan
from collector.flow.policy import Policy, Press

ACCOUNTS = 100_000
MOST_SECONDS = 5.0
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Clock:
    """A clock that stands where it is put."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


def main() -> int:
    """Print one line for the first batch and one for the second; return 1 when one takes too long."""
    keep_memory_small()  # as the command line does
    with tempfile.TemporaryDirectory() as name:
        clock = Clock(NOON)
        state = SqlState(f"sqlite:///{name}/state.db", clock)
        _follow(state)
        seconds = [_round(state, clock, Path(name), number) for number in (1, 2)]
    return 0 if max(seconds) < MOST_SECONDS else 1


def _follow(state: SqlState) -> None:
    baseline = id_at(NOON - timedelta(days=7))
    with state.writing() as tx:
        tx.save_accounts(
            Account(AccountId(10**18 + at), f"account_{at}", AccountStatus.ACTIVE, NOON, baseline, 0, NOON)
            for at in range(ACCOUNTS)
        )


def _round(state: SqlState, clock: Clock, folder: Path, number: int) -> float:
    clock.at += timedelta(minutes=15)
    begun = time.perf_counter()
    batch = plan(
        PlanRequest(BatchKind.LIVE, Window(clock.at - timedelta(minutes=15), clock.at)),
        state=state,
        objects=FolderObjects(folder / "output"),
        press=Press(XPosts(), IsalGzip(), ScratchFile),
        clock=clock,
        policy=Policy(),
        worker=SystemWorker(),
    )
    planned = time.perf_counter() - begun
    with state.reading() as tx:
        spans = tx.spans(batch.batch_id)
    accounts = tuple(SealedAccount(one.account_id, "account", TweetId(0)) for one in spans)
    ranges = tuple((one.account_id, Covered(one.ids, Evidence.PROVEN, 3)) for one in spans)
    with state.writing() as tx:
        tx.note_seal(number)
    begun = time.perf_counter()
    commit(Manifest(number, batch, accounts, (), ranges), state=state, clock=clock)
    committed = time.perf_counter() - begun
    print(
        f"  batch {number}: {len(spans):,} spans, plan {planned:.1f} s + commit {committed:.1f} s "
        f"= {planned + committed:.1f} s (at most {MOST_SECONDS})"
    )
    return planned + committed


if __name__ == "__main__":
    sys.exit(main())
