"""A backlog of a million tweets: peak memory, and time per tweet against a quarter of it."""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

from served import account_ids, plain, served

ACCOUNTS = 400
TWEETS = 2500
MOST_MEGABYTES = 300
MOST_GROWTH = 1.2


@dataclass(frozen=True, slots=True)
class Run:
    """One batch: its rows, seconds, and the peak memory of its process."""

    rows: int
    seconds: float
    megabytes: float


def main() -> int:
    """Print one line for each size; return 1 when memory or time per tweet is over its budget."""
    quarter, whole = _measure(ACCOUNTS // 4), _measure(ACCOUNTS)
    growth = (whole.seconds / whole.rows) / (quarter.seconds / quarter.rows)
    print(f"  time per tweet: {growth:.2f} times that of a quarter (at most {MOST_GROWTH})")
    return (
        0 if whole.megabytes < MOST_MEGABYTES and growth < MOST_GROWTH and whole.rows > 0.999 * ACCOUNTS * TWEETS else 1
    )


def _measure(accounts: int) -> Run:
    options = ("--accounts", str(accounts), "--tweets", str(TWEETS), "--no-s3")
    with served(*options) as environment, tempfile.TemporaryDirectory() as folder:
        own = plain() | environment
        own |= {
            "COLLECTOR_STATE_URL": f"sqlite:///{folder}/state.db",
            "COLLECTOR_OUTPUT": f"file://{folder}/output",
            "COLLECTOR_SETTLE_SECONDS": "1",
            "COLLECTOR_INITIAL_LOOKBACK": "4d",
        }
        ids = account_ids(environment)
        subprocess.run([sys.executable, "-m", "collector", "accounts", "add", *ids], env=own, check=True, stdout=-3)
        run = _collect(own)
    print(
        f"  {run.rows:9,} tweets: {run.seconds:5.1f} s, peak memory {run.megabytes:.0f} MB (at most {MOST_MEGABYTES})"
    )
    return run


def _collect(environment: dict[str, str]) -> Run:
    begun = time.perf_counter()
    command = [sys.executable, "-m", "collector", "collect", "--json"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    document = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Run(json.loads(document)["rows"], time.perf_counter() - begun, usage.ru_maxrss / 1024)


if __name__ == "__main__":
    sys.exit(main())
