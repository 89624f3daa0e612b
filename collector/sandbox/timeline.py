"""sandbox: the tweets of one account, computed from the seed and the clock, plus those posted by hand."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from zlib import crc32

from collector.sandbox.shapes import Shape
from collector.sandbox.snowflake import LOW_BITS


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When an account tweets by itself: tweet `number` falls into slot `number`, at a moment drawn from the seed.

    Numbers below 0 are the backlog, from 0 on they are live. Moments are ms since the snowflake epoch, and strictly
    increasing; a `live_slot_ms` of 0 means nothing new.
    """

    start_ms: int
    salt: int
    backlog: int
    past_slot_ms: int
    live_slot_ms: int
    late_ms: int

    @property
    def first(self) -> int:
        """The number of the oldest tweet."""
        return -self.backlog

    def moment(self, number: int) -> int:
        """Return when a tweet is made."""
        slot = self.past_slot_ms if number < 0 else self.live_slot_ms
        return self.start_ms + number * slot + crc32(b"%d" % number, self.salt) % slot

    def appears(self, number: int) -> int:
        """Return when a tweet becomes visible: one live tweet in five is late."""
        draw = crc32(b"late %d" % number, self.salt)
        is_late = self.late_ms and number >= 0 and draw % 5 == 0
        return self.moment(number) + (draw % self.late_ms if is_late else 0)

    def slot_at(self, ms: int) -> int:
        """Return the number of the slot that `ms` falls into, be there a tweet in it or not."""
        slot = self.past_slot_ms if ms < self.start_ms else self.live_slot_ms
        return (ms - self.start_ms) // slot if slot else 0

    def has(self, number: int) -> bool:
        """Return whether there ever is a tweet of this number."""
        return number >= self.first and (number < 0 or self.live_slot_ms > 0)

    def newest(self, ms: int) -> int:
        """Return the number of the last tweet made at or before `ms`; below `first` when there is none."""
        number = self.slot_at(ms)
        if not self.has(number) or self.moment(number) > ms:
            number -= 1
        return max(number, self.first - 1)


@dataclass(frozen=True, slots=True)
class Posted:
    """A tweet posted by an action; `number` fills its text, `appears_ms` is when the timeline shows it."""

    tweet_id: int
    shape: Shape
    number: int
    appears_ms: int
    reference: int
    history: tuple[int, ...]


@dataclass(slots=True)
class Timeline:
    """All tweets of one account; `index` is in the low bits of every id, so that ids never collide."""

    index: int
    rhythm: Rhythm
    posted: dict[int, Posted] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    replaced: set[int] = field(default_factory=set)

    def walk(self, after: int, below: int, now_ms: int) -> Iterator[int]:
        """Yield the visible ids between the two, both exclusive, newest first."""
        by_itself = self._by_itself(after, below, now_ms)
        if not (self.posted or self.deleted or self.replaced):
            return by_itself
        gone = self.deleted | self.replaced
        merged = heapq.merge(by_itself, self._by_hand(after, below, now_ms), reverse=True)
        return (tweet_id for tweet_id in merged if tweet_id not in gone)

    def floor(self, horizon: int, now_ms: int) -> int:
        """Return the id of the last of the `horizon` newest visible tweets, 0 when there are not that many."""
        newest = self.rhythm.newest(now_ms)
        if newest - self.rhythm.first + 1 + len(self.posted) < horizon:
            return 0
        if not (self.posted or self.deleted or self.replaced or self.rhythm.late_ms):
            return self.id_of(newest - horizon + 1)
        return next(islice(self.walk(0, 1 << 63, now_ms), horizon - 1, None), 0)

    def id_of(self, number: int) -> int:
        """Return the id of the tweet with this number."""
        return self.rhythm.moment(number) << LOW_BITS | self.index

    def number_of(self, tweet_id: int) -> int | None:
        """Return the number of a tweet made by itself, None for any other id."""
        number = self.rhythm.slot_at(tweet_id >> LOW_BITS)
        return number if self.rhythm.has(number) and self.id_of(number) == tweet_id else None

    def has_appeared(self, tweet_id: int, now_ms: int) -> bool:
        """Return whether the id is a tweet of this account that X shows by now."""
        posted = self.posted.get(tweet_id)
        if posted:
            return posted.appears_ms <= now_ms
        number = self.number_of(tweet_id)
        return number is not None and self.rhythm.appears(number) <= now_ms

    def free_id(self, ms: int) -> int:
        """Return an id at `ms`, or as soon after it as one is free."""
        tweet_id = ms << LOW_BITS | self.index
        while tweet_id in self.posted or self.number_of(tweet_id) is not None:
            tweet_id += 1 << LOW_BITS
        return tweet_id

    def add(self, posted: Posted) -> None:
        """Keep a posted tweet."""
        self.posted[posted.tweet_id] = posted

    def _by_itself(self, after: int, below: int, now_ms: int) -> Iterator[int]:
        number = self.rhythm.newest(min((below - 1 - self.index) >> LOW_BITS, now_ms))
        while number >= self.rhythm.first and (tweet_id := self.id_of(number)) > after:
            if number < 0 or not self.rhythm.late_ms or self.rhythm.appears(number) <= now_ms:
                yield tweet_id
            number -= 1

    def _by_hand(self, after: int, below: int, now_ms: int) -> Iterator[int]:
        for tweet_id in sorted(self.posted, reverse=True):
            if after < tweet_id < below and self.posted[tweet_id].appears_ms <= now_ms:
                yield tweet_id
