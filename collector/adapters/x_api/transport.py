"""HTTP below tweepy: the host really called, timeouts, pooling, bounded bodies; every attempt is counted here."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import requests
import tweepy
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NewConnectionError

from collector.adapters.x_api.credentials import XCredentials
from collector.core.errors import ConfigError, SourceUnavailable

MAX_BODY = 64 * 2**20
"""The largest body accepted, in bytes, after decompression; a page of 100 tweets has well under one million."""

_CHUNK = 2**16
_OK = 200
_PATIENCE = 4
"""How many read timeouts a whole body may take."""

_NOT_SENT = (requests.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.ProxyError)
_NOISY = ("tweepy", "urllib3", "requests_oauthlib", "oauthlib")


@dataclass(frozen=True, slots=True)
class Answer:
    """What X answered, its body read to the end."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Refused(Exception):
    """X answered, but not with 200; `answer` says how, with our secrets blotted out."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"HTTP {answer.status}")
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Door:
    """Where X is, how its parameters are called there, and how long it may take (seconds)."""

    base_url: str
    renamed: Mapping[str, str]
    connect_timeout: float
    read_timeout: float
    concurrency: int

    def __post_init__(self) -> None:
        if not _is_address(self.base_url):
            message = f"X base URL {self.base_url!r} is no http or https address"
            raise ConfigError(message, hint="write https://api.x.com")


class Transport:
    """Connections shared by the sessions of all threads."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self._secrets: frozenset[bytes] = frozenset()
        # urllib3 must not retry: one send is one request, and it is counted.
        self._adapter = HTTPAdapter(pool_maxsize=door.concurrency, max_retries=0)
        self._lock = Lock()
        self._sent = 0
        quiet_loggers()

    @property
    def sent(self) -> int:
        """Count the HTTP requests tried so far."""
        return self._sent

    def session(self) -> requests.Session:
        """Return a new session, for one thread, on the shared connections."""
        return _Session(self, self._adapter)

    def close(self) -> None:
        """Close the idle connections."""
        self._adapter.close()

    def count(self) -> None:
        """Count one request."""
        with self._lock:
            self._sent += 1

    def hide(self, credentials: XCredentials) -> None:
        """Blot these credentials out of what X answers from now on."""
        with self._lock:
            self._secrets |= {secret.encode() for secret in credentials.secrets}

    def blotted(self, body: bytes) -> bytes:
        """Return a body without our secrets: an error page may echo what we sent."""
        for secret in self._secrets:
            body = body.replace(secret, b"***")
        return body


def tweepy_client(credentials: XCredentials, transport: Transport) -> Any:  # noqa: ANN401 - tweepy is not typed
    """Return a client of one thread; its answers are `requests.Response`, or `Refused`."""
    client = tweepy.Client(
        credentials.bearer_token,
        credentials.consumer_key,
        credentials.consumer_secret,
        credentials.access_token,
        credentials.access_token_secret,
        return_type=requests.Response,
        wait_on_rate_limit=False,
    )
    client.session = transport.session()
    return client


class Body(bytes):
    """A body that does not show itself: tweepy formats it for a log line at every answer, at any level."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"({len(self)} bytes)"

    __str__ = __repr__


def quiet_loggers() -> None:
    """Keep the loggers below us above DEBUG, where tweepy writes the bearer token and every tweet."""
    for name in _NOISY:
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.INFO))


class _Session(requests.Session):
    def __init__(self, transport: Transport, adapter: HTTPAdapter) -> None:
        super().__init__()
        self._transport = transport
        self._environment: dict[str, Any] = {}
        # Without an auth of its own, requests puts a .netrc entry in place of our Authorization header.
        self.auth = _as_it_is
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        # Here and not in an adapter: OAuth 1.0a signs the address, so it must be the final one before auth is applied.
        door = self._transport.door
        request.url = door.base_url.rstrip("/") + urlsplit(str(request.url)).path
        request.params = {door.renamed.get(name, name): value for name, value in dict(request.params or {}).items()}
        return super().prepare_request(request)

    def merge_environment_settings(self, *asked: Any) -> Any:  # noqa: ANN401 - as in requests
        # Every request goes to the same host, and reading proxies from the environment costs as much as sending.
        self._environment = self._environment or dict(super().merge_environment_settings(*asked))
        return dict(self._environment)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - as in requests
        door = self._transport.door
        kwargs |= {"timeout": (door.connect_timeout, door.read_timeout), "stream": True}
        self._transport.count()
        try:
            response = super().send(request, **kwargs)
            body = _read(response, door.read_timeout * _PATIENCE)
        except (requests.RequestException, HTTPError) as cause:
            message = f"{urlsplit(door.base_url).netloc} did not answer properly: {type(cause).__name__}"
            hint = "check the network, the proxy and the address of X"
            raise SourceUnavailable(message, hint=hint, may_be_billed=_was_sent(cause)) from cause
        # tweepy's own errors fail on bodies and headers that it does not expect, so it sees good answers only.
        if response.status_code != _OK:
            raise Refused(Answer(response.status_code, response.headers, self._transport.blotted(body)))
        response._content = Body(body)  # noqa: SLF001 - read already, and bounded
        return response

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        del resp  # no redirect is followed, wherever it leads: it would take the credentials along
        return None


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_port = parts.port != 0
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"} and bool(parts.hostname) and is_port and not (parts.query or parts.fragment)
    )


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _read(response: requests.Response, seconds: float) -> bytes:
    body = bytearray()
    deadline = time.monotonic() + seconds
    with response:
        # read1 returns with whatever has arrived, so that a body that drips cannot hold us for ever.
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > MAX_BODY or time.monotonic() > deadline:
                message = f"X's answer has no end: {len(body)} bytes read"
                raise SourceUnavailable(message, may_be_billed=True)
    return bytes(body)


def _was_sent(cause: Exception) -> bool:
    """Say whether a request that failed may have reached X."""
    reason = getattr(cause.args[0], "reason", None) if cause.args else None
    return not isinstance(cause, _NOT_SENT) and not isinstance(reason, NewConnectionError)
