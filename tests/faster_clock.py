"""Runs the command line with botocore's clock of credentials going faster, so that hours of a role are seconds.

`FASTER_CLOCK=since,times` says since which moment (seconds of the epoch) and how many times as fast.
"""

import os
import time
from datetime import UTC, datetime

import botocore.credentials
import botocore.utils

SINCE, TIMES = map(float, os.environ.get("FASTER_CLOCK", f"{time.time()},600").split(","))


def fast_now() -> datetime:
    return datetime.fromtimestamp(SINCE + (time.time() - SINCE) * TIMES, UTC)


def seconds_remaining(credentials: botocore.credentials.RefreshableCredentials) -> float:
    return (credentials._expiry_time - fast_now()).total_seconds()


if __name__ == "__main__":
    botocore.credentials.RefreshableCredentials._seconds_remaining = seconds_remaining
    botocore.utils.get_current_datetime = lambda: fast_now().replace(tzinfo=None)
    from collector.cli import main

    main()
