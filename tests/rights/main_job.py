"""The main job, step by step, as the command line does it: what the collector's role has to suffice for."""

import csv
import io
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from collector_process import Collector, Ended
from roles import Role

from collector.core.errors import CollectorError
from collector.flow.store import put_once
from collector.sandbox import Sandbox

SLOW = timedelta(seconds=0.5)
SUMMARY = "summaries/dt=2026-11-24/live-20261124T080000Z-s00.csv"


def failure_of_main_job(role: Role, collector: Collector, sandbox: Sandbox) -> Ended | None:
    """Do the main job; return the command that did not end well, if one did not."""
    return next((ended for ended in main_job(role, collector, sandbox) if ended.code), None)


def tweet_ids(sandbox: Sandbox) -> list[int]:
    """Return the ids of all tweets there are on X."""
    source = sandbox.api.source
    return sorted(tweet_id for account_id in source.users for tweet_id in source.ids(account_id))


def collected_ids(role: Role) -> list[int]:
    """Return the ids in all CSV objects."""
    objects = role.objects()
    texts = [objects.read(key).decode() for key in objects.keys("tweets/")]
    return sorted(int(row["tweet_id"]) for text in texts for row in csv.DictReader(io.StringIO(text, newline="")))


def main_job(role: Role, collector: Collector, sandbox: Sandbox) -> Iterator[Ended]:
    """Yield the commands as they end: batches, the audit, a backfill, a batch left when sealed, one that is killed."""
    yield collector("accounts", "add", *(account.username for account in sandbox.users.values()))
    yield collector("collect")
    yield collector("verify")
    yield daily_summary(role)
    yield collector("backfill", "--from", _hours_ago(9), "--to", _hours_ago(1))
    _post(sandbox)
    planned = collector("plan")
    yield planned
    yield collector("fetch", planned.stdout.strip())
    yield collector("collect")
    _post(sandbox)
    yield _killed_in_fetch(collector, sandbox)
    yield collector("collect")
    yield collector("rebuild", COLLECTOR_STATE_URL=f"sqlite:///{collector.folder / 'rebuilt.db'}")
    yield collector("verify")


def daily_summary(role: Role) -> Ended:
    """Ask of the store what `dags/daily_summary.py` asks; twice, as its task may be tried again."""
    objects, words = role.objects(), ("daily_summary",)
    try:
        body = b"".join(objects.read(key) for key in objects.keys("tweets/"))
        put_once(objects, SUMMARY, body)
        put_once(objects, SUMMARY, body)
    except CollectorError as error:
        return Ended(words, 1, "", f"{error} ({error.hint})")
    return Ended(words, 0, "", "")


def _killed_in_fetch(collector: Collector, sandbox: Sandbox) -> Ended:
    """Kill a batch while it waits for X; that it was killed counts as a good end."""
    sandbox.api.latency = SLOW
    with collector.start("collect") as running:
        while "batch.planned" not in running.stderr and running.is_running():
            time.sleep(0.002)
        ended = running.kill()
    assert ended.code == -signal.SIGKILL
    sandbox.api.latency = timedelta(0)
    return Ended(ended.words, 0, ended.stdout, ended.stderr)


def _post(sandbox: Sandbox) -> None:
    """Post what the next batch finds: a window ends with a whole second."""
    for account_id in sandbox.users:
        sandbox.world.post(account_id, "the same view, later")
    time.sleep(1 - time.time() % 1)


def _hours_ago(hours: float) -> str:
    return f"{datetime.now(UTC) - timedelta(hours=hours):%FT%TZ}"
