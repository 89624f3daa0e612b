"""A walk in the protocol model: one range asked for page by page, newest first, and what each page settles."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from protocol.state import Page, Rule, State
from protocol.world import FRESH, SETTLE, Answer, ids

NOTHING: frozenset[int] = frozenset()


class Proof(Enum):
    HOLDS = auto()
    FAILS = auto()
    WAITS = auto()


@dataclass(frozen=True, slots=True)
class Above:
    """What is known when a walk begins: by the state, and by the pages that its batch has landed."""

    known: frozenset[int]
    doubtful: frozenset[int]
    tweet_ids: frozenset[int]

    @staticmethod
    def of(state: State, pages: Iterable[Page]) -> "Above":
        landed = list(pages)
        return Above(
            state.proven.union(*(page.settles for page in landed)),
            state.unproven.union(*(page.unproven for page in landed)),
            state.tweet_ids.union(tweet_id for page in landed for tweet_id, _ in page.rows),
        )

    def tweets(self, through: int) -> int:
        """Count the tweets known above an id."""
        return sum(tweet_id > through for tweet_id in self.tweet_ids)


class Walk:
    """The place of a walk in `(after, through]`: everything above `low` has been seen, up to `top`."""

    def __init__(self, rules: frozenset[Rule], provable: int, after: int, through: int) -> None:
        self.rules, self.provable = rules, provable
        self.after, self.through = after, through
        self.low = through
        self.top: int | None = None
        self.tweets = 0
        self.is_over = False

    def turn(self, answer: Answer, above: Above) -> Page:
        """Go on by one page and return it with what it settles."""
        high = self._begin(answer.date)
        self.tweets += len(answer.rows)
        self.low = min((one - 1 for one, _ in answer.rows if one <= high), default=high)
        self.is_over = not answer.has_more or self.low <= self.after
        proof = self._proof(above, answer.date) if self.is_over and self.low > self.after else None
        bottom = self.after if proof is Proof.HOLDS else self.low
        rest = ids(self.after, self.low) if proof is Proof.FAILS else NOTHING
        return Page(answer.rows, ids(bottom, high), rest)

    def _begin(self, date: int) -> int:
        if self.top is None:
            settled = date - SETTLE if Rule.X_CLOCK in self.rules else self.through
            self.top = self.low = max(self.after, min(self.through, settled))
        return self.low

    def _proof(self, above: Above, date: int) -> Proof:
        if Rule.COUNT in self.rules and above.tweets(self.through) + self.tweets >= self.provable:
            return Proof.FAILS
        top = self.top or self.low
        newest = max(top, *above.known, *above.doubtful, 0)
        unknown = ids(top, newest) - above.known if Rule.ABOVE in self.rules else NOTHING
        if unknown & above.doubtful:
            return Proof.FAILS
        if unknown or (Rule.FRESHNESS in self.rules and newest < date - FRESH):
            return Proof.WAITS
        return Proof.HOLDS
