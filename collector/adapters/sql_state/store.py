"""SqlState: the state store on SQLite or Postgres."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, select

from collector.adapters.sql_state import tables
from collector.adapters.sql_state.engines import Intent, file_of, make_folder, open_database, state_url
from collector.adapters.sql_state.mounts import PROC_MOUNTS
from collector.adapters.sql_state.reader import SqlReader
from collector.adapters.sql_state.schema import refuse_other_schema, schema_of
from collector.adapters.sql_state.writer import SqlWriter
from collector.core.ports import Clock, Secret
from collector.core.secret_text import Login

BUSY_TIMEOUT = timedelta(seconds=30)


class SqlState:
    """Implements `StateStore`; safe to share between threads, not between processes."""

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        password: Secret[Login] | None = None,
        busy_timeout: timedelta = BUSY_TIMEOUT,
        mounts: Path = PROC_MOUNTS,
    ) -> None:
        """Raise `ConfigError` for a URL that cannot hold a state; the database itself is opened at first use."""
        found = state_url(url)
        make_folder(found, mounts)
        self._url = url
        self._clock = clock
        self._makes_itself = file_of(found) is not None
        self._database = open_database(found, busy_timeout, password)
        self._lock = Lock()
        self._is_checked = False

    @contextmanager
    def reading(self) -> Iterator[SqlReader]:
        """Open one consistent snapshot. Raises `StateUnavailable`, and `ConfigError` for another schema."""
        self._check_schema()
        with self._database.transaction(Intent.READ) as connection:
            yield SqlReader(connection, self._clock)

    @contextmanager
    def writing(self) -> Iterator[SqlWriter]:
        """Open the one writing transaction; the next writer waits. Raises as `reading` does, and `StateConflict`."""
        self._check_schema()
        with self._database.transaction(Intent.WRITE) as connection:
            lock_out_other_writers(connection)
            yield SqlWriter(connection, self._clock)

    def close(self) -> None:
        """Close every connection; the store opens new ones when it is used again."""
        self._database.engine.dispose()

    def _check_schema(self) -> None:
        with self._lock:
            if self._is_checked:
                return
            found = self._schema()
            if found is None and self._makes_itself:
                _make_tables(self._url)
                found = self._schema()
            refuse_other_schema(found, self._database.place)
            self._is_checked = True

    def _schema(self) -> str | None:
        with self._database.transaction(Intent.READ) as connection:
            return schema_of(connection)


def lock_out_other_writers(connection: Connection) -> None:
    """Make the next writer wait until this transaction ends."""
    # Postgres lets writers meet; one row that all of them lock gives what BEGIN IMMEDIATE gives on SQLite.
    if connection.dialect.name != "sqlite":
        connection.execute(select(tables.seal_log.c.id).with_for_update()).scalar_one()


def _make_tables(url: str) -> None:
    from collector.adapters.sql_state.migrations import upgrade  # noqa: PLC0415  Alembic is slow to load, and rare

    upgrade(url)
