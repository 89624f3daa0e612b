"""A real Postgres that asks for passwords, and changes them."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fakes.clock import FakeClock
from postgres import PostgresServer, running_postgres
from sqlalchemy import make_url

from collector.adapters.kept_secret import KeptSecret
from collector.core.secret_text import Login


@dataclass(slots=True)
class Guarded:
    """A database that asks its owner for a password, and where the password is kept."""

    server: PostgresServer
    name: str
    owner: str
    kept: Login
    reads: int = 0
    error: Exception | None = None

    @property
    def url(self) -> str:
        return self.server.url(self.name).replace("//postgres:@", f"//{self.owner}@")

    def secret(self, clock: FakeClock | None = None) -> KeptSecret[Login]:
        return KeptSecret(self.read, clock or FakeClock())

    def read(self) -> Login:
        self.reads += 1
        if self.error is not None:
            raise self.error
        return self.kept

    def change(self, password: str, *, owner: str = "") -> None:
        """Change the password in the database alone."""
        self.server._run(f"ALTER ROLE {owner or self.owner} PASSWORD '{password}'")

    def rotate(self, password: str) -> None:
        self.change(password)
        self.kept = Login(password)


@pytest.fixture(scope="session")
def locked_server() -> Iterator[PostgresServer]:
    """A server that lets nobody but the administrator in without a password."""
    with running_postgres() as server:
        Path(server._folder, "pg_hba.conf").write_text("local all postgres trust\nlocal all all scram-sha-256\n")
        server._run("SELECT pg_reload_conf()")
        yield server


@pytest.fixture
def locked_database(locked_server: PostgresServer) -> Iterator[Guarded]:
    owner = f"owner_{secrets.token_hex(4)}"
    locked_server._run(f"CREATE ROLE {owner} LOGIN SUPERUSER PASSWORD 'one'")
    with locked_server.database("migrated") as url:
        yield Guarded(locked_server, str(make_url(url).database), owner, Login("one"))
