"""On EC2: the credentials of the machine's role run out and are renewed in the middle of the main job. # F39"""

import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import boto3
import faster_clock
import pytest
from botocore.exceptions import ClientError
from collector_process import Ended
from machine_role import LIFE, machine_role
from truth import assert_each_once, followed_by, rows_of

PATIENCE = 60.0


@pytest.fixture
def sandbox(open_sandbox):
    return open_sandbox(live_per_hour=3600)


@pytest.fixture
def role(following, s3_bucket):
    """The role of a machine, which `following` uses for its objects."""
    with machine_role() as role:
        following.environment |= role.environment | {"COLLECTOR_OUTPUT": f"s3://{s3_bucket.name}/tweets-of-ec2"}
        yield role


class Fast:
    """A command that runs from nothing, with botocore's clock going faster."""

    def __init__(self, collector, words):
        self.words, self.collector = words, collector
        self.log = collector.folder / "fast.log"
        command = [sys.executable, faster_clock.__file__, *words]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(  # noqa: S603
                command, cwd=collector.folder, env=collector._environment({}), stdout=subprocess.DEVNULL, stderr=out
            )

    @property
    def said(self):
        return self.log.read_text("utf-8")

    def until(self, is_so):
        until = time.monotonic() + PATIENCE
        while not is_so():
            assert self.process.poll() is None, self.said
            assert time.monotonic() < until, self.said
            time.sleep(0.02)

    def ended(self):
        ended = Ended(self.words, self.process.wait(PATIENCE), "", self.said)
        self.collector.records.append(ended)
        return ended


@contextmanager
def fast(collector, *words):
    command = Fast(collector, words)
    try:
        yield command
    finally:
        command.process.terminate()
        command.process.wait(PATIENCE)


def assert_complete(collector, sandbox, bucket):
    collector.done("collect")
    assert collector.done("gaps", "--json").document == []
    objects = bucket.objects("tweets-of-ec2")
    rows = [row for key in objects.keys("tweets/") for row in rows_of(objects.read(key))]
    assert_each_once(rows, sandbox, followed_by(collector))


# F39
def test_a_service_outlives_its_credentials_again_and_again(following, sandbox, role, s3_bucket):
    with fast(following, "run", "--every", "1s") as running:
        running.until(lambda: len(role.used) > 2 and role.issued[0].expires_at < faster_clock.fast_now())
        running.process.terminate()
        ended = running.ended()
    assert ended.code == 0
    assert {event["event"] for event in ended.events}.isdisjoint({"run.waiting", "batch.incomplete"})
    assert role.refused == []
    assert_refused(role.issued[0], role, s3_bucket)
    assert role.without_token == 0
    assert_complete(following, sandbox, s3_bucket)


def assert_refused(pair, role, bucket):
    """Assert that S3 does not take credentials that have run out."""
    session = boto3.Session(pair.key_id, pair.secret, pair.token, "us-east-1")
    with pytest.raises(ClientError, match="ExpiredToken"):
        session.client("s3", endpoint_url=role.s3_url).list_objects_v2(Bucket=bucket.name)


# F39
def test_credentials_that_run_out_while_x_is_asked_are_new_when_the_batch_is_published(
    following, sandbox, role, s3_bucket
):
    sandbox.api.latency = LIFE / faster_clock.TIMES
    with fast(following, "collect") as running:
        ended = running.ended()
    assert ended.code == 0, ended.stderr
    assert len(role.used) > 1
    assert role.refused == []
    sandbox.api.latency = timedelta(0)
    assert_complete(following, sandbox, s3_bucket)


# F39
def test_a_service_waits_for_an_endpoint_that_is_gone_and_goes_on(following, sandbox, role, s3_bucket):
    with fast(following, "run", "--every", "1s") as running:
        running.until(lambda: "batch.committed" in running.said)
        role.is_gone = True
        running.until(lambda: "run.waiting" in running.said)
        role.is_gone = False
        before = running.said.count("batch.committed")
        running.until(lambda: running.said.count("batch.committed") > before)
        running.process.terminate()
        ended = running.ended()
    waiting = next(event for event in ended.events if event["event"] == "run.waiting")
    assert waiting["error"] == "StoreUnavailable"
    assert "role" in f"{waiting['message']} {waiting['hint']}"
    assert_complete(following, sandbox, s3_bucket)


# F39
@pytest.mark.parametrize("is_v1_disabled", ["true", "false"])
def test_an_endpoint_that_goes_in_the_middle_of_a_batch_is_tried_later_and_nothing_is_lost(
    is_v1_disabled, following, sandbox, role, s3_bucket
):
    following.environment["AWS_EC2_METADATA_V1_DISABLED"] = is_v1_disabled
    sandbox.api.latency = LIFE / faster_clock.TIMES
    with fast(following, "collect") as running:
        running.until(lambda: "batch.planned" in running.said)
        role.is_gone = True
        ended = running.ended()
    assert ended.code == 75, ended.stderr
    assert "role" in ended.complaint or "IMDSv2" in ended.complaint
    assert role.refused == []
    role.is_gone, sandbox.api.latency = False, timedelta(0)
    assert_complete(following, sandbox, s3_bucket)


def test_without_an_endpoint_from_the_start_the_role_is_named(following, role):
    role.is_gone = True
    ended = following("collect")
    assert (ended.code, "IMDSv2" in ended.complaint) == (75, True)
    ended = following("collect", AWS_EC2_METADATA_V1_DISABLED=None)
    assert (ended.code, "role" in ended.complaint) == (2, True)


def test_the_endpoint_of_these_tests_refuses_imds_v1(role):
    assert role.answer("GET", "/latest/meta-data/iam/security-credentials/", {}) == (401, "")
    assert Path(faster_clock.__file__).is_file()
