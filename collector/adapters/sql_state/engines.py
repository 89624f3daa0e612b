"""Engines: how a state URL becomes connections and transactions on SQLite or Postgres."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path
from sqlite3 import SQLITE_BUSY, OperationalError
from sqlite3 import Connection as SqliteConnection
from time import monotonic, sleep

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from collector.adapters.sql_state.logins import log_in_with
from collector.adapters.sql_state.mounts import PROC_MOUNTS, refuse_network_folder
from collector.adapters.sql_state.translation import translated
from collector.core.errors import ConfigError
from collector.core.ports import Secret
from collector.core.secret_text import Login

_SQLITE = ("sqlite", "sqlite+pysqlite")
_POSTGRES = ("postgresql+psycopg", "postgresql")
_ALLOWED = "write sqlite:///folder/state.db or postgresql+psycopg://user@host/database"
_WAL_PAUSE = 0.01
_CONNECT = {"application_name": "collector", "connect_timeout": "10"}


class Intent(Enum):
    """What a transaction is for; the options make its guarantee."""

    READ = {"collector_begin": "BEGIN"}, {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    WRITE = {"collector_begin": "BEGIN IMMEDIATE"}, {"isolation_level": "READ COMMITTED"}

    def options(self, dialect: str) -> dict[str, object]:
        """Return the execution options for SQLite or Postgres."""
        sqlite, postgres = self.value
        return dict(sqlite if dialect == "sqlite" else postgres)


@dataclass(frozen=True, slots=True)
class Database:
    """An engine with the name a person may see; `password_is_kept` says that a secret gives its password."""

    engine: Engine
    place: str
    password_is_kept: bool

    @contextmanager
    def transaction(self, intent: Intent) -> Iterator[Connection]:
        """Open a transaction that ends with the block, undone on an error."""
        with translated(self.place, password_is_kept=self.password_is_kept), self.engine.connect() as plain:
            connection = plain.execution_options(**intent.options(self.engine.dialect.name))
            with connection.begin():
                yield connection


def state_url(text: str) -> URL:
    """Read a state URL. Raises `ConfigError` for an unknown scheme, or a SQLite URL without a file or with options."""
    try:
        url = make_url(text)
    except ArgumentError as cause:
        message = "the state URL is no URL"  # its text may hold a password
        raise ConfigError(message, hint=_ALLOWED) from cause
    if "@" in (url.host or ""):
        message = "the state URL has more than one @"  # what stands between them is part of a password
        raise ConfigError(message, hint="write an @ of the password as %40")
    if url.drivername in _POSTGRES:
        url = url.set(drivername=_POSTGRES[0])
        return url.set(query=_CONNECT | dict(url.query))
    if url.drivername not in _SQLITE:
        message = f"state URL scheme {url.drivername!r} is not known"
        raise ConfigError(message, hint=_ALLOWED)
    if not url.database or url.database == ":memory:":
        message = f"state URL {url.render_as_string()!r} names no file"
        raise ConfigError(message, hint=_ALLOWED)
    if url.query:
        message = f"state URL {url.render_as_string()!r} has options, and a SQLite file takes none"
        raise ConfigError(message, hint="leave out the ? and what follows")
    return url.set(database=str(Path(url.database).absolute()))


def place_of(url: URL) -> str:
    """Return what a person may see of a state URL."""
    return url.set(query={}).render_as_string(hide_password=True)


def file_of(url: URL) -> Path | None:
    """Return the file of a SQLite state, None for Postgres."""
    return Path(url.database) if url.database and url.drivername in _SQLITE else None


def make_folder(url: URL, mounts: Path = PROC_MOUNTS) -> None:
    """Make the folder of a SQLite file.

    Raises `ConfigError` when it lies on a network file system (as `mounts` tells) or cannot be made.
    """
    file = file_of(url)
    if file is None:
        return
    refuse_network_folder(file.parent, mounts)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        message = f"state folder {file.parent} cannot be made: {cause.strerror}"
        raise ConfigError(message, hint="choose another folder in COLLECTOR_STATE_URL, or make this one") from cause


def open_database(url: URL, busy_timeout: timedelta, password: Secret[Login] | None = None) -> Database:
    """Prepare connections to a state without opening one; who waits longer than `busy_timeout` for a lock gives up.

    A `password`, of Postgres, is asked for at each new connection.
    """
    make_engine = _postgres_engine if file_of(url) is None else _sqlite_engine
    engine = make_engine(url, busy_timeout)
    if password is not None:
        log_in_with(engine, password)
    return Database(engine, place_of(url), password_is_kept=password is not None)


def _sqlite_engine(url: URL, busy_timeout: timedelta) -> Engine:
    settings = {"isolation_level": None, "timeout": busy_timeout.total_seconds()}
    engine = create_engine(url, connect_args=settings, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _set_up(connection: SqliteConnection, _: ConnectionPoolEntry) -> None:
        _switch_to_wal(connection, busy_timeout)
        # FULL: with NORMAL a power cut undoes the last commits of a WAL, and the flow already relies on them.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction takes the lock at its first write, after others may have read the same rows.
        connection.exec_driver_sql(connection.get_execution_options().get("collector_begin", "BEGIN"))

    return engine


def _switch_to_wal(connection: SqliteConnection, busy_timeout: timedelta) -> None:
    # Two that switch a new file at once would wait for each other: one fails at once, whatever its timeout.
    deadline = monotonic() + busy_timeout.total_seconds()
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except OperationalError as error:
            if error.sqlite_errorcode != SQLITE_BUSY or monotonic() > deadline:
                raise
            sleep(_WAL_PAUSE)
        else:
            return


def _postgres_engine(url: URL, busy_timeout: timedelta) -> Engine:
    engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)
    lock_timeout = int(busy_timeout.total_seconds() * 1000)

    @event.listens_for(engine, "connect")
    def _set_up(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.cursor().execute(
            "SELECT set_config('TimeZone', 'UTC', false), set_config('lock_timeout', %s, false)",
            [f"{lock_timeout}ms"],
        )
        connection.commit()

    return engine
