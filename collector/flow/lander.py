"""Lander: gathers the pages of a fetch and flushes them as raw parts."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Condition
from uuid import uuid4

from collector.core.landing import Landing
from collector.core.pages import LandedPage, encode_page
from collector.core.ports import Clock, Compression, ObjectStore
from collector.flow.policy import Policy
from collector.flow.store import put_once


@dataclass(slots=True)
class _Part:
    lines: list[bytes] = field(default_factory=list)
    pages: list[LandedPage] = field(default_factory=list)
    size: int = 0
    begun_at: datetime | None = None

    def add(self, page: LandedPage, line: bytes, now: datetime) -> None:
        self.begun_at = self.begun_at or now
        self.lines.append(line)
        self.pages.append(replace(page, body=b""))
        self.size += len(line)

    def before(self, later: "_Part") -> "_Part":
        return _Part(
            self.lines + later.lines, self.pages + later.pages, self.size + later.size, self.begun_at or later.begun_at
        )


class Lander:
    """Lands pages from many threads, in order; a page counts as landed once its part is stored.

    A part is flushed by size or age. While it is stored pages go on arriving, but no second part is stored beside it:
    what has landed has no hole. So a crash costs at most one part and what came while it was being stored.
    """

    def __init__(
        self,
        batch_id: str,
        landed: Landing,
        *,
        objects: ObjectStore,
        compression: Compression,
        clock: Clock,
        policy: Policy,
    ) -> None:
        self.landed = landed
        self.tweets_read = 0
        self._batch_id = batch_id
        self._objects, self._compression, self._clock, self._policy = objects, compression, clock, policy
        self._turn = Condition()
        self._part = _Part()
        self._is_storing = False

    def land(self, page: LandedPage) -> None:
        """Take a page in, and flush when the part is full or old. Raises what the object store raises."""
        line = encode_page(page)
        with self._turn:
            self._part.add(page, line, self._clock.now())
            self.tweets_read += page.tweets
            if not self._is_due():
                return
        self._store_if(self._is_due)

    def flush(self) -> None:
        """Store what is still in memory."""
        self._store_if(lambda: bool(self._part.lines))

    def _is_due(self) -> bool:
        part = self._part
        if part.begun_at is None:
            return False
        return part.size >= self._policy.part_bytes or self._clock.now() - part.begun_at >= self._policy.part_age

    def _store_if(self, is_wanted: Callable[[], bool]) -> None:
        with self._turn:
            self._turn.wait_for(lambda: not self._is_storing)
            if not is_wanted():
                return
            part, self._part, self._is_storing = self._part, _Part(), True
        is_stored = False
        try:
            self._store(part)
            is_stored = True
        finally:
            self._end_storing(part, is_stored=is_stored)

    def _store(self, part: _Part) -> None:
        part.lines = [b"".join(part.lines)]  # one copy in memory, not two
        body = self._compression.compress(part.lines[0])
        # Nobody else uses the name: where it stands already, a lost reply was followed by a retry.
        put_once(self._objects, f"raw/{self._batch_id}/{self._name()}.ndjson.gz", body)

    def _end_storing(self, part: _Part, *, is_stored: bool) -> None:
        with self._turn:
            if is_stored:
                for page in part.pages:
                    self.landed.add(page)
            else:
                self._part = part.before(self._part)
            self._is_storing = False
            self._turn.notify_all()

    def _name(self) -> str:
        return f"{self._clock.now():%Y%m%dT%H%M%S.%fZ}-{uuid4().hex[:12]}"
