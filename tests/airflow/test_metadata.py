"""Airflow's own database on a Postgres whose password AWS keeps."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from collector_process import clean_environment

LOCAL_SETTINGS = Path(__file__).parent.parent.parent / "config/airflow/airflow_local_settings.py"
LOG_IN_TWICE = """
import asyncio, sys
from sqlalchemy import text
from airflow import settings

WHO = text("select current_user")

async def log_in():
    with settings.engine.connect() as one:
        print("sync", one.execute(WHO).scalar(), flush=True)
    async with settings.async_engine.connect() as one:
        print("async", (await one.execute(WHO)).scalar(), flush=True)

async def main():
    await log_in()
    sys.stdin.readline()
    settings.engine.dispose()
    await settings.async_engine.dispose()
    await log_in()

asyncio.run(main())
"""


@pytest.fixture
def environment(tmp_path, vault, locked_database):
    """An Airflow's environment as the units of an instance set it; nothing in it is a password."""
    vault.keep(json.dumps({"username": locked_database.owner, "password": "one"}), "state")
    (tmp_path / "config").mkdir()
    shutil.copy(LOCAL_SETTINGS, tmp_path / "config")
    url = locked_database.url
    return (
        clean_environment(tmp_path)
        | vault.environment
        | {
            "AIRFLOW_HOME": str(tmp_path),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": url.replace("+psycopg:", "+psycopg_async:"),
            "COLLECTOR_STATE_URL": url,
            "COLLECTOR_STATE_PASSWORD_SECRET": vault.named("state"),
        }
    )


def test_both_engines_of_airflow_follow_a_rotated_password(environment, vault, locked_database):
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    command = [sys.executable, "-c", LOG_IN_TWICE]
    with subprocess.Popen(command, env=environment, text=True, **pipes) as running:  # noqa: S603
        said = [logged_in(running.stdout), logged_in(running.stdout)]
        locked_database.change("new-password")
        vault.rotate(json.dumps({"username": locked_database.owner, "password": "new-password"}), "state")
        rest, errors = running.communicate("go on\n", timeout=60)
    assert running.returncode == 0, errors
    said += [line for line in rest.splitlines() if line.startswith(("sync", "async"))]
    assert said == [f"{kind} {locked_database.owner}" for kind in ("sync", "async")] * 2
    assert "new-password" not in rest + errors


def logged_in(stdout):
    return next(line.strip() for line in stdout if line.startswith(("sync", "async")))


def test_without_the_local_settings_airflow_does_not_get_in(environment, tmp_path):
    (tmp_path / "config" / LOCAL_SETTINGS.name).unlink()
    command = [sys.executable, "-c", LOG_IN_TWICE]
    done = subprocess.run(command, env=environment, text=True, capture_output=True, check=False, timeout=60)  # noqa: S603
    assert "no password supplied" in done.stderr
