"""The pool `x_api`, which bounds who asks X at the same time: tasks ask Airflow's API server whether it exists.

A task in a pool that does not exist waits for ever, and neither tasks nor DAG files may look into Airflow's database.
"""
# ruff: noqa: PLC0415  only the API server has a database

import json
import shlex
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.parse import urljoin
from urllib.request import urlopen

import structlog

from collector.core.errors import ConfigError

if TYPE_CHECKING:
    from fastapi import FastAPI

log = structlog.get_logger(__name__)

POOL = "x_api"
PREFIX = "/collector-pool"
MAKE = ("pools", "set", POOL, "2", "who may ask X at the same time")
"""What to tell Airflow's command line, once."""
_PATIENCE = 10


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
    from airflow.sdk.configuration import conf

    # As Airflow's executors find it.
    base = conf.get("api", "base_url", fallback=None) or "http://localhost:8080/"
    server = conf.get("core", "execution_api_server_url", fallback=None) or f"{base.rstrip('/')}/execution/"
    try:
        with urlopen(urljoin(server, f"..{PREFIX}/"), timeout=_PATIENCE) as answer:  # noqa: S310  Airflow's own address
            slots = json.load(answer)["slots"]
    except (URLError, OSError, TypeError, ValueError, KeyError) as error:
        log.warning("pool.not_checked", pool=POOL, message=str(error))
        return
    if not slots:
        what = "no pool" if slots is None else "no slot in its pool"
        message = f"Airflow has {what} {POOL}, so no fetch would ever run"
        raise ConfigError(message, hint=f"airflow {shlex.join(MAKE)}")
