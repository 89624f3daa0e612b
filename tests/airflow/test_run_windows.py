"""Which window and kind of batch a DAG run stands for."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from collector.airflow.runs import kind_of, settled_at, window_of
from collector.core.batches import BatchKind, Window

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
SETTLE = timedelta(seconds=60)


def context(run_type="scheduled", run_after=NOON, **more):
    return {"dag_run": SimpleNamespace(run_type=SimpleNamespace(value=run_type), run_after=run_after)} | more


def test_a_run_stands_for_its_data_interval():
    interval = {"data_interval_start": NOON - QUARTER, "data_interval_end": NOON}
    assert window_of(context(**interval), SETTLE) == Window(NOON - QUARTER, NOON)


@pytest.mark.parametrize("interval", [{}, {"data_interval_start": NOON, "data_interval_end": NOON}])
def test_a_run_without_an_interval_stands_for_the_last_settled_quarter_of_an_hour(interval):
    found = window_of(context("manual", NOON + timedelta(microseconds=5), **interval), SETTLE)
    assert found == Window(NOON - SETTLE - QUARTER, NOON - SETTLE)


def test_a_run_stands_for_the_same_window_however_often_it_is_tried():
    asked = context("manual")
    assert window_of(asked, SETTLE) == window_of(asked, SETTLE)


def test_an_interval_of_fractions_of_seconds_is_cut_to_whole_ones():
    fine = timedelta(microseconds=900_000)
    interval = {"data_interval_start": NOON - QUARTER + fine, "data_interval_end": NOON + fine}
    assert window_of(context(**interval), SETTLE) == Window(NOON - QUARTER, NOON)


@pytest.mark.parametrize("usual", [BatchKind.LIVE, BatchKind.BACKFILL])
def test_a_run_of_the_backfill_command_is_a_backfill_whatever_its_dag_is_for(usual):
    assert kind_of(context("backfill"), usual) is BatchKind.BACKFILL
    assert kind_of(context("scheduled"), usual) is usual
    assert kind_of(context("manual"), usual) is usual


def test_a_window_is_settled_when_its_last_tweet_is_old_enough():
    window = Window(NOON - QUARTER, NOON)
    assert settled_at(window, SETTLE) == NOON + SETTLE
    assert settled_at(window, timedelta(seconds=1.5)) == NOON + timedelta(seconds=2)
    assert settled_at(window, timedelta(0)) == NOON
