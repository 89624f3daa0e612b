"""SqlExamination: whether a state can be reached and written, and is at the newest schema; it changes nothing."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from collector.adapters.disk_space import existing, space_finding
from collector.adapters.sql_state.engines import Database, Intent, file_of, open_database, place_of, state_url
from collector.adapters.sql_state.mounts import PROC_MOUNTS, refuse_network_folder
from collector.adapters.sql_state.schema import refuse_other_schema, schema_of
from collector.adapters.sql_state.store import lock_out_other_writers
from collector.adapters.sql_state.tables import HEAD
from collector.core.errors import ConfigError
from collector.core.findings import Finding, Tolerance, clock_finding, fine, warning, wrong
from collector.core.ports import Clock, Secret
from collector.core.secret_text import Login

WHY = "what is collected, planned and spent is kept there: no step runs without it"
BUSY_TIMEOUT = timedelta(seconds=5)
_WHY_CLOCK = "batches bear this machine's time and leases the database's: views and logs of the two do not agree"
TOLERANCE = Tolerance(warn=timedelta(seconds=5), wrong=None, why=_WHY_CLOCK)


def names_of(url: str) -> tuple[str, str]:
    """Return the findings that a state owes: a file its disk, a server its clock."""
    return ("state", "state disk" if url.startswith("sqlite") else "state clock")


class SqlExamination:
    """A look at a state on SQLite or Postgres."""

    def __init__(
        self, url: str, clock: Clock, *, password: Secret[Login] | None = None, mounts: Path = PROC_MOUNTS
    ) -> None:
        """Raise `ConfigError` for a URL that cannot hold a state; a `password`, of Postgres, is kept elsewhere."""
        self._url = state_url(url)
        self._clock = clock
        self._password = password
        self._mounts = mounts
        self._file = file_of(self._url)

    def findings(self) -> Iterator[Finding]:
        """Yield the findings of `names_of`."""
        if self._file is None:
            yield from self._server()
            return
        # SQLite itself would wait, or lose writes, where its locks do not hold.
        refuse_network_folder(self._file.parent, self._mounts)
        yield self._of_file(self._file)
        yield space_finding("state disk", self._file.parent)

    def _of_file(self, file: Path) -> Finding:
        # SQLite takes an empty file for a database that is still to be made.
        if file.exists() and file.stat().st_size:
            with self._opened() as database:
                return self._of_database(database)
        folder = existing(file.parent)
        if not os.access(folder, os.W_OK | os.X_OK):
            command = f"sudo chown $USER {folder}, or name another file in COLLECTOR_STATE_URL"
            return wrong("state", f"{file} cannot be made: {folder} may not be written", why=WHY, command=command)
        return warning("state", f"{file} is not made yet", why=WHY, command="collector migrate")

    def _server(self) -> Iterator[Finding]:
        with self._opened() as database:
            yield self._of_database(database)
            with database.transaction(Intent.READ) as connection:
                theirs: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        ahead = self._clock.now() - theirs.astimezone(UTC)
        yield clock_finding("state clock", "the database server", ahead, TOLERANCE)

    @contextmanager
    def _opened(self) -> Iterator[Database]:
        database = open_database(self._url, BUSY_TIMEOUT, self._password)
        try:
            yield database
        finally:
            database.engine.dispose()

    def _of_database(self, database: Database) -> Finding:
        with database.transaction(Intent.READ) as connection:
            found = schema_of(connection)
        if not found:
            what = f"{place_of(self._url)} has no tables of the collector"
            return wrong("state", what, why=WHY, command="collector migrate")
        try:
            refuse_other_schema(found, place_of(self._url))
        except ConfigError as error:
            return wrong("state", str(error), why=WHY, command=error.hint)
        with database.transaction(Intent.WRITE) as connection:
            lock_out_other_writers(connection)
        return fine("state", f"{place_of(self._url)} can be written, schema {HEAD}")
