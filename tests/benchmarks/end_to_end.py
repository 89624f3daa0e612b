"""From X to S3 against the usual way: tweepy's Paginator, a list of dicts, a DataFrame, to_csv, one put."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from served import account_ids, plain, served

ACCOUNTS = 200
LATENCY, LEAST_WITH_LATENCY, TWEETS_WITH_LATENCY = 0.1, 6.0, 500
LEAST_WITHOUT, TWEETS_WITHOUT = 2.0, 1500


def main() -> int:
    """Print one line for each latency; return 1 when the collector is not fast enough."""
    slow = _measure(LATENCY, TWEETS_WITH_LATENCY, LEAST_WITH_LATENCY)
    fast = _measure(0.0, TWEETS_WITHOUT, LEAST_WITHOUT)
    return 0 if slow and fast else 1


def _measure(latency: float, tweets: int, least: float) -> bool:
    options = ("--accounts", str(ACCOUNTS), "--tweets", str(tweets), "--latency", str(latency))
    with served(*options) as environment, tempfile.TemporaryDirectory() as folder:
        ids = account_ids(environment)
        own = plain() | environment | {"COLLECTOR_STATE_URL": f"sqlite:///{folder}/state.db"}
        theirs, their_rows = _timed([str(Path(__file__).parent / "tutorial.py"), *ids], plain() | environment)
        own |= {"COLLECTOR_SETTLE_SECONDS": "1", "COLLECTOR_INITIAL_LOOKBACK": "4d"}
        _timed(["-m", "collector", "accounts", "add", *ids], own)
        ours, batch = _timed(["-m", "collector", "collect", "--json"], own)
    our_rows = json.loads(batch)["rows"]
    ratio = theirs / ours
    print(
        f"  {latency * 1000:3.0f} ms latency, {ACCOUNTS} accounts: usual way {theirs:5.1f} s, {int(their_rows)} rows; "
        f"collector {ours:4.1f} s, {our_rows} rows: {ratio:.1f} times as fast (at least {least})",
        flush=True,
    )
    return ratio >= least and our_rows == int(their_rows)


def _timed(words: list[str], environment: dict[str, str]) -> tuple[float, str]:
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, *words], env=environment, check=True, capture_output=True, text=True)
    return time.perf_counter() - begun, done.stdout


if __name__ == "__main__":
    sys.exit(main())
