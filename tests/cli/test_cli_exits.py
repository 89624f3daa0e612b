"""Exit codes: 0 done, 1 something failed, 2 wrong use, 75 try later; and what each says."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta

import pytest
from collector_process import clean_environment

from collector.sandbox.faults import Fault

TIMELINES = r"/tweets$"


# F7
@pytest.mark.parametrize("kind", ["429", "429-usage-capped", "402-credits", "402-credits-depleted", "403-spend-cap"])
def test_limits_and_money_are_75_and_a_gap(kind, following, sandbox):
    sandbox.faults.add(Fault(kind, TIMELINES, times=None))
    ended = following("collect")
    assert ended.code == 75
    reason = "rate_limited" if kind == "429" else "credits_exhausted"
    assert reason in ended.stdout
    assert {gap["reason"] for gap in following.done("gaps", "--json").document} == {reason}
    sandbox.faults.clear()


# F8
def test_a_reset_in_the_far_future_is_not_waited_for(following, sandbox):
    sandbox.faults.add(Fault("429-far-reset", TIMELINES, times=None))
    assert following("collect").code == 75


# F7
def test_a_limit_that_passes_leaves_nothing_missing(following, sandbox):
    sandbox.faults.add(Fault("429", TIMELINES, seconds=1.0))
    assert following.done("collect", "--json").document["rows"] == 180


# F5
def test_one_account_that_fails_is_1_and_the_others_are_collected(following, sandbox):
    account_id = next(iter(sandbox.users))
    sandbox.world.suspend(account_id)
    ended = following("collect", "--json")
    assert ended.code == 1
    assert ended.document["rows"] == 120
    assert [failure["reason"] for failure in ended.document["failures"]] == ["suspended"]
    assert {row["status"] for row in following.done("cursors", "--json").document} == {"suspended", "active"}


# F19
@pytest.mark.parametrize(("kind", "hint"), [("401", "check the token"), ("403-client-forbidden", "project")])
def test_a_refused_credential_is_wrong_use(kind, hint, collector, sandbox):
    sandbox.faults.add(Fault(kind, times=None))
    ended = collector("accounts", "add", "somebody")
    assert ended.code == 2
    assert hint in ended.complaint
    assert kind[:3] in ended.complaint


# F19
def test_a_credential_refused_in_a_batch_is_a_failure_and_a_gap(following, sandbox):
    sandbox.faults.add(Fault("401", TIMELINES, times=None))
    ended = following("collect")
    assert ended.code == 1
    assert {gap["reason"] for gap in following.done("gaps", "--json").document} == {"credentials_refused"}


def test_a_dead_x_is_75_for_who_adds_accounts(collector):
    ended = collector("accounts", "add", "somebody", COLLECTOR_X_BASE_URL="http://127.0.0.1:9")
    assert ended.code == 75
    assert "127.0.0.1:9" in ended.complaint


def test_a_dead_state_database_is_75(collector):
    ended = collector("cursors", COLLECTOR_STATE_URL="postgresql+psycopg://me:hunter2@127.0.0.1:9/db")
    assert ended.code == 75
    assert "127.0.0.1:9" in ended.complaint
    assert "hunter2" not in ended.stderr


# F33
def test_a_state_of_another_version_is_told_apart(collector):
    collector.done("migrate")
    with closing(sqlite3.connect(collector.state)) as state:
        state.execute("UPDATE collector_alembic_version SET version_num = '9999'")
        state.commit()
    ended = collector("cursors")
    assert ended.code == 2
    assert "9999" in ended.complaint


@pytest.mark.parametrize("step", ["fetch", "publish", "commit"])
def test_a_batch_that_nobody_planned_is_named(step, collector):
    ended = collector(step, "live-20200101T000000Z-s00")
    assert ended.code == 1
    assert "live-20200101T000000Z-s00" in ended.complaint


def test_an_output_that_is_not_that_of_the_state_stops_before_it_pays(following, sandbox, tmp_path):
    following.done("collect")
    asked = len(sandbox.requests)
    past = ("--from", "2026-01-01", "--to", "2026-01-02")
    ended = following("backfill", *past, COLLECTOR_OUTPUT=f"file://{tmp_path}/elsewhere")
    assert ended.code == 2
    assert "COLLECTOR_OUTPUT" in ended.complaint
    assert len(sandbox.requests) == asked
    assert not (tmp_path / "elsewhere" / "seals").exists()


# F32
def test_an_old_state_stops_before_it_pays(following, sandbox):
    following.done("collect")
    following.done("accounts", "add", *(a.username for a in sandbox.users.values()), **other_state(following))
    asked = len(sandbox.requests)
    ended = following("collect", **other_state(following))
    assert ended.code == 1
    assert "collector rebuild" in ended.complaint
    assert len(sandbox.requests) == asked


# F32
def test_a_lost_state_is_rebuilt(following, sandbox):
    following.done("collect")
    lost = following.done("batches", "--json").document[0]
    ended = following.done("rebuild", **other_state(following))
    assert ended.stdout == "rebuilt 1 batches, 3 accounts, 180 rows\n"
    found = following.done("batches", "--json", **other_state(following)).document[0]
    assert {name for name in lost if found[name] != lost[name]} <= {"committed_at", "requests"}
    assert following.done("gaps", "--json", **other_state(following)).document == []
    following.done("collect", **other_state(following))
    assert sandbox.bill.tweets == 180


def other_state(collector):
    return {"COLLECTOR_STATE_URL": f"sqlite:///{collector.folder / 'other.db'}"}


# F24
def test_ctrl_c_stops_a_batch_that_the_next_one_finishes(following, sandbox):
    sandbox.api.latency = timedelta(seconds=1)
    with following.start("collect") as running:
        while '"batch.planned"' not in running.stderr:
            time.sleep(0.01)
        running.signal(signal.SIGINT)
        ended = running.wait()
    assert ended.code == 130
    assert ended.complaints[-1].startswith("collector: stopped (")
    sandbox.api.latency = timedelta(0)
    following.done("collect")
    assert following.done("gaps", "--json").document == []
    assert following.done("status", "--json").document["rows"] == 180


def test_a_reader_that_has_gone_is_met_in_silence(following):
    gone, written = os.pipe()
    os.close(gone)
    command = [sys.executable, "-m", "collector", "cursors"]
    pipes = {"stdout": written, "stderr": subprocess.PIPE}
    folder = following.folder
    ended = subprocess.run(  # noqa: S603  the collector itself
        command, cwd=folder, env=clean_environment(folder), check=False, timeout=60, **pipes
    )
    os.close(written)
    assert ended.stderr == b""
