"""EC2's metadata endpoint (IMDSv2 alone) and an S3 that refuses credentials once they have expired, on a fast clock."""

import json
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

from faster_clock import SINCE, TIMES, fast_now
from moto.server import ThreadedMotoServer
from s3_server import one_at_a_time

LIFE = timedelta(minutes=40)
"""Of credentials; botocore renews them in their last 15 minutes."""
ROLE = "/latest/meta-data/iam/security-credentials/"


@dataclass(frozen=True, slots=True)
class Pair:
    """Temporary credentials."""

    key_id: str = field(default_factory=lambda: f"ASIA{secrets.token_hex(8).upper()}")
    secret: str = field(default_factory=lambda: secrets.token_hex(20))
    token: str = field(default_factory=lambda: secrets.token_hex(30))
    expires_at: datetime = field(default_factory=lambda: fast_now() + LIFE)

    @property
    def document(self) -> dict[str, str]:
        known = {"AccessKeyId": self.key_id, "SecretAccessKey": self.secret, "Token": self.token}
        return known | {"Code": "Success", "Expiration": f"{self.expires_at:%Y-%m-%dT%H:%M:%SZ}"}


@dataclass(slots=True)
class MachineRole:
    """What the endpoint issues and S3 accepts; while it `is_gone` the endpoint answers nothing of use."""

    issued: list[Pair] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    """The key ids that S3 accepted, in order of their first use."""
    refused: list[str] = field(default_factory=list)
    """What S3 answered instead."""
    without_token: int = 0
    is_gone: bool = False
    session_token: str = field(default_factory=lambda: secrets.token_hex(20))
    url: str = ""
    s3_url: str = ""
    lock: Any = field(default_factory=Lock)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.url,
            "AWS_EC2_METADATA_DISABLED": "false",
            "AWS_EC2_METADATA_V1_DISABLED": "true",
            "AWS_ENDPOINT_URL_S3": self.s3_url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "FASTER_CLOCK": f"{SINCE},{TIMES}",
        }

    def current(self) -> Pair:
        """Return what is issued now: long before a pair expires there is another one."""
        with self.lock:
            if not self.issued or self.issued[-1].expires_at - fast_now() < LIFE / 2:
                self.issued.append(Pair())
            return self.issued[-1]

    def answer(self, method: str, path: str, headers: Any) -> tuple[int, str]:
        """Answer as IMDSv2 does where it is required."""
        if self.is_gone:
            return 503, "gone"
        if method == "PUT":
            is_asked_well = path == "/latest/api/token" and "X-aws-ec2-metadata-token-ttl-seconds" in headers
            return (200, self.session_token) if is_asked_well else (400, "")
        if headers.get("X-aws-ec2-metadata-token") != self.session_token:
            self.without_token += 1
            return 401, ""
        answers = {ROLE: lambda: "collector", f"{ROLE}collector": lambda: json.dumps(self.current().document)}
        return (200, answers[path]()) if path in answers else (404, "")

    def complaint(self, authorization: str, token: str) -> str:
        """Return why S3 refuses a request, or nothing."""
        key_id = authorization.partition("Credential=")[2].partition("/")[0]
        pair = next((one for one in self.issued if one.key_id == key_id), None)
        if pair is None:
            return "InvalidAccessKeyId"
        if token != pair.token:
            return "InvalidToken"
        if fast_now() >= pair.expires_at:
            return "ExpiredToken"
        if key_id not in self.used:
            self.used.append(key_id)
        return ""

    def guarding(self, app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        """Put S3 behind the check."""

        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            known = environ.get("HTTP_AUTHORIZATION", ""), environ.get("HTTP_X_AMZ_SECURITY_TOKEN", "")
            code = self.complaint(*known)
            if not code:
                return app(environ, start_response)
            self.refused.append(code)
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            body = f"<Error><Code>{code}</Code><Message>A synthetic refusal</Message></Error>".encode()
            start_response("400 Bad Request", [("Content-Length", str(len(body)))])
            return [body]

        return answer


@contextmanager
def machine_role() -> Iterator[MachineRole]:
    """Serve both while the block lasts."""
    role = MachineRole()
    metadata = ThreadingHTTPServer(("127.0.0.1", 0), _answering(role))
    role.url = f"http://127.0.0.1:{metadata.server_port}"
    thread = Thread(target=metadata.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    s3 = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    s3.start()
    s3._server.app = role.guarding(one_at_a_time(s3._server.app))
    role.s3_url = f"http://127.0.0.1:{s3.get_host_and_port()[1]}"
    try:
        yield role
    finally:
        s3.stop()
        metadata.shutdown()
        metadata.server_close()
        thread.join()


def _answering(role: MachineRole) -> type[BaseHTTPRequestHandler]:
    class Metadata(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = role.answer(self.command, self.path, self.headers)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        do_PUT = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            return

    return Metadata
