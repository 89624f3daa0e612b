"""sandbox: a small HTTP/1.1 server on 127.0.0.1, one thread per connection, kept alive."""

import contextlib
import socket
import struct
from collections.abc import Callable
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Condition, Event, Thread

from collector.sandbox.replies import Delivery, Reply, Request

Answer = Callable[[Request], Reply]

_LONGEST_LINE = 65_536
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class HttpServer(ThreadingTCPServer):
    """Serves what `answer` says, until it is stopped."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, answer: Answer) -> None:
        """Open the port (0: any free one)."""
        self.answer = answer
        self.stopping = Event()
        self.connections: set[socket.socket] = set()
        self.connections_changed = Condition()
        super().__init__(("127.0.0.1", port), _Connection)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close every connection, hanging ones too, and the port."""
        self.stopping.set()
        self.shutdown()
        self._thread.join()
        with self.connections_changed:
            for connection in self.connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self.connections_changed.wait_for(lambda: not self.connections, timeout=5)
        self.server_close()


class _Connection(StreamRequestHandler):
    disable_nagle_algorithm = True
    server: HttpServer
    connection: socket.socket

    def setup(self) -> None:
        super().setup()
        with self.server.connections_changed:
            self.server.connections.add(self.connection)

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
        with self.server.connections_changed:
            self.server.connections.discard(self.connection)
            self.server.connections_changed.notify_all()

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            while not self.server.stopping.is_set() and self._serve_one():
                pass

    def _serve_one(self) -> bool:
        """Serve one request; return whether the connection can take another."""
        request = self._read()
        if request is None:
            return False
        reply = self.server.answer(request)
        if reply.delay:
            self.server.stopping.wait(reply.delay.total_seconds())
        if reply.delivery is Delivery.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        if reply.delivery in {Delivery.RESET, Delivery.HANG}:
            return False
        self.wfile.write(reply.as_bytes())
        return reply.delivery is Delivery.WHOLE and request.headers.get("connection", "").lower() != "close"

    def _read(self) -> Request | None:
        words = self.rfile.readline(_LONGEST_LINE).split()
        if len(words) != len(("method", "target", "version")):
            return None
        headers = {}
        while line := self.rfile.readline(_LONGEST_LINE).strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length") or 0))
        return Request(words[0].decode("latin-1"), words[1].decode("latin-1"), headers, body)
