"""An S3 server (moto) behind a guard that refuses what a test forbids, or does what some look-alikes do."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from s3_server import HASTY, client_for, one_at_a_time
from werkzeug.serving import WSGIRequestHandler, make_server

from collector.adapters.s3 import S3Objects

BUCKET, PREFIX = "guarded", "some/prefix"
Start = Callable[[str, list[tuple[str, str]]], Any]


@dataclass
class Guard:
    """What the server refuses. Keys are told by how they start, below the bucket."""

    app: Callable[..., Iterable[bytes]]
    url: str = ""
    forbidden: list[tuple[str, str]] = field(default_factory=list)
    told: str = "Access Denied"
    refuses_all: tuple[int, str] | None = None
    """Status and code of the answer to everything."""
    hides_missing_keys: bool = False
    """Where s3:ListBucket is allowed with a condition on the prefix alone, a missing key is a 403."""
    condition: str = "honoured"
    """What comes of If-None-Match: honoured, ignored, or 501."""
    ahead: timedelta = timedelta(0)
    region: str = ""
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)

    def forbid(self, right: str, folder: str = "") -> None:
        """Take an IAM action away below a folder of the output."""
        self.forbidden.append((right, f"{PREFIX}/{folder}"))

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    @property
    def output(self) -> str:
        return f"s3://{BUCKET}/{PREFIX}"

    def objects(self, prefix: str = PREFIX) -> S3Objects:
        return S3Objects(BUCKET, prefix, client=client_for(self.url, HASTY), patience=HASTY)

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        right, key = _asked(environ)
        self.requests.append((right, key, environ.get("HTTP_IF_NONE_MATCH")))
        refusal = self._refusal(right, key, environ)
        if refusal:
            return self._refused(*refusal, start)
        if self.condition == "ignored":
            environ.pop("HTTP_IF_NONE_MATCH", None)
        began: list[Any] = []
        body = b"".join(self.app(environ, lambda *words: began.extend(words[:2])))
        status, headers = began
        if self.hides_missing_keys and b"<Code>NoSuchKey</Code>" in body:
            return self._refused(403, "AccessDenied", start)
        start(status, [*headers, *self._more()])
        return [body]

    def _refusal(self, right: str, key: str, environ: dict[str, Any]) -> tuple[int, str] | None:
        if self.refuses_all:
            return self.refuses_all
        if any(right == other and key.startswith(start) for other, start in self.forbidden):
            return 403, "AccessDenied"
        return (501, "NotImplemented") if self.condition == "501" and "HTTP_IF_NONE_MATCH" in environ else None

    def _refused(self, status: int, code: str, start: Start) -> Iterable[bytes]:
        body = f"<Error><Code>{code}</Code><Message>{self.told}</Message></Error>".encode()
        start(
            f"{status} {code}", [("Content-Type", "application/xml"), ("Content-Length", f"{len(body)}"), *self._more()]
        )
        return [body]

    def _more(self) -> list[tuple[str, str]]:
        return [("x-amz-bucket-region", self.region)] if self.region else []


def _asked(environ: dict[str, Any]) -> tuple[str, str]:
    """Return the IAM action that a request needs, and the key or the prefix that it is about."""
    _, _, key = environ["PATH_INFO"].lstrip("/").partition("/")
    if not key:
        return "s3:ListBucket", parse_qs(environ.get("QUERY_STRING", "")).get("prefix", [""])[0]
    return {"PUT": "s3:PutObject", "DELETE": "s3:DeleteObject"}.get(environ["REQUEST_METHOD"], "s3:GetObject"), key


class _Connection(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def date_time_string(self, _timestamp: float | None = None) -> str:
        """Return the guard's time for the Date header."""
        return format_datetime(datetime.now(UTC) + self.server.app.ahead, usegmt=True)

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Say nothing."""


@contextmanager
def guarded_s3() -> Iterator[Guard]:
    """Serve an empty bucket behind a guard that lets everything pass."""
    guard = Guard(one_at_a_time(DomainDispatcherApplication(create_backend_app)))
    server = make_server("127.0.0.1", 0, guard, threaded=True, request_handler=_Connection)
    guard.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    client = client_for(guard.url)
    client.create_bucket(Bucket=BUCKET)
    guard.requests.clear()
    try:
        yield guard
    finally:
        guard.__dict__.update(refuses_all=None, forbidden=[], condition="honoured")
        for entry in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
            client.delete_object(Bucket=BUCKET, Key=entry["Key"])
        client.delete_bucket(Bucket=BUCKET)
        client.close()
        server.shutdown()
        thread.join()
        server.server_close()
