"""A bucket looked at: where it is, who we are, and what S3's clock says."""

from datetime import timedelta

import pytest
from fakes.clock import FakeClock
from s3_guard import BUCKET, guarded_s3

from collector.adapters.s3_examination import NAMES, S3Examination
from collector.adapters.system_clock import SystemClock
from collector.core.errors import ConfigError


@pytest.fixture
def guard(monkeypatch):
    with guarded_s3() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


def found(guard, clock=None):
    return {one.name: one for one in S3Examination(guard.output, clock or SystemClock()).findings()}


def test_a_bucket_that_answers_is_fine(guard):
    findings = found(guard)
    assert tuple(findings) == NAMES
    assert findings["output region"].what == "us-east-1, credentials from env"
    assert {str(one.state) for one in findings.values()} == {"ok"}


def test_a_bucket_of_another_region_is_told_with_the_command(guard):
    guard.region = "eu-west-3"
    told = found(guard)["output region"]
    assert (told.state, told.command) == ("warning", "export AWS_DEFAULT_REGION=eu-west-3")


@pytest.mark.parametrize(("ahead", "state"), [(-3, "ok"), (20, "warning"), (-20, "warning"), (400, "wrong")])
def test_a_clock_apart_from_that_of_s3_is_told(guard, ahead, state):
    guard.ahead = timedelta(seconds=ahead)
    assert found(guard)["output clock"].state == state


@pytest.mark.parametrize("code", ["RequestTimeTooSkewed", "AccessDenied"])
def test_a_refusal_tells_the_time_too(guard, code):
    guard.ahead, guard.refuses_all = timedelta(minutes=20), (403, code)
    assert found(guard)["output clock"].state == "wrong"


def test_without_credentials_nothing_is_known_of_the_bucket(guard, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")
    findings = found(guard, FakeClock())
    assert {str(one.state) for one in findings.values()} == {"not checked"}
    assert "credentials" in findings["output region"].what


def test_a_profile_that_does_not_exist_is_a_wrong_setting(guard, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(ConfigError, match="nobody") as caught:
        S3Examination(guard.output, FakeClock())
    assert "AWS_PROFILE" in caught.value.hint


def test_a_look_changes_nothing(guard):
    found(guard)
    assert {right for right, *_ in guard.requests} == {"s3:ListBucket"}
    assert "Contents" not in guard.objects()._client.list_objects_v2(Bucket=BUCKET)
