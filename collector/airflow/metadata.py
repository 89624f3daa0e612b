"""Airflow's own database on the Postgres of the state: its engines log in with the same secret.

For `airflow_local_settings.py`, whose functions of these names take the place of Airflow's own:
https://airflow.apache.org/docs/apache-airflow/stable/howto/set-up-database.html
"""

from typing import Any

from airflow import settings as airflow_settings

from collector import wiring
from collector.adapters.sql_state.logins import log_in_with
from collector.logs import LATE
from collector.settings import read_settings

__all__ = ["create_async_metadata_engine", "create_metadata_engine"]

_make = airflow_settings.create_metadata_engine
_make_async = airflow_settings.create_async_metadata_engine


def create_metadata_engine(sql_alchemy_conn: str, **arguments: Any) -> Any:  # noqa: ANN401  SQLAlchemy's engine
    """Return Airflow's engine, following `COLLECTOR_STATE_PASSWORD_SECRET` where its URL holds no password."""
    engine = _make(sql_alchemy_conn, **arguments)
    _follow(engine)
    return engine


def create_async_metadata_engine(sql_alchemy_conn_async: str, **arguments: Any) -> Any:  # noqa: ANN401
    """Return Airflow's asynchronous engine, following the secret as the other does."""
    engine = _make_async(sql_alchemy_conn_async, **arguments)
    _follow(engine.sync_engine)
    return engine


def _follow(engine: Any) -> None:  # noqa: ANN401
    if engine.dialect.name != "postgresql" or engine.url.password:
        return
    password = wiring.state_password(read_settings())
    if password is not None:
        LATE.tell(_mask)
        log_in_with(engine, password)


def _mask(text: str) -> None:
    from airflow.sdk.log import mask_secret  # noqa: PLC0415  Airflow's settings are loaded before it can be

    mask_secret(text)
