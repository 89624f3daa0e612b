"""plan, fetch, publish and commit one by one are collect; and wherever they stop, collect goes on."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from truth import assert_each_once, followed_by, rows_in

STEPS = ("fetch", "publish", "commit")
BATCH_ID = re.compile(r"(live|backfill)-\d{8}T\d{6}Z-s00(\.\d+)?")


@pytest.fixture
def sandbox(open_sandbox):
    return open_sandbox(live_per_hour=3600)


def window(*, start, end):
    """Return the options of a window so many hours ago."""
    now = datetime.now(UTC).replace(microsecond=0)
    times = (now - timedelta(hours=start), now - timedelta(hours=end))
    return ("--window-start", f"{times[0]:%FT%TZ}", "--window-end", f"{times[1]:%FT%TZ}")


def planned(collector, *words):
    ended = collector.done("plan", *words)
    return ended.stdout.strip()


def assert_complete(collector, sandbox):
    assert collector.done("gaps", "--json").document == []
    assert collector.done("verify", "--json").document["ok"]
    assert_each_once(rows_in(collector.output), sandbox, followed_by(collector))


def test_the_four_steps_are_collect(collectors, sandbox):
    one_by_one, at_once = collectors(sandbox, "steps"), collectors(sandbox, "collect")
    options = window(start=2, end=1)
    for collector in (one_by_one, at_once):
        collector.done("accounts", "add", *(account.username for account in sandbox.users.values()))
    batch_id = planned(one_by_one, *options)
    assert BATCH_ID.fullmatch(batch_id)
    said = [one_by_one.done(step, batch_id).stdout for step in STEPS]
    collected = at_once.done("collect", *options, "--json").document
    assert collected["batch_id"] == batch_id
    assert said[0] == "seal 1: 1 raw parts, 0 failures\n"
    assert said[1] == f"{collected['objects']} objects, {collected['rows']} rows\n"
    assert said[2].startswith(f"{batch_id}  committed ")
    batches = [one.done("batches", "--json").document[0] for one in (one_by_one, at_once)]
    assert {name for name in batches[0] if batches[0][name] != batches[1][name]} <= {"committed_at"}
    assert_complete(one_by_one, sandbox)


# F43
def test_planning_a_window_again_is_the_same_batch(following):
    options = window(start=2, end=1)
    batch_id = planned(following, *options)
    assert planned(following, *options) == batch_id
    for step in STEPS:
        following.done(step, batch_id)
    assert planned(following, *options) == batch_id


# F45
def test_a_step_done_again_does_nothing(following, sandbox):
    batch_id = planned(following, *window(start=2, end=1))
    for step in STEPS:
        first = following.done(step, batch_id).stdout
        asked, files = len(sandbox.requests), sorted(following.output.rglob("*"))
        assert following.done(step, batch_id).stdout == first
        assert (len(sandbox.requests), sorted(following.output.rglob("*"))) == (asked, files)


def test_steps_out_of_order_say_which_comes_first(following):
    batch_id = planned(following, *window(start=2, end=1))
    for step, missing in (("publish", "fetch"), ("commit", "publish")):
        ended = following(step, batch_id)
        assert ended.code == 1
        assert f"collector {missing} {batch_id}" in ended.complaint


# F24
@pytest.mark.parametrize("steps", [(), ("fetch",), ("fetch", "publish"), STEPS])
def test_a_batch_left_after_any_step_is_finished_by_collect(steps, following, sandbox):
    batch_id = planned(following, *window(start=2, end=1))
    for step in steps:
        following.done(step, batch_id)
    following.done("collect")
    assert {batch["status"] for batch in following.done("batches", "--json").document} == {"committed"}
    assert_complete(following, sandbox)


# F24
def test_the_same_window_goes_on_where_it_was_left(following, sandbox):
    options = window(start=2, end=0.01)
    batch_id = planned(following, *options)
    following.done("fetch", batch_id)
    asked = len(sandbox.requests)
    assert following.done("collect", *options, "--json").document["batch_id"] == batch_id
    assert len(sandbox.requests) == asked


# F44
def test_a_backfill_overlapping_live_asks_only_for_what_is_missing(following, sandbox):
    following.done("collect", *window(start=2, end=1))
    now = datetime.now(UTC)
    ended = following.done(
        "backfill", "--from", f"{now - timedelta(days=9):%F}", "--to", f"{now + timedelta(days=1):%F}", "--json"
    )
    assert ended.document["rows"] < 60
    assert_each_once(rows_in(following.output), sandbox, followed_by(following))
    following.done("collect")
    assert_complete(following, sandbox)


# F27
def test_two_collectors_at_once_collect_each_tweet_once(following, sandbox):
    sandbox.api.latency = timedelta(seconds=0.05)
    running = [following.start("collect") for _ in range(3)]
    assert [one.wait().code for one in running].count(0) >= 1
    sandbox.api.latency = timedelta(0)
    following.done("collect")
    assert_complete(following, sandbox)
