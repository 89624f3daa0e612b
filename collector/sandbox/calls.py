"""sandbox: one call of an endpoint, and the answer before it becomes HTTP."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from collector.sandbox.faults import Fault
from collector.sandbox.shapes import encode
from collector.sandbox.source import Extras


@dataclass(frozen=True, slots=True)
class Call:
    """An allowed request: the endpoint's name, the part of the path that varies, the query, and what goes wrong."""

    endpoint: str
    argument: str
    query: dict[str, str]
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer, and whose reading is paid."""

    body: bytes
    tweets: Sequence[int] = ()
    users: Sequence[int] = ()


def tweets_answer(ids: Sequence[int], written: list[bytes], extras: Extras, meta: dict[str, Any] | None) -> Answer:
    """Return an answer of tweets, what stands beside them, and `meta` where the endpoint has one."""
    parts = []
    if written:
        parts.append(b'"data":' + _array(written))
    if extras.users or extras.tweets:
        parts.append(b'"includes":{' + b",".join(_includes(extras)) + b"}")
    if extras.errors:
        parts.append(b'"errors":' + encode(extras.errors))
    if meta is not None:
        parts.append(b'"meta":' + encode(meta))
    return Answer(b"{" + b",".join(parts) + b"}", (*ids, *extras.tweet_ids), tuple(extras.user_ids))


def _includes(extras: Extras) -> Iterable[bytes]:
    if extras.users:
        yield b'"users":' + _array(extras.users)
    if extras.tweets:
        yield b'"%b":' % extras.tweets_name.encode() + _array(extras.tweets)


def _array(items: list[bytes]) -> bytes:
    return b"[" + b",".join(items) + b"]"
