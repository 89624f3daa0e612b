"""Connections: what Airflow knows of X and AWS comes before the environment."""

from typing import Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.sdk.log import mask_secret

from collector import wiring
from collector.adapters.s3 import S3Objects, client_config
from collector.core.ports import ObjectStore
from collector.logs import LATE
from collector.settings import Settings, read_settings

X_CONNECTION = "x_api"
"""Its password is the bearer token, or its extra holds the four keys; its host, if it has one, is where X answers."""

AWS_CONNECTION = "aws_default"

_KEYS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")


def task_settings() -> Settings:
    """Return the settings of a task, and have Airflow mask their secrets, and those read later.

    Raises `ConfigError`.
    """
    LATE.tell(mask_secret)
    known = _connection(X_CONNECTION)
    settings = read_settings(**(_x_settings(known) if known else {}))
    for secret in settings.secrets():
        mask_secret(secret)
    return settings


def open_objects(settings: Settings) -> ObjectStore:
    """Return the object store of the output setting; S3 by Airflow's connection, endpoint included, if it has one."""
    if not settings.output.startswith("s3://") or _connection(AWS_CONNECTION) is None:
        return wiring.open_objects(settings)
    # The hook's session would lose the connection's endpoint, its client keeps it.
    hook = AwsBaseHook(AWS_CONNECTION, client_type="s3", config=client_config())
    return S3Objects.from_url(settings.output, client=hook.get_conn())


def _connection(name: str) -> Connection | None:
    try:
        found: Connection = Connection.get(name)
    except AirflowNotFoundException:
        return None
    return found


def _x_settings(connection: Connection) -> dict[str, Any]:
    extra = connection.extra_dejson
    found = {f"x_{key}": extra.get(key) for key in _KEYS} | {"x_bearer_token": connection.password or None}
    # A connection that only says where X answers leaves the credentials to the environment.
    found = found | {"x_bearer_token_secret": None} if any(found.values()) else {}
    return found | ({"x_base_url": _address(connection)} if connection.host else {})


def _address(connection: Connection) -> str:
    scheme = "" if "://" in connection.host else f"{connection.schema or 'https'}://"
    port = f":{connection.port}" if connection.port else ""
    return f"{scheme}{connection.host}{port}"
