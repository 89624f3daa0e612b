"""A real scheduler at work: windows, backfills, waiting, crashes, outages; each test in its own past."""

import csv
import io
import os
import re
import signal
from collections import Counter
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from airflow_stage import WINDOW, minutes_ago, rows_of, time_of

from collector.airflow.pool import MAKE
from collector.sandbox.faults import Fault

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("airflow")]

GREEN = dict.fromkeys(("accounts", "plan", "fetch", "publish", "commit", "check"), "success")
ASKED_FOR = GREEN | {"asked_for": "success"}
TIMELINES = r"/2/users/\d+/tweets"


@pytest.fixture(scope="module")
def window(stage):
    """The run of a scheduled window that has ended."""
    with stage.scheduled():
        return stage.wait(lambda: stage.runs("collect_tweets", "success", "failed", kind="scheduled"), "it ends")[-1]


def test_a_scheduled_window_turns_green_and_its_csv_is_on_s3(stage, window):
    run = window
    assert stage.states(run) == GREEN
    assert stage.tasks(run)["fetch"]["rendered_map_index"] == "shard 0"
    batch = stage.batch_of(run)
    assert batch["status"] == "committed"
    rows = [row for key, body in stage.objects().items() if batch["batch_id"] in key for row in rows_of(body)]
    assert len(rows) == batch["rows"] > 0


def test_a_committed_batch_tells_its_numbers(stage, window):
    run = window
    batch = stage.batch_of(run)
    told = {name: stage.xcom(run, "commit", name) for name in ("rows", "objects", "requests", "gaps", "dollars")}
    assert told["rows"] == batch["rows"] > 0
    assert told["objects"] == batch["objects"] > 0
    assert told["requests"] == batch["requests"] > 0
    assert told["dollars"] == pytest.approx(0.005 * batch["rows"])
    (event,) = (
        event
        for event in stage.airflow.get("assets/events?limit=100&order_by=timestamp")["asset_events"]
        if event["extra"]["batch_id"] == batch["batch_id"]
    )
    assert {name: event["extra"][name] for name in told} == told


def test_nothing_but_the_batch_id_travels_between_tasks(stage, window):
    path = f"dags/collect_tweets/dagRuns/{window['dag_run_id']}/taskInstances/~/xcomEntries?limit=100"
    returned = {one["task_id"] for one in stage.airflow.get(path)["xcom_entries"] if one["key"] == "return_value"}
    assert returned == {"plan"}


@pytest.fixture(scope="module")
def backfilled(stage):
    """Three past windows, filled by the real command: where they begin and end, and their runs."""
    start = minutes_ago(60)
    with stage.scheduled():
        stage.backfill(start, start + 2 * WINDOW, "--max-active-runs", "3", "--run-backwards")
        runs = stage.windows("collect_tweets", start, start + 2 * WINDOW)
    return start, start + 3 * WINDOW, runs


def test_a_backfill_fills_past_windows(stage, backfilled):
    start, end, runs = backfilled
    assert [stage.states(run) for run in runs] == [GREEN] * 3
    assert [run["run_type"] for run in runs] == ["backfill"] * 3
    assert stage.rows_between(start, end) == stage.truth(start, end)
    assert all(time_of(one["since_at"]) > end for one in stage.collector("cursors", "--json"))


# F43
def test_a_backfill_over_a_backfill_pays_for_what_is_new(stage, backfilled):
    start, end, _ = backfilled
    run = stage.trigger("backfill_tweets", start - WINDOW, end)
    assert stage.states(run) == ASKED_FOR
    new = len(stage.truth(start - WINDOW, start))
    assert stage.xcom(run, "commit", "rows") == new > 0
    assert stage.xcom(run, "commit", "dollars") == pytest.approx(0.005 * new)
    assert stage.rows_between(start - WINDOW, end) == stage.truth(start - WINDOW, end)


# F43 F45
def test_a_window_that_is_processed_again_gives_the_same_bytes_and_asks_x_nothing(stage, backfilled):
    start, end, runs = backfilled
    ours = [stage.batch_of(run)["batch_id"] for run in runs]
    before = {key: body for key, body in stage.objects().items() if any(one in key for one in ours)}
    asked = stage.asked(start, end)
    stage.remove(min(before))
    with stage.scheduled():
        stage.backfill(start, end - WINDOW, "--reprocess-behavior", "completed")
        again = stage.windows("collect_tweets", start, end - WINDOW, begun_after=runs[-1]["end_date"])
    assert [stage.states(run) for run in again] == [GREEN] * 3
    assert [run["dag_run_id"] for run in again] == [run["dag_run_id"] for run in runs]
    assert [stage.batch_of(run)["batch_id"] for run in again] == ours
    assert {key: body for key, body in stage.objects().items() if any(one in key for one in ours)} == before
    assert stage.asked(start, end) == asked


# F45 F7
def test_a_rate_limit_gives_the_slot_back_and_goes_on_at_the_next_page(stage):
    start, end = minutes_ago(110), minutes_ago(90)
    # A shorter wait is no reason to give the slot back.
    stage.sandbox.faults.add(Fault("429", path=TIMELINES, after=4, seconds=25))
    run = stage.trigger("backfill_tweets", start, end)
    assert stage.states(run) == ASKED_FOR
    fetch = stage.tasks(run)["fetch"]
    assert fetch["try_number"] == 1
    assert stage.log(run, "fetch").count("UP_FOR_RESCHEDULE") == 1
    assert max(Counter(stage.asked(start, end)).values()) == 1
    assert stage.rows_between(start, end) == stage.truth(start, end)


# F24 F46
def test_a_killed_fetch_is_finished_by_its_retry(stage):
    start, end = minutes_ago(44), minutes_ago(42)
    stage.sandbox.faults.add(Fault("latency", path=TIMELINES, times=12, seconds=1))
    run = stage.trigger("backfill_tweets", start, end, wait=False)
    stage.wait(lambda: stage.asked(start, end), "X is asked")
    os.kill(stage.task_process(run, "fetch"), signal.SIGKILL)
    run = stage.ended(run)
    stage.sandbox.faults.clear()
    assert stage.states(run) == ASKED_FOR
    assert stage.tasks(run)["fetch"]["try_number"] == 2
    assert stage.rows_between(start, end) == stage.truth(start, end)


# F44
def test_a_live_run_and_a_backfill_at_the_same_time_lose_and_repeat_nothing(stage):
    start, end = minutes_ago(40), minutes_ago(36)
    stage.sandbox.faults.add(Fault("latency", path=TIMELINES, times=None, seconds=0.3))
    done = len(stage.runs("collect_tweets", "success", kind="scheduled"))
    failed = stage.runs("collect_tweets", "failed")
    with stage.scheduled():
        run = stage.trigger("backfill_tweets", start, end)
        stage.wait(lambda: len(stage.runs("collect_tweets", "success", kind="scheduled")) > done, "a window ends")
    stage.sandbox.faults.clear()
    assert stage.states(run) == ASKED_FOR
    assert stage.rows_between(start, end) == stage.truth(start, end)
    assert stage.runs("collect_tweets", "failed") == failed


# F4
def test_an_outage_of_three_windows_is_told_and_made_up_for_by_the_next(stage):
    done = {run["dag_run_id"] for run in stage.runs("collect_tweets")}

    def ended(state):
        return [one for one in stage.runs("collect_tweets", state) if one["dag_run_id"] not in done]

    stage.sandbox.faults.add(Fault("503", path=TIMELINES, times=None))
    with stage.scheduled():
        stage.wait(lambda: len(ended("failed")) == 3, "three windows fail", 200)
        stage.sandbox.faults.clear()
        stage.wait(lambda: ended("success"), "a window recovers")
    failed = ended("failed")[0]
    assert stage.states(failed) == GREEN | {"check": "failed"}
    assert stage.tasks(failed)["fetch"]["try_number"] == 2
    assert re.search(r"account +reason +what happened", stage.log(failed, "check"))
    # Of a past window apart from what is collected, the end of X's list proves nothing.
    assert {one["reason"] for one in stage.collector("gaps", "--json")} <= {"not_proven_yet"}
    rows = Counter(row["tweet_id"] for row in stage.rows())
    assert max(rows.values()) == 1


# F7 F19
@pytest.mark.parametrize(("fault", "message"), [("401", "credential"), ("402-credits-depleted", "credits")])
def test_lost_credentials_and_exhausted_credits_fail_at_once(fault, message, stage):
    start = minutes_ago(34 if fault == "401" else 32)
    stage.sandbox.faults.add(Fault(fault, path=TIMELINES, times=None))
    run = stage.trigger("backfill_tweets", start, start + WINDOW)
    stage.sandbox.faults.clear()
    assert stage.states(run)["fetch"] == "failed"
    assert stage.tasks(run)["fetch"]["try_number"] == 1
    assert message in stage.log(run, "fetch")
    assert stage.states(run)["commit"] == "success"


def test_a_missing_pool_is_told(stage):
    stage.airflow.run("pools", "delete", "x_api")
    run = stage.trigger("backfill_tweets", minutes_ago(30), minutes_ago(29))
    stage.airflow.run(*MAKE)
    assert stage.states(run)["accounts"] == "failed"
    assert "airflow pools set x_api" in stage.log(run, "accounts")


def test_a_schedule_never_collects_the_past(stage):
    with stage.scheduled("backfill_tweets"):
        run = stage.wait(lambda: stage.runs("backfill_tweets", "success", kind="scheduled"), "it is skipped")[0]
    assert set(stage.states(run).values()) == {"success", "skipped"}


def test_the_example_sums_up_the_newest_day(stage):
    with stage.scheduled("daily_summary"), stage.scheduled():
        stage.wait(lambda: stage.runs("daily_summary", "success"), "the summary is written")
    key, body = max(stage.objects("summaries/").items())
    (day,) = re.findall(r"summaries/(dt=[\d-]+)/", key)
    rows = list(csv.DictReader(io.StringIO(body.decode())))
    assert {row["username"] for row in rows} <= {user.username for user in stage.sandbox.users.values()}
    assert (
        0
        < sum(int(row["tweets"]) for row in rows)
        <= sum(len(rows_of(body)) for key, body in stage.objects(f"tweets/{day}").items())
    )


def test_the_page_asks_who_is_there(stage):
    with pytest.raises(HTTPError) as refused:
        urlopen(f"{stage.airflow.url}/collector/")  # noqa: S310
    with refused.value as answer:
        assert answer.code == 401
    with stage.airflow.open("/collector/") as answer:
        page = answer.read().decode()
    assert all(user.username in page for user in stage.sandbox.users.values())


# F59
def test_no_log_holds_a_secret_or_a_tweet(stage):
    logs = [path.read_text("utf-8", "replace") for path in stage.airflow.home.rglob("*.log")]
    said = "\n".join([*logs, *stage.airflow.said().values()])
    assert "batch.committed" in said
    assert stage.sandbox.credentials.bearer_token not in said
    source = stage.sandbox.api.source
    texts = {source.text(one) for user in source.users for one in source.ids(user)}
    assert [text for text in texts if len(text) > 20 and text in said] == []


def test_everything_is_as_recorded(stage):
    def audit():
        ended = stage.collector("verify", "--json", codes=(0, 1))
        return ended["ok"] and ended["rows"] > 0

    # Between publish and commit a manifest that the state does not know is no fault.
    with stage.scheduled():
        stage.wait(audit, "the audit finds nothing")
