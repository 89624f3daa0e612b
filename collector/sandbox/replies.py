"""sandbox: requests and replies as values, before and after HTTP."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum, auto
from http import HTTPStatus

from collector.sandbox.shapes import encode

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"


class Delivery(Enum):
    """How a reply travels."""

    WHOLE = auto()
    TRUNCATED = auto()
    RESET = auto()
    HANG = auto()


@dataclass(frozen=True, slots=True)
class Request:
    """A request: method, target as sent, headers by lower-case name."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply; `delay` passes before it is sent, and bounds how long a hanging one holds the line."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery.WHOLE
    delay: timedelta = timedelta(0)

    def as_bytes(self) -> bytes:
        """Return the reply as HTTP/1.1; a truncated one promises more than it holds."""
        try:
            reason = HTTPStatus(self.status).phrase
        except ValueError:
            reason = "Unknown"
        lines = [f"HTTP/1.1 {self.status} {reason}", f"content-type: {self.content_type}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        head = "\r\n".join([*lines, f"content-length: {len(self.body)}", "", ""]).encode("latin-1")
        kept = len(self.body) // 2 if self.delivery is Delivery.TRUNCATED else len(self.body)
        return head + self.body[:kept]

    def with_headers(self, more: dict[str, str]) -> "Reply":
        """Return the reply with headers it does not set itself."""
        return replace(self, headers=more | self.headers)


def json_reply(status: int, body: object) -> Reply:
    """Return a reply with a JSON body."""
    return Reply(status, encode(body))
