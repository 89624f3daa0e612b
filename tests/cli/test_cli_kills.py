"""SIGKILL at any moment, again and again: afterwards every tweet is there exactly once."""

import random
import time
from datetime import UTC, datetime, timedelta

import pytest
from truth import assert_each_once, followed_by, rows_in, rows_of

from collector.sandbox.faults import Fault

KILLS = 15
MILESTONES = ("", "batch.planned", "batch.sealed", "batch.fetched", "batch.published")
"""A kill comes up to `LATER` seconds after one of these was logged, so that no step is left out by chance."""
LATER = 0.06
PATIENCE = 2.0
FAULTS = ("empty-page", "short-page", "repeated-token", "expired-token", "with-errors", "out-of-range")
EVERYTHING = ("backfill", "--from", "2020-01-01", "--to", "2100-01-01")


@pytest.fixture
def sandbox(open_sandbox):
    history = timedelta(hours=40)
    return open_sandbox(accounts=4, tweets=300, history=history, live_per_hour=3600, latency=timedelta(seconds=0.01))


def commands(chance):
    """Return a command for each kill: live batches, and backfills of the hours before, all with much to publish."""
    now = datetime.now(UTC)
    slices = [
        (now - timedelta(hours=4 * place + 4), now - timedelta(hours=4 * place)) for place in range(KILLS * 2 // 3)
    ]
    found = [("backfill", "--from", f"{start:%FT%TZ}", "--to", f"{end:%FT%TZ}") for start, end in slices]
    found += [("collect",), ("collect",), ("collect",), ("plan",), ("verify",)]
    chance.shuffle(found)
    return found


def kill_again_and_again(collector, sandbox, seed):
    """Start commands and kill each somewhere; return how many were killed before they had ended."""
    chance = random.Random(seed)  # noqa: S311  the same moments every time
    killed = 0
    for turn, words in enumerate(commands(chance)):
        sandbox.faults.clear()
        sandbox.faults.add(*(Fault(chance.choice(FAULTS), r"/tweets$", after=chance.randrange(9)) for _ in range(2)))
        with collector.start(*words) as running:
            wait_for(MILESTONES[turn % len(MILESTONES)], running)
            time.sleep(LATER * chance.random())
            killed += running.kill().code < 0
    sandbox.faults.clear()
    return killed


def wait_for(milestone, running):
    until = time.monotonic() + PATIENCE
    while milestone not in running.stderr and running.is_running() and time.monotonic() < until:
        time.sleep(0.002)


def finish(collector):
    """Let two commands run to their end: a backfill that was killed left a gap below, too."""
    collector.done("collect")
    collector.done(*EVERYTHING)


def assert_whole(collector, sandbox, rows):
    since_ids = {account_id: (0, since_id) for account_id, (_, since_id) in followed_by(collector).items()}
    assert {row["gaps"] for row in collector.done("cursors", "--json").document} == {0}
    assert_each_once(rows(), sandbox, since_ids)
    assert collector.done("verify", "--json").document["ok"]


# F24 F26 F45
@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_any_moment_it_ends_with_every_tweet_once(seed, following, sandbox):
    following.environment["COLLECTOR_INITIAL_LOOKBACK"] = "1h"
    assert kill_again_and_again(following, sandbox, seed) >= KILLS // 3
    finish(following)
    assert_whole(following, sandbox, lambda: rows_in(following.output))


# F24 F34 F36
def test_killed_while_it_writes_to_s3_it_ends_with_every_tweet_once(following, sandbox, s3_bucket):
    following.environment |= {
        "COLLECTOR_OUTPUT": f"s3://{s3_bucket.name}/some/prefix",
        "AWS_ENDPOINT_URL_S3": s3_bucket.url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    assert kill_again_and_again(following, sandbox, seed=3) >= KILLS // 3
    finish(following)
    objects = s3_bucket.objects("some/prefix")
    assert_whole(
        following, sandbox, lambda: [row for key in objects.keys("tweets/") for row in rows_of(objects.read(key))]
    )


# F24
def test_killed_between_two_pages_it_loses_nothing(following, sandbox):
    sandbox.api.latency = timedelta(seconds=0.2)
    asked = len(sandbox.requests)
    with following.start("collect") as running:
        while len(sandbox.requests) < asked + 6 and running.is_running():
            time.sleep(0.01)
        assert running.kill().code == -9
    sandbox.api.latency = timedelta(0)
    finish(following)
    assert_whole(following, sandbox, lambda: rows_in(following.output))
