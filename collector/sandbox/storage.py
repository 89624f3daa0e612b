"""sandbox: the stand-in S3, moto's server in this process."""

import socket
from dataclasses import dataclass, field
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

BUCKET = "sandbox"


@dataclass(kw_only=True)
class Storage:
    """An S3 with one empty bucket. Its content belongs to the process: two storages at once share it."""

    port: int = 0
    bucket: str = BUCKET
    url: str = field(init=False, default="")

    def start(self) -> None:
        """Serve, and create the bucket."""
        application = DomainDispatcherApplication(create_backend_app)
        # Given a port that is taken, werkzeug ends the process; given an open socket it cannot.
        with socket.create_server(("127.0.0.1", self.port)) as opened:
            port = opened.getsockname()[1]
            options: dict[str, Any] = {"threaded": True, "request_handler": _QuietConnection, "fd": opened.fileno()}
            self._server = make_server("127.0.0.1", port, application, **options)
        self.url = f"http://127.0.0.1:{port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self._send("PUT", self.bucket)

    def stop(self) -> None:
        """Forget every object, and close the port."""
        self._send("POST", "moto-api/reset")
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _send(self, method: str, path: str) -> None:
        with urlopen(Request(f"{self.url}/{path}", method=method), timeout=30):  # noqa: S310
            return


class _QuietConnection(MotoRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Leave out the line per request."""
