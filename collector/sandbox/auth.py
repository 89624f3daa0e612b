"""sandbox: who is calling, by bearer token or by an OAuth 1.0a signature that is really verified."""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, quote, unquote, urlsplit

_PAIR = re.compile(r'(\w+)="([^"]*)"')


class Caller(StrEnum):
    """In whose name a request is made; X counts their requests apart."""

    APP = "app"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the stand-in accepts; every secret is synthetic."""

    bearer_token: str = "sandbox-token"  # noqa: S105
    consumer_key: str = "sandbox-consumer-key"
    consumer_secret: str = "sandbox-consumer-secret"  # noqa: S105
    access_token: str = "sandbox-access-token"  # noqa: S105
    access_token_secret: str = "sandbox-access-token-secret"  # noqa: S105

    def caller(self, method: str, url: str, authorization: str) -> Caller | None:
        """Return who calls, None when the credential is wrong; `url` is the one really called, with its query."""
        scheme, _, credential = authorization.partition(" ")
        if scheme == "Bearer":
            return Caller.APP if hmac.compare_digest(credential.encode(), self.bearer_token.encode()) else None
        if scheme == "OAuth" and self._has_signed(method, url, credential):
            return Caller.USER
        return None

    def _has_signed(self, method: str, url: str, credential: str) -> bool:
        given = {name: unquote(value) for name, value in _PAIR.findall(credential)}
        signature = given.pop("oauth_signature", "")
        ours = (self.consumer_key, self.access_token, "HMAC-SHA1")
        if tuple(map(given.get, ("oauth_consumer_key", "oauth_token", "oauth_signature_method"))) != ours:
            return False
        return hmac.compare_digest(signature.encode(), self._signature(method, url, given).encode())

    def _signature(self, method: str, url: str, oauth: dict[str, str]) -> str:
        """Return the HMAC-SHA1 of RFC 5849, section 3.4."""
        parts = urlsplit(url)
        pairs = [*parse_qsl(parts.query, keep_blank_values=True), *oauth.items()]
        encoded = sorted((_escaped(name), _escaped(value)) for name, value in pairs)
        parameters = "&".join(f"{name}={value}" for name, value in encoded)
        place = f"{parts.scheme}://{parts.netloc.lower()}{parts.path}"
        base = "&".join(map(_escaped, (method.upper(), place, parameters)))
        key = f"{_escaped(self.consumer_secret)}&{_escaped(self.access_token_secret)}"
        return base64.b64encode(hmac.digest(key.encode(), base.encode(), hashlib.sha1)).decode()


def _escaped(text: str) -> str:
    return quote(text, safe="~")
