"""How long the operator's page takes with 5,000 accounts, 1,000 batches and 20 gaps of every tenth account."""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from collection import Collection, failure  # noqa: E402

from collector.adapters.sql_state import SqlState  # noqa: E402
from collector.adapters.system_clock import SystemClock  # noqa: E402
from collector.core.money import NO_BUDGET  # noqa: E402
from collector.flow.overview import overview, snapshot  # noqa: E402
from collector.ui.query import query_of  # noqa: E402
from collector.ui.rendering import Rendering  # noqa: E402

ACCOUNTS, BATCHES, GAPS = 5000, 1000, 20
MOST_SECONDS = 1.0
ROUNDS = 7


def main() -> int:
    """Print one line; return 1 when a page takes too long."""
    with tempfile.TemporaryDirectory() as folder:
        state = SqlState(f"sqlite:///{folder}/state.db", SystemClock())
        _fill(Collection(state, datetime.now(UTC)))
        reading, seen = _timed(lambda: snapshot(state=state, clock=SystemClock()))
        query = query_of({"sort": "gaps"})
        rendering, html = _timed(
            lambda: Rendering(timedelta(seconds=15)).told("page.html", query, overview(query.choice, seen, NO_BUDGET))
        )
        state.close()
    print(
        f"  {ACCOUNTS:,} accounts, {BATCHES:,} batches, {seen.status.gaps:,} gaps: read {reading:.2f} s, "
        f"rendered {rendering:.2f} s, {len(html) / 1000:,.0f} kB (at most {MOST_SECONDS} s)"
    )
    return 0 if reading + rendering < MOST_SECONDS else 1


def _timed(work: Callable):
    """Return the median time of some rounds, and what the last one gave."""
    laps = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        result = work()
        laps.append(time.perf_counter() - begun)
    return statistics.median(laps), result


def _fill(collection: Collection) -> None:
    spread = [(60 - 2.5 * number, 59 - 2.5 * number) for number in range(GAPS)]
    with collection.at_once():
        followed = [
            collection.follow(f"user{number:05}", 10**9 + 7919 * number, since=72, gaps=[] if number % 10 else spread)
            for number in range(ACCOUNTS)
        ]
        for number in range(BATCHES, 0, -1):
            some = [failure(one, "outage", "503, five attempts") for one in followed[number % 10 :: 500]]
            failures = [*some, failure(None, "rate_limited", "the window is used up")] if number % 2 else []
            collection.collect(number * 0.25, failures=failures, tweets_read=40, rows=40, objects=1, requests=ACCOUNTS)


if __name__ == "__main__":
    sys.exit(main())
