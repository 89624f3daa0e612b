"""What X lets us in with: a bearer token, or the four keys of OAuth 1.0a; never shown, only fingerprinted."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from collector.core.errors import ConfigError

_HINT = "give a bearer token, or all of consumer key, consumer secret, access token and access token secret"


@dataclass(frozen=True, slots=True)
class XCredentials:
    """A bearer token, or four keys; with both, the bearer token is used: it has the higher rate limits.

    As a `Secret` of the ports they never change. Raises `ConfigError` when neither is complete or a part cannot stand
    in an HTTP header; no part is ever quoted.
    """

    bearer_token: str | None = None
    consumer_key: str | None = None
    consumer_secret: str | None = None
    access_token: str | None = None
    access_token_secret: str | None = None

    def __post_init__(self) -> None:
        if not self.bearer_token and not all(self._keys):
            message = "X credentials are missing or not complete"
            raise ConfigError(message, hint=_HINT)
        # requests quotes a header that it refuses, so a token that it would refuse must not get that far.
        if not all(part.isascii() and part.isprintable() and " " not in part for part in self.secrets):
            message = "an X credential holds a blank, a line break or a character that is not ASCII"
            raise ConfigError(message, hint="copy the token or the keys again, without quotes or spaces")

    def __repr__(self) -> str:
        return f"XCredentials({'OAuth 1.0a' if self.is_user_auth else 'bearer'}, fingerprint={self.fingerprint!r})"

    def current(self) -> Self:
        """Return these."""
        return self

    def renewed(self, refused: object) -> Self:  # noqa: ARG002  whatever was refused
        """Return these."""
        return self

    @property
    def is_user_auth(self) -> bool:
        """Say whether requests are signed for a user (OAuth 1.0a) instead of carrying the bearer token."""
        return not self.bearer_token

    @property
    def fingerprint(self) -> str:
        """Return 8 hex digits that tell credentials apart and give nothing away."""
        used = self.bearer_token or "\n".join(key or "" for key in self._keys)
        return sha256(used.encode()).hexdigest()[:8]

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return every part that is set."""
        return tuple(part for part in (self.bearer_token, *self._keys) if part)

    @property
    def _keys(self) -> tuple[str | None, ...]:
        return self.consumer_key, self.consumer_secret, self.access_token, self.access_token_secret
