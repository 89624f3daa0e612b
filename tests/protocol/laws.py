"""The laws of the protocol: what must be true after every effect of every worker, whatever happens."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol


class Law(Enum):
    """What must never happen, named by what has gone wrong."""

    TWICE = auto()  # an id is published twice
    LOST = auto()  # an id is covered and not published, though it was never deleted
    FUTURE = auto()  # ids are covered that do not exist yet
    CURSOR = auto()  # a cursor stands above a gap
    BACK = auto()  # a cursor moved back
    OVERLAP = auto()  # a commit covers ids a second time
    MANIFEST = auto()  # a manifest names an object that is missing or has changed
    RIVALS = auto()  # a window has two open batches
    EAGER = auto()  # a batch asks for ids that cannot have settled
    STUCK = auto()  # a step fails for ever
    OPEN = auto()  # a batch stays open
    LEFT = auto()  # something wanted is neither proven nor in doubt
    NEEDLESS = auto()  # something is in doubt though the source lists everything


class Violation(AssertionError):
    """A law is broken."""

    def __init__(self, law: Law, facts: object) -> None:
        super().__init__(f"{law.name}: {facts}")
        self.law = law


class Account(Protocol):
    """An account as a state holds it, in sets of ids."""

    baseline: int
    cursor: int
    proven: frozenset[int]
    unproven: frozenset[int]


@dataclass(frozen=True, slots=True)
class Published:
    """What the objects hold: ids by key, and the keys that some manifest names and that are not as it says."""

    tweet_ids: dict[str, list[int]]
    changed: Collection[str]

    @property
    def times(self) -> Counter[int]:
        """Count how often each id is published."""
        return Counter(one for some in self.tweet_ids.values() for one in some)


@dataclass(frozen=True, slots=True)
class Known:
    """What the world knows and a collector does not: the newest id there can be, and the tweets never deleted."""

    now: int
    lasting: frozenset[int]


def check(known: Known, account: Account, published: Published) -> None:
    """Raise `Violation` when a law of safety is broken."""
    times = published.times
    _refuse(Law.TWICE, [one for one, number in times.items() if number > 1])
    _refuse(Law.LOST, (known.lasting & account.proven) - times.keys())
    _refuse(Law.FUTURE, [one for one in account.proven if one > known.now])
    _refuse(Law.CURSOR, frozenset(range(account.baseline + 1, account.cursor + 1)) - account.proven)
    _refuse(Law.MANIFEST, published.changed)


def check_rest(account: Account, wanted: frozenset[int], open_batches: Iterable[str]) -> None:
    """Raise `Violation` when, with all faults gone and every step done, something is still left to be asked."""
    _refuse(Law.OPEN, list(open_batches))
    _refuse(Law.LEFT, wanted - account.proven - account.unproven)


def _refuse(law: Law, offenders: Collection[object]) -> None:
    if offenders:
        raise Violation(law, sorted(offenders, key=str))
