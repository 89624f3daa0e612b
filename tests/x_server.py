"""A real HTTP server that gives the answers a test dictates, in order; the last one is repeated."""

import json
import socket
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from fakes.clock import FakeClock

from collector.adapters.x_api import Retries, XApi, XCredentials
from collector.core.ids import AccountId
from collector.core.pages import Ask
from collector.core.ranges import IdRange

TOKEN = "AAAAsecret-bearer-token%3D"
FAST = Retries(wait_initial=timedelta(0), wait_max=timedelta(0), wait_jitter=timedelta(0))
ASK = Ask(AccountId(12), IdRange(100, 900))
JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; `delivery` is whole, slow, truncated, drip, reset or hang."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str | None] = field(default_factory=dict)
    delivery: str = "whole"

    def saying(self, **headers: object) -> "Reply":
        """Return the reply with more headers, `x_rate_limit_reset` for `x-rate-limit-reset`; None takes one away."""
        named = {name.replace("_", "-"): None if value is None else str(value) for name, value in headers.items()}
        return Reply(self.status, self.body, {**self.headers, **named}, self.delivery)

    def delivered(self, delivery: str) -> "Reply":
        return Reply(self.status, self.body, self.headers, delivery)


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came in."""

    url: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]


def tell(status: int, answer: Any) -> Reply:
    return Reply(status, json.dumps(answer).encode())


def page(tweet_ids: Iterable[int] = (), next_token: str | None = None, text: str = "hello") -> Reply:
    tweets = [{"id": str(tweet_id), "text": text} for tweet_id in tweet_ids]
    meta = {"result_count": len(tweets)} | ({"next_token": next_token} if next_token else {})
    return tell(200, {"data": tweets, "meta": meta} if tweets else {"meta": meta})


def problem(kind: str, title: str = "", detail: str = "", **more: object) -> dict[str, object]:
    return {"type": f"https://api.x.com/2/problems/{kind}", "title": title, "detail": detail, **more}


class XServer:
    """Serves on 127.0.0.1 while the block lasts; `seen` are the requests, `connections` how many sockets they took."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.seen: list[Seen] = []
        self.connections = 0
        self._replies: list[Reply] = []
        self._lock = Lock()
        self._stopped = Event()

    def says(self, *replies: Reply) -> None:
        """Dictate the next answers."""
        with self._lock:
            self._replies = list(replies)

    def __enter__(self) -> Self:
        class Line(_Line):
            script = self

        self._http = _Http(("127.0.0.1", 0), Line)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def reply_to(self, seen: Seen) -> Reply:
        with self._lock:
            self.seen.append(seen)
            return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    def pause(self, seconds: float) -> bool:
        """Wait, but not beyond the end of the block; say whether that has come."""
        return self._stopped.wait(seconds)


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that goes away is part of many tests.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Line(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    script: XServer

    def setup(self) -> None:
        super().setup()
        self.script.connections += 1

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        url = f"http://{self.headers['Host']}{self.path}"
        seen = Seen(url, parts.path, dict(parse_qsl(parts.query)), dict(self.headers.items()))
        self._give(self.script.reply_to(seen))

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _give(self, reply: Reply) -> None:
        if reply.delivery == "hang":
            self.script.pause(30)
            self.close_connection = True
        elif reply.delivery == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
        else:
            self._write(reply)

    def _write(self, reply: Reply) -> None:
        length = len(reply.body) + (reply.delivery == "truncated")
        date = format_datetime(self.script.clock.at, usegmt=True)
        headers = {"Date": date, "Content-Type": JSON, "Content-Length": str(length), **reply.headers}
        self.send_response_only(reply.status)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        if reply.delivery == "slow":
            self.script.pause(0.03)
        self.close_connection = reply.delivery == "truncated"
        step = 1 if reply.delivery == "drip" else max(1, len(reply.body))
        for at in range(0, len(reply.body), step):
            self.wfile.write(reply.body[at : at + step])
            if step == 1 and self.script.pause(0.05):
                return


@dataclass
class Rig:
    """An XApi in front of a dictated X, time passing for both while the XApi sleeps; `slept` are the seconds."""

    server: XServer
    clock: FakeClock = field(default_factory=FakeClock)
    slept: list[float] = field(default_factory=list)

    def api(self, credentials: XCredentials | None = None, **settings: Any) -> XApi:
        known = {"base_url": self.server.url, "clock": self.clock, "sleep": self.sleep, "retries": FAST}
        self.made = XApi(credentials or XCredentials(bearer_token=TOKEN), **(known | settings))
        return self.made

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(timedelta(seconds=seconds))
        self.server.clock.advance(timedelta(seconds=seconds))


@contextmanager
def x_rig() -> Iterator[Rig]:
    with XServer() as server:
        rig = Rig(server)
        rig.api()
        yield rig
        rig.made.close()
