"""A batch that finds nothing new for 1,000 accounts: requests, objects, and the time the state takes."""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from served import account_ids, served

from collector.adapters.isal_gzip import IsalGzip
from collector.adapters.local_files import FolderObjects
from collector.adapters.scratch_file import ScratchFile
from collector.adapters.sql_state import SqlState
from collector.adapters.system_clock import SystemClock
from collector.adapters.system_worker import SystemWorker
from collector.adapters.x_api import XApi, XCredentials
from collector.adapters.x_posts import XPosts
from collector.flow.collect import Ports
from collector.flow.follow import Following, follow
from collector.flow.policy import Policy, Press
from collector.flow.rounds import collect_round

ACCOUNTS = 1000
MOST_STATE_SECONDS = 1.0


class Timed:
    """A state store that adds up the time spent inside it."""

    def __init__(self, state: SqlState) -> None:
        self._state = state
        self.seconds = 0.0

    @contextmanager
    def reading(self) -> Iterator:
        begun = time.perf_counter()
        with self._state.reading() as tx:
            yield tx
        self.seconds += time.perf_counter() - begun

    @contextmanager
    def writing(self) -> Iterator:
        begun = time.perf_counter()
        with self._state.writing() as tx:
            yield tx
        self.seconds += time.perf_counter() - begun


def main() -> int:
    """Print one line; return 1 when a request, an object or the time is over its budget."""
    options = ("--accounts", str(ACCOUNTS), "--tweets", "3", "--no-s3")
    with served(*options) as environment, tempfile.TemporaryDirectory() as folder:
        ports, state = _ports(environment, Path(folder))
        first = _round(ports)
        state.seconds = 0.0
        time.sleep(2)
        batch = _round(ports)
    print(
        f"  {ACCOUNTS} accounts, {first.counts.rows} tweets before: {batch.counts.requests} requests, "
        f"{batch.counts.objects} CSV objects, {batch.counts.rows} rows; the state took {state.seconds:.2f} s "
        f"(at most {MOST_STATE_SECONDS})"
    )
    counts = batch.counts
    return 0 if (counts.requests, counts.objects) == (ACCOUNTS, 0) and state.seconds < MOST_STATE_SECONDS else 1


def _ports(environment: dict[str, str], folder: Path) -> tuple[Ports, Timed]:
    clock = SystemClock()
    state = Timed(SqlState(f"sqlite:///{folder}/state.db", clock))
    source = XApi(
        XCredentials(bearer_token=environment["COLLECTOR_X_BEARER_TOKEN"]),
        clock=clock,
        base_url=environment["COLLECTOR_X_BASE_URL"],
    )
    follow(account_ids(environment), Following(timedelta(days=4)), state=state, source=source, clock=clock)
    press = Press(XPosts(), IsalGzip(), ScratchFile)
    objects = FolderObjects(folder / "output")
    return Ports(state, source, objects, press, clock, Policy(settle=timedelta(seconds=1)), SystemWorker()), state


def _round(ports: Ports):
    return collect_round(None, 1, ports)[0]


if __name__ == "__main__":
    sys.exit(main())
