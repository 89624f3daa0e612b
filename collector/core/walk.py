"""A walk: one id range asked for page by page, newest first, and what each page settles."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from itertools import pairwise

from collector.core.coverage import Coverage, Evidence
from collector.core.ids import end_of, id_at
from collector.core.pages import Page
from collector.core.ranges import IdRange, Ranges

FRESH = timedelta(hours=2)
"""How far below X's clock knowledge may end and still say how many tweets are newer: X lets an account post
2,400 tweets a day, cut in half hours of 50, so two hours hold about the margin of 200 that `provable` keeps."""


class Proof(Enum):
    """What the end of a list says of the ids below the oldest tweet seen."""

    HOLDS = auto()  # there is nothing there
    FAILS = auto()  # the source may have ended its list early; asking again says no more
    WAITS = auto()  # newer tweets are not collected yet; once they are, asking again will tell


@dataclass(frozen=True, slots=True)
class Above:
    """What is known above a walk: proven ids, doubtful ids, and how many tweets they hold."""

    known: Ranges
    doubtful: Ranges
    tweets: int

    @staticmethod
    def of(coverage: Coverage, through: int) -> "Above":
        """Return what an account's coverage knows above an id."""
        doubtful = coverage.of(Evidence.UNPROVEN).plus(coverage.of(Evidence.LOST))
        return Above(coverage.of(Evidence.PROVEN), doubtful, coverage.tweets_above(through))

    @staticmethod
    def settled(settles: Iterable[IdRange]) -> "Above":
        """Return the knowledge that some ids are settled, their tweets counted elsewhere."""
        return Above(Ranges.of(settles), Ranges(), 0)

    def plus(self, other: "Above") -> "Above":
        """Return both knowledges together."""
        return Above(self.known.plus(other.known), self.doubtful.plus(other.doubtful), self.tweets + other.tweets)


@dataclass(frozen=True, slots=True)
class Settled:
    """What a page settles, and whether its list ends there."""

    settles: tuple[IdRange, ...] = ()
    unproven: tuple[IdRange, ...] = ()
    proof: Proof = Proof.HOLDS
    is_end: bool = False


@dataclass(frozen=True, slots=True)
class Walk:
    """The place of a walk in its range.

    Everything in `(low, top]` has been seen and, while the walk is in order, settled.
    """

    ids: IdRange
    settle: timedelta
    provable: int
    """How many tweets, newest first, the source is sure to list."""
    top: int | None = None
    low: int = 0
    lowest_seen: int | None = None
    tweets: int = 0
    is_ordered: bool = True

    def turn(self, page: Page, above: Above) -> tuple["Walk", Settled]:
        """Return the walk after `page`, and what the page settles.

        `above` is what is known above the walk, the landed pages of this walk not counted.
        """
        walk = self._started(page.date)._seeing(page)  # noqa: SLF001  its own kind
        if walk.low <= walk.ids.after:
            return walk, Settled(walk._settled_down_to(self, walk.ids.after), is_end=True)  # noqa: SLF001
        if page.next_token is not None:
            return walk, Settled(walk._settled_down_to(self, walk.low) if walk.is_ordered else ())  # noqa: SLF001
        return walk, walk._ended(self, above, page.date)  # noqa: SLF001

    @property
    def settled(self) -> Ranges:
        """Return what the walk's pages have settled so far, the end of the list not counted."""
        return Ranges.of([IdRange(self.low, self.low if self.top is None else self.top)])

    def _started(self, date: datetime) -> "Walk":
        if self.top is not None:
            return self
        top = max(self.ids.after, min(self.ids.through, id_at(date - self.settle)))
        return replace(self, top=top, low=top)

    def _seeing(self, page: Page) -> "Walk":
        # What lies outside of the range was not asked for, and proves nothing: a list may go on behind it.
        ids = [one for one in page.tweet_ids if one in self.ids]
        if not ids:
            return replace(self, tweets=self.tweets + len(page.tweet_ids))
        ceiling = [] if self.lowest_seen is None else [self.lowest_seen]
        chain = [*ceiling, *ids]
        in_order = all(lower < upper for upper, lower in pairwise(chain))
        is_ordered = self.is_ordered and in_order
        inside = [one for one in ids if one <= self.low]
        return replace(
            self,
            lowest_seen=min(chain),
            tweets=self.tweets + len(page.tweet_ids),
            is_ordered=is_ordered,
            low=min(inside) - 1 if inside and is_ordered else self.low,
        )

    def _settled_down_to(self, before: "Walk", bottom: int) -> tuple[IdRange, ...]:
        high = self.top if before.top is None else before.low
        ids = IdRange(max(bottom, self.ids.after), high if high is not None else self.low)
        return () if ids.is_empty else (ids,)

    def _ended(self, before: "Walk", above: Above, date: datetime) -> Settled:
        proof = self._proof(above, date)
        if proof is Proof.HOLDS:
            return Settled(self._settled_down_to(before, self.ids.after), is_end=True)
        # Of a disorderly list nobody knows what it left out: only its end, where it proves all, settles anything.
        rest = IdRange(self.ids.after, max(self.low, self.ids.after))
        unproven = (rest,) if proof is Proof.FAILS and not rest.is_empty else ()
        return Settled(self._settled_down_to(before, self.low), unproven, proof, is_end=True)

    def _proof(self, above: Above, date: datetime) -> Proof:
        if above.tweets + self.tweets >= self.provable:
            return Proof.FAILS
        top = self.top if self.top is not None else self.low
        newest = max(top, above.known.highest or 0, above.doubtful.highest or 0)
        unknown = Ranges.of([IdRange(top, newest)]).minus(above.known)
        if unknown.within(above.doubtful):
            return Proof.FAILS
        if unknown or end_of(newest) < date - FRESH:
            return Proof.WAITS
        return Proof.HOLDS
