"""Commands that overlap: a backfill that is at work is left to work, one that was killed is finished at once."""

import time
from datetime import timedelta

import pytest
from truth import assert_each_once, followed_by, rows_in

EVERYTHING = ("backfill", "--from", "2020-01-01", "--to", "2100-01-01")


@pytest.fixture
def sandbox(open_sandbox):
    return open_sandbox(accounts=3, tweets=150, history=timedelta(hours=30))


@pytest.fixture
def begun(following, sandbox):
    """A collector that holds the newest hour, with a backfill of the rest that has asked for its first pages."""
    following.environment["COLLECTOR_INITIAL_LOOKBACK"] = "1h"
    following.done("collect")
    sandbox.api.latency = timedelta(seconds=1)
    asked = len(sandbox.requests)
    with following.start(*EVERYTHING) as backfill:
        while len(sandbox.requests) == asked and backfill.is_running():
            time.sleep(0.01)
        yield backfill


def events_named(ended, name):
    return [event for event in ended.events if event["event"] == name]


def assert_whole(collector, sandbox):
    since_ids = {account_id: (0, since_id) for account_id, (_, since_id) in followed_by(collector).items()}
    assert_each_once(rows_in(collector.output), sandbox, since_ids)
    assert collector.done("verify", "--json").document["ok"]


def test_a_backfill_at_work_is_left_open_and_both_end_well(following, sandbox, begun):
    ended = following.done("collect")
    (left,) = events_named(ended, "batch.left_open")
    assert left["batch_id"].startswith("backfill-")
    assert left["worker"].endswith(f":{begun.pid}")
    sandbox.api.latency = timedelta(0)
    assert begun.wait().code == 0
    assert "batch.lost" not in begun.stderr
    assert "interrupted" not in {one["reason"] for one in following.done("gaps", "--json").document}
    following.done(*EVERYTHING)
    assert_whole(following, sandbox)


def test_a_backfill_that_was_killed_is_finished_at_once(following, sandbox, begun):  # F24
    sandbox.api.latency = timedelta(0)
    assert begun.kill().code == -9
    ended = following.done("collect")
    assert events_named(ended, "batch.left_open") == []
    assert {one["status"] for one in following.done("batches", "--json").document} == {"committed"}
    following.done(*EVERYTHING)
    assert_whole(following, sandbox)
