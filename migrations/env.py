"""Alembic's environment: opens the state's database and runs the migrations in one transaction.

The URL comes from the caller (`config.attributes["url"]`), else from COLLECTOR_STATE_URL. A caller may set up how the
engine logs in (`config.attributes["log_in"]`).
"""

import os
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from alembic import context
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url, text
from sqlalchemy.pool import ConnectionPoolEntry

VERSION_TABLE = "collector_alembic_version"
DEFAULT_URL = "sqlite:///collector-data/state.db"
LOCK = 0x636F6C6C6563746F
"""The word `collecto` as a number: who holds it on Postgres migrates."""


def state_url() -> URL:
    given = context.config.attributes.get("url") or os.environ.get("COLLECTOR_STATE_URL") or DEFAULT_URL
    return make_url(given)


def open_engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, poolclass=NullPool)
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, poolclass=NullPool, connect_args={"isolation_level": None, "timeout": 30})

    @event.listens_for(engine, "connect")
    def _set_up(connection: SqliteConnection, _: ConnectionPoolEntry) -> None:
        # Rebuilding a parent table with foreign keys on would delete its children; inside a transaction it is too late.
        connection.execute("PRAGMA foreign_keys = OFF")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def lock_out_others(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if orphans:
            message = f"{len(orphans)} rows lost their parent, first in table {orphans[0][0]}"
            raise RuntimeError(message)


def migrate(connection: Connection) -> None:
    lock_out_others(connection)
    context.configure(connection=connection, version_table=VERSION_TABLE, render_as_batch=True)
    context.run_migrations()
    check_foreign_keys(connection)


def set_up_login(engine: Engine) -> None:
    log_in = context.config.attributes.get("log_in")
    if log_in is not None:
        log_in(engine)
    elif os.environ.get("COLLECTOR_STATE_PASSWORD_SECRET") and "url" not in context.config.attributes:
        message = "COLLECTOR_STATE_PASSWORD_SECRET is read by `collector migrate`, not by alembic"
        raise SystemExit(message)


def main() -> None:
    engine = open_engine(state_url())
    set_up_login(engine)
    with engine.begin() as connection:
        migrate(connection)


main()
