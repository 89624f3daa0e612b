"""Where a task's token and AWS credentials come from."""

import json

import pytest

from collector import wiring
from collector.adapters.s3 import S3Objects
from collector.airflow.connections import open_objects, task_settings
from collector.core.errors import ConfigError


@pytest.fixture
def connect(monkeypatch):
    """Define connections as Airflow's environment has them."""

    def connected(name, **parts):
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(parts))

    return connected


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    monkeypatch.setenv("COLLECTOR_OUTPUT", f"file://{tmp_path}")
    monkeypatch.setenv("COLLECTOR_X_BEARER_TOKEN", "of-the-environment")


def token(settings):
    return settings.x_bearer_token and settings.x_bearer_token.get_secret_value()


def test_without_a_connection_the_environment_decides():
    assert token(task_settings()) == "of-the-environment"


def test_the_password_of_the_connection_is_the_token(connect):
    connect("x_api", conn_type="http", password="of-the-connection")
    assert token(task_settings()) == "of-the-connection"
    assert task_settings().x_base_url == "https://api.x.com"


def test_the_four_keys_of_the_connection_come_before_a_token_of_the_environment(connect):
    keys = {key: f"the {key}" for key in ("consumer_key", "consumer_secret", "access_token", "access_token_secret")}
    connect("x_api", conn_type="http", extra=keys)
    found = task_settings()
    assert token(found) is None
    assert found.x_access_token_secret.get_secret_value() == "the access_token_secret"


@pytest.mark.parametrize(
    ("parts", "address"),
    [
        ({"host": "api.x.com"}, "https://api.x.com"),
        ({"host": "127.0.0.1", "schema": "http", "port": 8080}, "http://127.0.0.1:8080"),
        ({"host": "http://127.0.0.1", "port": 8080}, "http://127.0.0.1:8080"),
    ],
)
def test_the_host_of_the_connection_is_where_x_answers(parts, address, connect):
    connect("x_api", conn_type="http", password="secret", **parts)
    assert task_settings().x_base_url == address


def test_a_wrong_connection_is_one_clear_line_without_its_secret(connect):
    connect("x_api", conn_type="http", password="hush", host="nowhere", schema="ftp")
    with pytest.raises(ConfigError) as raised:
        task_settings()
    assert "hush" not in f"{raised.value} {raised.value.hint}"


def test_s3_is_reached_by_the_connection_endpoint_included(connect, monkeypatch, s3_server, s3_bucket):
    monkeypatch.setenv("COLLECTOR_OUTPUT", f"s3://{s3_bucket.name}/prefix")
    extra = {"endpoint_url": s3_server, "region_name": "us-east-1"}
    connect("aws_default", conn_type="aws", login="test", password="test", extra=extra)
    objects = open_objects(task_settings())
    objects.create("a/b.json", b"{}")
    assert s3_bucket.client.get_object(Bucket=s3_bucket.name, Key="prefix/a/b.json")["Body"].read() == b"{}"


def test_s3_without_a_connection_is_as_the_environment_says(monkeypatch, s3_server, s3_bucket):
    monkeypatch.setenv("COLLECTOR_OUTPUT", f"s3://{s3_bucket.name}/prefix")
    for name, value in {"ENDPOINT_URL_S3": s3_server, "ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    objects = open_objects(task_settings())
    assert isinstance(objects, S3Objects)
    objects.create("a/c.json", b"{}")
    assert list(objects.keys("a/")) == ["a/c.json"]


@pytest.fixture
def vault_alone(aws_of_vault, monkeypatch):
    """The token is in the vault, and in no variable."""
    aws_of_vault.keep("of-the-vault")
    monkeypatch.delenv("COLLECTOR_X_BEARER_TOKEN")
    monkeypatch.setenv("COLLECTOR_X_BEARER_TOKEN_SECRET", aws_of_vault.named())
    return aws_of_vault


# F59
def test_a_token_that_aws_keeps_is_read_and_masked_before_and_after_its_rotation(vault_alone, monkeypatch):
    masked = []
    monkeypatch.setattr("collector.airflow.connections.mask_secret", masked.append)
    settings = task_settings()
    kept = wiring.kept_credentials(settings)
    assert kept.current().bearer_token == "of-the-vault"
    vault_alone.rotate("of-the-vault-rotated")
    assert kept.renewed(kept.current()).bearer_token == "of-the-vault-rotated"
    assert {"of-the-vault", "of-the-vault-rotated"} <= set(masked)


@pytest.mark.usefixtures("vault_alone")
def test_a_connection_with_a_token_comes_before_the_secret_and_one_without_leaves_it(connect):
    connect("x_api", conn_type="http", password="of-the-connection")
    assert wiring.credentials(task_settings()).bearer_token == "of-the-connection"
    connect("x_api", conn_type="http", host="127.0.0.1", schema="http")
    settings = task_settings()
    assert settings.x_base_url == "http://127.0.0.1"
    assert wiring.credentials(settings).bearer_token == "of-the-vault"
