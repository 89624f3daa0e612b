"""How long the state takes to plan and commit 100,000 accounts: `python tests/benchmarks/state_scale.py [accounts]`."""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from postgres import running_postgres  # noqa: E402

from collector.adapters.sql_state import SqlState  # noqa: E402
from collector.core.accounts import Account, AccountStatus, Cursor, shard_of  # noqa: E402
from collector.core.batches import Batch, BatchKind, BatchStatus, Span, Window  # noqa: E402
from collector.core.coverage import Coverage, Covered, Evidence  # noqa: E402
from collector.core.ids import AccountId, TweetId, id_at  # noqa: E402
from collector.core.ranges import IdRange  # noqa: E402

NOW = datetime(2026, 11, 22, 6, 15, tzinfo=UTC)
OLD, NEW = id_at(NOW - timedelta(minutes=5)), id_at(NOW)
WINDOW = Window(NOW - timedelta(minutes=5), NOW)
NAME = "live-20261122T061000Z-s00"
BATCH = Batch(NAME, BatchKind.LIVE, WINDOW, 0, 1, "plan", NEW, NOW)


class FixedClock:
    def now(self) -> datetime:
        return NOW


class Stopwatch:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}

    @contextmanager
    def lap(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.laps[name] = time.perf_counter() - start


def accounts(number: int) -> list[Account]:
    ids = [AccountId(10**18 + at * 7919) for at in range(number)]
    return [
        Account(one, f"user{one % 10**9}", AccountStatus.ACTIVE, NOW, TweetId(OLD - 10**15), 0 * shard_of(one, 1), NOW)
        for one in ids
    ]


def fill(state: SqlState, number: int) -> None:
    everyone = accounts(number)
    held = {
        one.account_id: (Coverage(), Coverage((Covered(IdRange(one.baseline, OLD), Evidence.PROVEN, 3),)))
        for one in everyone
    }
    with state.writing() as writer:
        writer.save_accounts(everyone)
        writer.save_coverage(held)
        writer.save_cursors([cursor(one.account_id, one.username, OLD) for one in everyone])


def cursor(account_id: AccountId, username: str, since: TweetId) -> Cursor:
    return Cursor(account_id, username, since, NOW, NAME, NOW)


def plan(state: SqlState, watch: Stopwatch) -> None:
    with watch.lap("plan: transaction"), state.writing() as writer:
        with watch.lap("accounts"):
            everyone = writer.accounts(0)
        with watch.lap("coverage"):
            writer.coverage(0)
        with watch.lap("reserved"):
            writer.reserved()
        spans = [Span(one.account_id, IdRange(OLD, NEW)) for one in everyone]
        with watch.lap("open_batch"):
            writer.open_batch(BATCH, spans)


def commit(state: SqlState, watch: Stopwatch) -> None:
    with watch.lap("commit: transaction"), state.writing() as writer:
        with watch.lap("spans"):
            spans = writer.spans(NAME)
        with watch.lap("coverage_of"):
            held = writer.coverage_of([span.account_id for span in spans])
        grown = {span.account_id: grow(held[span.account_id]) for span in spans}
        with watch.lap("save_coverage"):
            writer.save_coverage(grown)
        cursors = [cursor(span.account_id, f"user{span.account_id % 10**9}", NEW) for span in spans]
        with watch.lap("save_cursors"):
            writer.save_cursors(cursors)
        with watch.lap("save_batch"):
            writer.save_batch(replace(BATCH, status=BatchStatus.COMMITTED, committed_at=NOW))


def grow(held: Coverage) -> tuple[Coverage, Coverage]:
    row = held.rows[0]
    return held, Coverage((Covered(IdRange(row.ids.after, NEW), row.evidence, row.tweets + 2),))


def measure(name: str, url: str, number: int) -> None:
    state, watch = SqlState(url, FixedClock()), Stopwatch()
    with watch.lap("fill"):
        fill(state, number)
    plan(state, watch)
    commit(state, watch)
    state.close()
    parts = {lap: seconds for lap, seconds in watch.laps.items() if ":" not in lap and lap != "fill"}
    print(f"{name}, {number:,} accounts: {sum(parts.values()):.2f} s inside the state")
    print(*(f"  {lap:20} {seconds:6.3f} s" for lap, seconds in watch.laps.items()), sep="\n")


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        measure("SQLite", f"sqlite:///{folder}/state.db", number)
    with running_postgres() as server, server.database("migrated") as url:
        measure("Postgres", url, number)


if __name__ == "__main__":
    main()
