"""A real scheduler at work: windows, backfills, waiting, crashes, outages."""

import csv
import io
from datetime import timedelta

import pytest
from airflow_stage import WINDOW, hour_ago

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("airflow")]

GREEN = dict.fromkeys(("accounts", "plan", "fetch", "publish", "commit", "check"), "success")


def test_a_scheduled_window_turns_green_and_its_csv_is_on_s3(stage):
    with stage.scheduled():
        run = stage.wait(lambda: stage.runs("collect_tweets", "success", "failed"), "a window ends")[-1]
    assert stage.states(run) == GREEN
    batch_id = stage.xcom(run, "plan", "return_value")
    (batch,) = (one for one in stage.collector("batches", "--json") if one["batch_id"] == batch_id)
    assert batch["status"] == "committed"
    rows = [row for key, body in stage.objects().items() if batch_id in key for row in rows_of(body)]
    assert len(rows) == batch["rows"] > 0


def test_a_backfill_fills_past_windows_and_a_second_one_repeats_nothing(stage):
    start = hour_ago(60)
    end = start + 2 * WINDOW
    stage.backfill(start, end, "--max-active-runs", "3")
    runs = stage.windows("collect_tweets", start, end)
    assert [stage.states(run) for run in runs] == [GREEN] * 3
    assert ids_between(stage, start, end + WINDOW) == sorted(stage.truth(start, end + WINDOW))
    asked = len(stage.timelines())
    stage.backfill(start, end)
    assert len(stage.timelines()) == asked


def rows_of(body):
    return list(csv.DictReader(io.StringIO(body.decode("utf-8"), newline="")))


def ids_between(stage, start, end):
    wanted = stage.truth(start, end)
    return sorted(
        int(row["tweet_id"])
        for body in stage.objects().values()
        for row in rows_of(body)
        if int(row["tweet_id"]) in wanted
    )
