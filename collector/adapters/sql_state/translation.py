"""Translation: what the database's errors mean to the caller."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from collector.core.errors import CollectorError, ConfigError, StateConflict, StateUnavailable

_SQLITE_PASSES = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_SQLITE_STAYS = {
    *(sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH),
    *(sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT),
}
_POSTGRES_STAYS = ("28", "3D", "42501")  # wrong login, no such database, missing right
# psycopg tells no SQLSTATE of a connection that failed, only the words of the server, and its own of the URL's options.
_NO_CONNECTION_STAYS = re.compile(
    r'FATAL: +database ".*" does not exist|^invalid connection option |: invalid port number: '
)
_PRIMARY_CODE = 0xFF
_REFUSED_LOGIN = re.compile("authentication failed|no password supplied")
_PASSWORD = "correct the user or the password in COLLECTOR_STATE_URL"  # noqa: S105  no password
_ROTATED = "try again later; if it stays so, check the password that COLLECTOR_STATE_PASSWORD_SECRET names"
_ROOM = "make room on the disk of the state, then try again"
_LATER = "another worker holds the lock, or the database is down; try again later"


@contextmanager
def translated(place: str, *, password_is_kept: bool) -> Iterator[None]:
    """Raise `StateUnavailable`, `StateConflict` or `ConfigError` for the database's errors, naming `place`.

    A refused login passes where a secret keeps the password: it is rotated there and in the database one by one.
    """
    try:
        yield
    except exc.IntegrityError as cause:
        message = f"state {place} refuses a row: {first_line(cause.orig)}"
        raise StateConflict(message, hint="another worker was faster, or this state is old") from cause
    except exc.TimeoutError as cause:
        message = f"state {place} has no free connection"
        raise StateUnavailable(message, hint="try again later, or with less concurrency") from cause
    except exc.DBAPIError as cause:
        error = _meaning(cause, place, password_is_kept=password_is_kept)
        if error is None:
            raise
        raise error from cause


def _meaning(cause: exc.DBAPIError, place: str, *, password_is_kept: bool) -> CollectorError | None:
    words = f"state {place}: {first_line(cause.orig)}"
    if _is_refused_login(cause.orig):
        return StateUnavailable(words, hint=_ROTATED) if password_is_kept else ConfigError(words, hint=_PASSWORD)
    if _stays(cause.orig):
        return ConfigError(words, hint="check COLLECTOR_STATE_URL: that it exists, and your rights to it")
    if _passes(cause):
        return StateUnavailable(words, hint=_ROOM if _codes(cause.orig)[0] == sqlite3.SQLITE_FULL else _LATER)
    return None


def _is_refused_login(original: BaseException | None) -> bool:
    return not _codes(original)[1] and bool(_REFUSED_LOGIN.search(str(original)))


def _stays(original: BaseException | None) -> bool:
    code, sqlstate = _codes(original)
    if code in _SQLITE_STAYS or sqlstate.startswith(_POSTGRES_STAYS):
        return True
    return not sqlstate and bool(_NO_CONNECTION_STAYS.search(str(original)))


def _passes(cause: exc.DBAPIError) -> bool:
    if isinstance(cause.orig, sqlite3.Error):
        return _codes(cause.orig)[0] in _SQLITE_PASSES
    return cause.connection_invalidated or isinstance(cause, exc.OperationalError | exc.InterfaceError)


def _codes(original: BaseException | None) -> tuple[int, str]:
    code = getattr(original, "sqlite_errorcode", None) or 0
    return code & _PRIMARY_CODE, getattr(original, "sqlstate", None) or ""


def first_line(original: BaseException | None) -> str:
    """Return what the database says, without the lines that follow."""
    return str(original).strip().partition("\n")[0]
