"""What the text of a stored secret holds: a bearer token, or a login; no error ever quotes it."""

import json
from dataclasses import dataclass, field

from collector.core.errors import SecretRefused

_BEARER = 'store the bearer token alone, or {"bearer_token": "..."}'
_QUOTES = "\"'[<"
"""What shells and JSON put around a token; none begins so."""
_LOGIN = 'store the password alone, or {"username": "...", "password": "..."}'


@dataclass(frozen=True, slots=True)
class Login:
    """A database's password, and whose it is where the secret says so."""

    password: str = field(repr=False)
    username: str | None = None


def bearer_token_of(text: str, secret: str) -> str:
    """Return the token in a secret's text: the text itself, or the member `bearer_token` of JSON.

    Raises `SecretRefused`, naming the `secret`, for what cannot be a token.
    """
    members = _members(text)
    if members is None and text.lstrip().startswith("{"):
        message = f"{secret} begins like JSON, and is none"
        raise SecretRefused(message, hint=_BEARER)
    token = (text if members is None else _member(members, "bearer_token", secret, _BEARER)).strip()
    if not token:
        message = f"{secret} is empty"
        raise SecretRefused(message, hint=_BEARER)
    if token[0] in _QUOTES:
        message = f"{secret} holds the token in quotes or brackets"
        raise SecretRefused(message, hint=_BEARER)
    if not (token.isascii() and token.isprintable()) or " " in token:
        message = f"{secret} holds a blank, a line break or a character that is not ASCII"
        raise SecretRefused(message, hint=_BEARER)
    return token


def login_of(text: str, secret: str) -> Login:
    """Return the login in a secret's text: a password, or JSON with `password` and perhaps `username`, as RDS keeps it.

    Raises `SecretRefused`, naming the `secret`, when there is no password in it.
    """
    members = _members(text)
    if members is None:
        password, username = text.rstrip("\r\n"), None
    else:
        password = _member(members, "password", secret, _LOGIN)
        username = _member(members, "username", secret, _LOGIN) if "username" in members else None
    if not password:
        message = f"{secret} is empty"
        raise SecretRefused(message, hint=_LOGIN)
    return Login(password, username)


def _members(text: str) -> dict[str, object] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _member(members: dict[str, object], name: str, secret: str, hint: str) -> str:
    found = members.get(name)
    if not isinstance(found, str):
        message = f'{secret} is JSON without a text "{name}"'
        raise SecretRefused(message, hint=hint)
    return found
