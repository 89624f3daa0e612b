"""The pool `x_api`, which bounds who asks X at the same time: tasks ask Airflow's API server whether it exists.

A task in a pool that does not exist waits for ever, and neither tasks nor DAG files may look into Airflow's database.
"""
# ruff: noqa: PLC0415  only the API server has a database

import json
import os
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.parse import urljoin
from urllib.request import urlopen

import structlog

from collector.core.errors import ConfigError
from collector.core.findings import Finding, fine, not_checked, warning, wrong

if TYPE_CHECKING:
    from fastapi import FastAPI

log = structlog.get_logger(__name__)

POOL = "x_api"
PREFIX = "/collector-pool"
MAKE = ("pools", "set", POOL, "2", "who may ask X at the same time")
"""What to tell Airflow's command line, once."""
_PATIENCE = 10
_UNTOLD = (URLError, OSError, TypeError, ValueError, KeyError)

NAME = "airflow pool"
WHY = "every fetch takes a slot of it: a task in a pool that does not exist waits for ever"


def pool_app() -> "FastAPI":
    """Return what the API server answers: how many slots the pool has, `null` when there is no such pool."""
    from airflow.models.pool import Pool
    from fastapi import FastAPI

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/")
    def slots() -> dict[str, int | None]:
        found = Pool.get_pool(POOL)
        return {"slots": found.slots if found else None}

    return app


def check_pool() -> None:
    """Raise `ConfigError` when the pool does not exist; where the API server cannot tell, only say so."""
    try:
        slots = _slots()
    except _UNTOLD as error:
        log.warning("pool.not_checked", pool=POOL, message=str(error))
        return
    if not slots:
        message = f"Airflow has {_lack(slots)}, so no fetch would ever run"
        raise ConfigError(message, hint=f"airflow {shlex.join(MAKE)}")


def pool_findings() -> Iterator[Finding]:
    """Yield one finding: whether the pool exists, where this machine has an Airflow that is set up."""
    if not is_set_up():
        reason = "no Airflow is set up here" if find_spec("airflow") else "Airflow is not installed here"
        yield not_checked(NAME, reason)
        return
    try:
        slots = _slots()
    except _UNTOLD as error:
        what = f"Airflow's API server does not tell: {error}"
        yield warning(NAME, what, why=WHY, command="airflow api-server")
        return
    if slots:
        yield fine(NAME, f"{POOL} has {slots} slots")
    else:
        yield wrong(NAME, f"Airflow has {_lack(slots)}", why=WHY, command=f"airflow {shlex.join(MAKE)}")


def is_set_up() -> bool:
    """Say whether Airflow is installed here, and told where it lives: to ask it otherwise would make it a home."""
    told = any(os.environ.get(name) for name in ("AIRFLOW_HOME", "AIRFLOW_CONFIG"))
    return told and find_spec("airflow") is not None


def _lack(slots: int | None) -> str:
    return f"{'no pool' if slots is None else 'no slot in its pool'} {POOL}"


def _slots() -> int | None:
    from airflow.sdk.configuration import conf

    # As Airflow's executors find it.
    base = conf.get("api", "base_url", fallback=None) or "http://localhost:8080/"
    server = conf.get("core", "execution_api_server_url", fallback=None) or f"{base.rstrip('/')}/execution/"
    with urlopen(urljoin(server, f"..{PREFIX}/"), timeout=_PATIENCE) as answer:  # noqa: S310  Airflow's own address
        slots: int | None = json.load(answer)["slots"]
    return slots
