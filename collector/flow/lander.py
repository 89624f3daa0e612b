"""Lander: gathers the pages of a fetch and flushes them as raw parts."""

from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock
from uuid import uuid4

from collector.core.landing import Landing
from collector.core.pages import LandedPage, encode_page
from collector.core.ports import Clock, Compression, ObjectStore
from collector.flow.policy import Policy
from collector.flow.store import put_once


class Lander:
    """Lands pages from many threads, in order; a page counts as landed once its part is stored.

    A part is flushed by size or age, so a crash costs at most one part and memory holds one part.
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
        self._lock = Lock()
        self._lines: list[bytes] = []
        self._pages: list[LandedPage] = []
        self._size = 0
        self._begun_at: datetime | None = None

    def land(self, page: LandedPage) -> None:
        """Take a page in, and flush when the part is full or old. Raises what the object store raises."""
        line = encode_page(page)
        with self._lock:
            self._begun_at = self._begun_at or self._clock.now()
            self._lines.append(line)
            self._pages.append(replace(page, body=b""))
            self._size += len(line)
            self.tweets_read += page.tweets
            if self._size >= self._policy.part_bytes or self._age() >= self._policy.part_age:
                self._flush()

    def flush(self) -> None:
        """Store what is still in memory."""
        with self._lock:
            if self._lines:
                self._flush()

    def _age(self) -> timedelta:
        return self._clock.now() - self._begun_at if self._begun_at else timedelta(0)

    def _flush(self) -> None:
        body = self._compression.compress(b"".join(self._lines))
        # Nobody else uses the name: where it stands already, a lost reply was followed by a retry.
        put_once(self._objects, f"raw/{self._batch_id}/{self._name()}.ndjson.gz", body)
        for page in self._pages:
            self.landed.add(page)
        self._lines, self._pages, self._size, self._begun_at = [], [], 0, None

    def _name(self) -> str:
        return f"{self._clock.now():%Y%m%dT%H%M%S.%fZ}-{uuid4().hex[:12]}"
