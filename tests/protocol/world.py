"""The world of the protocol model: one account's tweets at a source with its own clock, and create-only objects.

Ids are times: the tweet posted at 27 has the id 27, at most one is posted a tick. A set of ids is a set.
"""

from dataclasses import dataclass
from itertools import count

PAGE = 2
SETTLE = 2
FRESH = 4
FIRST_MOMENT = 20

Row = tuple[int, int]


class Exists(Exception):
    """An object of that key exists already."""


def ids(after: int, through: int) -> frozenset[int]:
    """Return the ids of `(after, through]`."""
    return frozenset(range(after + 1, through + 1))


def runs(some: set[int] | frozenset[int]) -> list[tuple[int, int]]:
    """Return the ranges `(after, through]` that make up a set of ids, newest first."""
    starts = sorted((one for one in some if one - 1 not in some), reverse=True)
    ends = sorted((one for one in some if one + 1 not in some), reverse=True)
    return [(start - 1, end) for start, end in zip(starts, ends, strict=True)]


@dataclass(slots=True)
class Tweet:
    visible_at: int
    likes: int = 0
    is_alive: bool = True
    was_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """One page of a list, newest first, and the source's clock."""

    rows: tuple[Row, ...]
    has_more: bool
    date: int


class World:
    """The source: `listed` is its horizon, the number of newest tweets that any list reaches."""

    def __init__(self, listed: int) -> None:
        self.listed = listed
        self.now = FIRST_MOMENT
        self.tweets: dict[int, Tweet] = {}

    @property
    def provable(self) -> int:
        """How many tweets a list is sure to reach, when what is known above it is fresh."""
        return self.listed - FRESH

    def wait(self, ticks: int) -> None:
        """Let time pass without a tweet."""
        self.now += ticks

    def post(self, delay: int) -> None:
        """Let a tick pass with a tweet in it that becomes visible after `delay` more."""
        self.now += 1
        self.tweets[self.now] = Tweet(visible_at=self.now + delay)

    def like(self) -> None:
        """Change the counts of every tweet."""
        for tweet in self.tweets.values():
            tweet.likes += 1

    def delete(self, tweet_id: int) -> None:
        """Take a tweet away; whether it is published any more, no law says."""
        self.tweets[tweet_id].is_alive = False
        self.tweets[tweet_id].was_deleted = True

    def alive(self) -> list[int]:
        """Return the ids that were not deleted, oldest first."""
        return [one for one, tweet in self.tweets.items() if tweet.is_alive]

    def lasting(self) -> frozenset[int]:
        """Return the ids that were never deleted."""
        return frozenset(one for one, tweet in self.tweets.items() if not tweet.was_deleted)

    def found(self, after: int, through: int) -> list[Row]:
        """List the tweets of `(after, through]`, newest first; what lies beyond the horizon is left out in silence."""
        visible = [one for one in reversed(self.tweets) if self._is_visible(one)][: self.listed]
        return [(one, self.tweets[one].likes) for one in visible if after < one <= through]

    def answer(self, after: int, through: int) -> Answer:
        """Answer the first page of a list."""
        found = self.found(after, through)
        return Answer(tuple(found[:PAGE]), len(found) > PAGE, self.now)

    def _is_visible(self, tweet_id: int) -> bool:
        tweet = self.tweets[tweet_id]
        return tweet.is_alive and tweet.visible_at <= self.now


class Objects:
    """Create-only objects; `fresh_key` never gives a key twice."""

    def __init__(self) -> None:
        self.bodies: dict[str, object] = {}
        self._serial = count(1)

    def create(self, key: str, body: object) -> None:
        if key in self.bodies:
            raise Exists(key)
        self.bodies[key] = body

    def get(self, key: str) -> object | None:
        return self.bodies.get(key)

    def keys(self, prefix: str) -> list[str]:
        return sorted(key for key in self.bodies if key.startswith(prefix))

    def fresh_key(self, prefix: str) -> str:
        return f"{prefix}{next(self._serial):06d}"
