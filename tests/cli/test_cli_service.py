"""`collector run`: ends when it is told to, outlives outages, and catches up."""

import signal
import sqlite3
import time
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
from moto.server import ThreadedMotoServer
from truth import assert_each_once, followed_by, rows_in, rows_of

from collector.sandbox.faults import Fault

PATIENCE = 30.0


@pytest.fixture
def sandbox(open_sandbox):
    return open_sandbox(live_per_hour=3600)


@contextmanager
def served(collector):
    """Run the service for as long as the block lasts, and end it as an operator would."""
    with collector.start("run", "--every", "1s") as running:
        yield running
        running.signal(signal.SIGTERM)
        ended = running.wait()
        assert ended.code == 0, ended
        assert ended.events[-1]["event"] == "run.stopped"
        assert ended.complaints == []


@contextmanager
def s3_at(port):
    """Serve S3 at a port (0: any) while the block lasts; its content outlives it."""
    server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
    server.start()
    try:
        yield server.get_host_and_port()[1]
    finally:
        server.stop()


def wait_for(running, event, times=1):
    """Wait until the service has logged an event so often since now; return the newest."""
    before = running.stderr.count(f'"{event}"')
    until = time.monotonic() + PATIENCE
    while running.stderr.count(f'"{event}"') < before + times:
        assert running.is_running(), running.stderr
        assert time.monotonic() < until, running.stderr
        time.sleep(0.05)


def assert_caught_up(collector, sandbox):
    collector.done("collect")
    assert collector.done("gaps", "--json").document == []
    assert_each_once(rows_in(collector.output), sandbox, followed_by(collector))


def test_it_collects_again_and_again(following, sandbox):
    with served(following) as running:
        wait_for(running, "batch.committed", times=3)
    batches = following.done("batches", "--json").document
    assert len(batches) >= 3
    assert {batch["status"] for batch in batches} == {"committed"}
    assert_caught_up(following, sandbox)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_after_the_batch_it_is_in(number, following, sandbox):
    sandbox.api.latency = timedelta(seconds=0.3)
    with following.start("run", "--every", "1m") as running:
        wait_for(running, "batch.planned")
        running.signal(number)
        ended = running.wait()
    assert ended.code == 0
    assert [event["event"] for event in ended.events][-2:] == ["batch.committed", "run.stopped"]
    assert following.done("status", "--json").document["open_batches"] == 0


# F4 F22
def test_it_outlives_an_outage_of_x_and_catches_up(following, sandbox):
    with served(following) as running:
        wait_for(running, "batch.committed")
        sandbox.faults.add(Fault("503", times=None))
        wait_for(running, "batch.incomplete")
        sandbox.faults.clear()
        wait_for(running, "batch.committed", times=2)
    incomplete = [event for event in running.wait().events if event["event"] == "batch.incomplete"]
    assert incomplete[0]["reasons"] == {"outage": 3}
    assert_caught_up(following, sandbox)


def test_it_outlives_an_outage_of_s3_and_catches_up(following, sandbox, s3_bucket):
    with s3_at(0) as port:
        following.environment |= {
            "COLLECTOR_OUTPUT": f"s3://{s3_bucket.name}/outage",
            "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        following.done("collect")
    with served(following) as running:
        wait_for(running, "run.waiting")
        with s3_at(port):
            wait_for(running, "batch.committed", times=2)
            running.signal(signal.SIGTERM)
            running.wait()
            following.done("collect")
            assert following.done("gaps", "--json").document == []
    objects = s3_bucket.objects("outage")
    rows = [row for key in objects.keys("tweets/") for row in rows_of(objects.read(key))]
    assert_each_once(rows, sandbox, followed_by(following))


# F39
def test_it_outlives_an_output_that_cannot_be_written_for_a_while(following, sandbox):
    with served(following) as running:
        wait_for(running, "batch.committed")
        away = following.output.rename(following.folder / "away")
        following.output.write_text("a file where the folder was")
        wait_for(running, "run.waiting")
        following.output.unlink()
        away.rename(following.output)
        wait_for(running, "batch.committed", times=2)
    assert_caught_up(following, sandbox)


# F29
def test_it_waits_for_a_state_that_is_locked(following, sandbox):
    with served(following) as running:
        wait_for(running, "batch.committed")
        with closing(sqlite3.connect(following.state, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(1.5)
            other.execute("ROLLBACK")
        wait_for(running, "batch.committed", times=2)
    assert_caught_up(following, sandbox)


def test_what_is_wrong_from_the_start_ends_it(following):
    (following.folder / "a-text").write_text("no folder")
    ended = following("run", COLLECTOR_OUTPUT=f"file://{following.folder / 'a-text'}")
    assert ended.code == 2
    assert "a-text" in ended.complaint


# F30
def test_a_state_that_is_old_ends_it(following):
    following.done("collect")
    other = {"COLLECTOR_STATE_URL": f"sqlite:///{following.folder / 'other.db'}"}
    following.done("accounts", "add", "harbor_light", **other)
    ended = following("run", "--every", "1s", **other)
    assert ended.code == 1
    assert "collector rebuild" in ended.complaint
