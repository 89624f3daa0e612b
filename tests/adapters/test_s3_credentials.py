"""Where the S3 store's credentials come from, run out, and are missing."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import CredentialRetrievalError
from s3_server import HASTY
from scripted_s3 import Answer, scripted_s3

from collector.adapters.s3 import S3Objects, open_client
from collector.adapters.s3_errors import Errand, translating
from collector.core.errors import ConfigError, StoreRefused, StoreUnavailable


def create(store: S3Objects) -> None:
    store.create("a.json", b"{}")


@pytest.fixture(autouse=True)
def leave_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def test_missing_credentials_are_a_refusal() -> None:
    client = open_client(endpoint_url="http://127.0.0.1:1", patience=HASTY)
    with pytest.raises(StoreRefused, match=r"PutObject s3://posts/a\.json.*credentials") as caught:
        create(S3Objects("posts", client=client))
    assert "AWS_PROFILE" in caught.value.hint


def test_a_profile_that_does_not_exist_is_a_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(ConfigError, match="nobody"):
        open_client()


def issued(key_id: str, valid_for: timedelta) -> Answer:
    document = {"AccessKeyId": key_id, "SecretAccessKey": "s", "Token": "t"}
    return Answer(body=json.dumps(document | {"Expiration": (datetime.now(UTC) + valid_for).isoformat()}).encode())


def test_credentials_that_run_out_are_renewed_where_they_come_from(monkeypatch: pytest.MonkeyPatch) -> None:  # F39
    nearly_over, fresh = timedelta(minutes=2), timedelta(hours=6)
    with scripted_s3(issued("FIRST", nearly_over), issued("SECOND", fresh)) as vault, scripted_s3(Answer()) as server:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", vault.url)
        client = open_client(endpoint_url=server.url, patience=HASTY)
        create(S3Objects("posts", client=client))
        client.close()
    assert "Credential=SECOND/" in server.requests[0].headers["Authorization"]


def test_credentials_that_cannot_be_renewed_are_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:  # F39
    with scripted_s3(issued("OLD", -timedelta(hours=1))) as vault:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", vault.url)
        client = open_client(endpoint_url="http://127.0.0.1:1", patience=HASTY)
        with pytest.raises(StoreRefused, match="still expired") as caught:
            create(S3Objects("posts", client=client))
    assert "log in again" in caught.value.hint


def test_a_role_that_may_not_be_taken_is_no_fault_of_the_policies(  # F39
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text("[profile writer]\nrole_arn = arn:aws:iam::1:role/writer\ncredential_source = Environment\n")
    settings = {"CONFIG_FILE": str(config), "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b"}
    for name, value in settings.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    refusal = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
    with scripted_s3(Answer(403, refusal)) as roles:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", roles.url)
        session = boto3.Session(profile_name="writer")
        client = open_client(session=session, endpoint_url="http://127.0.0.1:1", patience=HASTY)
        with pytest.raises(StoreRefused, match=r"PutObject s3://posts/a\.json.*AssumeRole") as caught:
            create(S3Objects("posts", client=client))
    assert "AWS_PROFILE" in caught.value.hint


@pytest.mark.parametrize("provider", ["iam-role", "container-role"])
def test_the_role_of_a_machine_or_a_container_that_is_silent_may_answer_later(provider: str) -> None:  # F39
    silence = CredentialRetrievalError(provider=provider, error_msg="timed out")
    with pytest.raises(StoreUnavailable, match="timed out"), translating(Errand("PutObject", "posts", "a.json")):
        raise silence
