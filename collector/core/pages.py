"""Pages: what the source answers, and how landed pages are written in a raw part."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from collector.core.ids import AccountId
from collector.core.ranges import IdRange
from collector.core.times import parse_time, time_text


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to the source: the newest tweets of an account inside an id range, or the list's next page."""

    account_id: AccountId
    ids: IdRange
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: the raw body, its tweet ids in the order given, and the source's own clock."""

    body: bytes
    tweet_ids: tuple[int, ...]
    next_token: str | None
    date: datetime


@dataclass(frozen=True, slots=True)
class LandedPage:
    """A page as stored: raw body, whose it is, and what it settles. `tweets` counts the tweets in the body."""

    account_id: AccountId
    username: str
    landed_at: datetime
    settles: tuple[IdRange, ...]
    unproven: tuple[IdRange, ...]
    tweets: int
    body: bytes


_BODY = b',"body":'


def encode_page(page: LandedPage) -> bytes:
    """Return one line of a raw part: a JSON object with the body, untouched, as its last member.

    A line break in JSON text is white space, never part of a string, so replacing it keeps the body's meaning.
    """
    head = {
        "account_id": str(page.account_id),
        "username": page.username,
        "landed_at": time_text(page.landed_at),
        "settles": _range_texts(page.settles),
        "unproven": _range_texts(page.unproven),
        "tweets": page.tweets,
    }
    body = page.body.replace(b"\r", b" ").replace(b"\n", b" ")
    return json.dumps(head, separators=(",", ":")).encode()[:-1] + _BODY + body + b"}\n"


def decode_pages(part: bytes) -> Iterator[LandedPage]:
    """Yield the pages of a raw part in the order they landed."""
    start = 0
    while start < len(part):
        end = part.find(b"\n", start)
        end = end if end >= 0 else len(part)
        if end > start:
            yield _decode_page(part, start, end)
        start = end + 1


def in_pieces(pages: Iterable[LandedPage], most: int) -> Iterator[list[LandedPage]]:
    """Cut pages, in their order, into pieces whose bodies hold about `most` bytes."""
    piece: list[LandedPage] = []
    size = 0
    for page in pages:
        piece.append(page)
        size += len(page.body)
        if size >= most:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _decode_page(part: bytes, start: int, end: int) -> LandedPage:
    # Nothing in the head can hold the marker: it has ids, times, counts and a username only.
    middle = part.index(_BODY, start, end)
    head = json.loads(part[start:middle] + b"}")
    return LandedPage(
        account_id=AccountId(int(head["account_id"])),
        username=head["username"],
        landed_at=parse_time(head["landed_at"]),
        settles=_ranges(head["settles"]),
        unproven=_ranges(head["unproven"]),
        tweets=head["tweets"],
        body=part[middle + len(_BODY) : end - 1],
    )


def _range_texts(ranges: Iterable[IdRange]) -> list[list[str]]:
    return [[str(ids.after), str(ids.through)] for ids in ranges]


def _ranges(texts: Iterable[list[str]]) -> tuple[IdRange, ...]:
    return tuple(IdRange(int(after), int(through)) for after, through in texts)
