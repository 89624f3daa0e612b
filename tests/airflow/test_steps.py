"""What a try of a task waits for, and what it needs."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException

from collector import wiring
from collector.adapters.system_worker import SystemWorker
from collector.airflow import steps
from collector.core.batches import Batch, BatchKind, Window
from collector.core.errors import NotProvenYet, RateLimited, SourceUnavailable
from collector.core.ids import TweetId
from collector.flow.close import close
from collector.flow.plan import PlanRequest, plan
from collector.settings import read_settings

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
WINDOW = Window(NOON, NOON + timedelta(minutes=15))


@pytest.fixture
def in_a_task(monkeypatch):
    """Be a task of a run: at this try, first put off so long ago."""

    def be(try_number=1, put_off=None):
        first = put_off and datetime.now(UTC) - put_off
        ti = SimpleNamespace(try_number=try_number, max_tries=3, get_first_reschedule_date=lambda _: first)
        run = SimpleNamespace(dag_id="collect_tweets", run_id="scheduled")
        monkeypatch.setattr(steps, "get_current_context", lambda: {"ti": ti, "dag_run": run})

    return be


def batch(kind):
    return Batch(f"{kind}-20261122T120000Z-s00", kind, WINDOW, 0, 1, "plan", TweetId(9), NOON)


@pytest.mark.parametrize(
    ("kind", "try_number", "put_off", "waits_for"),
    [
        ("live", 1, None, {RateLimited, NotProvenYet, SourceUnavailable}),
        ("live", 3, None, {RateLimited, NotProvenYet, SourceUnavailable}),
        ("live", 4, None, {RateLimited, NotProvenYet}),
        ("live", 1, timedelta(minutes=11), {RateLimited, SourceUnavailable}),
        ("live", 1, timedelta(minutes=61), {SourceUnavailable}),
        ("backfill", 4, timedelta(days=1), {RateLimited}),
    ],
)
def test_a_try_leaves_the_batch_open_for_what_a_later_one_may_get(kind, try_number, put_off, waits_for, in_a_task):
    in_a_task(try_number, put_off)
    assert set(steps._waits_for(batch(BatchKind(kind)))) == waits_for


# F45
def test_a_fetch_of_a_sealed_batch_needs_no_credentials_and_an_open_one_says_that_they_are_missing(
    in_a_task, monkeypatch, tmp_path
):
    monkeypatch.setenv("COLLECTOR_STATE_URL", f"sqlite:///{tmp_path}/state.db")
    monkeypatch.setenv("COLLECTOR_OUTPUT", f"file://{tmp_path}/output")
    monkeypatch.delenv("COLLECTOR_X_BEARER_TOKEN", raising=False)
    settings = read_settings()
    state = wiring.open_state(settings)
    tools = {
        "state": state,
        "objects": wiring.open_objects(settings),
        "press": wiring.press(),
        "clock": wiring.clock(),
        "policy": wiring.policy(settings),
    }
    planned = plan(PlanRequest(BatchKind.LIVE, WINDOW), worker=SystemWorker("test"), **tools)
    in_a_task()
    with pytest.raises(AirflowFailException, match="COLLECTOR_X_BEARER_TOKEN is not set"):
        steps.fetch(planned.batch_id)
    close(planned.batch_id, **tools)
    steps.fetch(planned.batch_id)
    state.close()
