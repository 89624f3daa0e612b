"""Logins: a password that may be rotated, read for each new connection."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Dialect, Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from collector.core.ports import Secret
from collector.core.secret_text import Login

_WRONG_LOGIN = "28"
"""The class of SQLSTATE; psycopg tells none of a connection that failed, the server only its words."""


def log_in_with(engine: Engine, password: Secret[Login]) -> None:
    """Let every new connection of a Postgres engine log in with the password as it then is.

    One that the server refuses is read again once. A username that comes with it is the one it belongs to. Connections
    raise what the secret raises.
    """

    @event.listens_for(engine, "do_connect")
    def _connect(
        dialect: Dialect, _: ConnectionPoolEntry, words: Sequence[Any], named: dict[str, Any]
    ) -> DBAPIConnection:
        login = password.current()
        try:
            return dialect.connect(*words, **named | _parameters(login))
        except Exception as error:
            renewed = password.renewed(login) if _is_refused(error) else login
            if renewed == login:
                raise
        return dialect.connect(*words, **named | _parameters(renewed))


def _parameters(login: Login) -> dict[str, str]:
    return {"password": login.password} | ({"user": login.username} if login.username else {})


def _is_refused(error: Exception) -> bool:
    sqlstate = getattr(error, "sqlstate", None) or ""
    return sqlstate.startswith(_WRONG_LOGIN) or "authentication failed" in str(error)
