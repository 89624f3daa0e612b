"""An HTTP server that answers as scripted, to stand before a real boto3 client."""

import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any

from s3_server import HASTY, client_for

from collector.adapters.s3 import S3Objects


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send; `lost` resets the connection instead, `hanging` waits, `cut` sends half of the body.

    `stalled` sends half as well, and keeps the connection open.
    """

    status: int = 200
    body: bytes = b""
    fault: str = ""


def complaint(status: int, code: str) -> Answer:
    return Answer(status, f"<Error><Code>{code}</Code><Message>A synthetic refusal</Message></Error>".encode())


LOST = Answer(fault="lost")
HANGING = Answer(fault="hanging")


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class ScriptedS3:
    """The answers still to give (the last one stands for ever) and the requests that came."""

    answers: list[Answer]
    requests: list[Request] = field(default_factory=list)
    port: int = 0
    stopping: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer_to(self, request: Request) -> Answer:
        with self.lock:
            self.requests.append(request)
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def scripted_s3(*answers: Answer) -> Iterator[ScriptedS3]:
    """Serve the answers, one a request, in order."""
    script = ScriptedS3(list(answers))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _answering(script))
    script.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield script
    finally:
        script.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def store_before(*answers: Answer) -> Iterator[tuple[S3Objects, ScriptedS3]]:
    """Give a store whose requests get the answers."""
    with scripted_s3(*answers) as server:
        client = client_for(server.url, HASTY)
        try:
            yield S3Objects("posts", "x", client=client, patience=HASTY), server
        finally:
            client.close()


def _answering(script: ScriptedS3) -> type[BaseHTTPRequestHandler]:
    class Scripted(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = script.answer_to(Request(self.command, self.path, dict(self.headers), body))
            if answer.fault == "lost":
                self._reset()
            elif answer.fault == "hanging":
                script.stopping.wait(5)
                self._reset()
            else:
                self._send(answer)

        do_GET = do_POST = do_PUT  # noqa: N815

        def _send(self, answer: Answer) -> None:
            is_cut = answer.fault in {"cut", "stalled"}
            self.send_response(answer.status)
            if answer.body.startswith(b"<Error>"):
                self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body[: len(answer.body) // 2] if is_cut else answer.body)
            if answer.fault == "stalled":
                script.stopping.wait(5)
            self.close_connection = is_cut

        def _reset(self) -> None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            return

    return Scripted
