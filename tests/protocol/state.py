"""The state of the protocol model, the documents it exchanges with the objects, and the rules that can be removed."""

from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import count

from protocol.laws import Law, Violation
from protocol.world import SETTLE, Row, ids

Window = tuple[int, int]
BASELINE = 16


class Rule(Enum):
    """A safety part of the protocol; a model without one of them must break a law."""

    RESERVE = auto()  # 1: a plan leaves out the spans of every open batch
    SEAL = auto()  # 2: the first seal decides what a batch publishes
    RECIPE = auto()  # 2: how rows are written is sealed with them
    SPLIT = auto()  # 2: objects are split by what landed, not by what the code makes of it
    ONE_LOG = auto()  # 3: seals are numbered without holes, a strange one stops the state
    ADOPT = auto()  # 4: an object with other bytes and the same ids stands
    CLOSE = auto()  # 5: a plan first closes what was abandoned
    NUMBER = auto()  # 6: what a closed batch left of its window is asked for by the next one
    ANY_KIND = auto()  # 6: a window has one open batch, whatever its kind
    CAP = auto()  # 7: nothing is planned that has not settled by our own clock
    X_CLOCK = auto()  # 7: a first page settles nothing that has not settled by the source's clock
    COUNT = auto()  # 8: a list that may be cut short by the horizon proves nothing
    ABOVE = auto()  # 8: nor does one with a gap above it
    FRESHNESS = auto()  # 8: nor does one when much may be newer than what is known
    FINISH = auto()  # 12: a rebuild publishes what was sealed


EVERY_RULE = frozenset(Rule)


@dataclass(frozen=True, slots=True)
class Batch:
    name: str
    plan_id: int
    kind: str
    window: Window
    spans: frozenset[int]
    through: int
    seal: str = ""
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    rows: tuple[Row, ...]
    settles: frozenset[int]
    unproven: frozenset[int]


@dataclass(frozen=True, slots=True)
class Seal:
    """What a batch publishes; `is_first` when its state held nothing of the account."""

    batch: Batch
    parts: tuple[str, ...]
    is_packed: bool
    is_first: bool


@dataclass(frozen=True, slots=True)
class Body:
    """A tweet object: other code writes other bytes for the same rows."""

    version: int
    rows: tuple[Row, ...]

    @property
    def tweet_ids(self) -> list[int]:
        return [tweet_id for tweet_id, _ in self.rows]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a batch published; `baseline` is where it ended the account's past, 0 where it did not."""

    batch: Batch
    objects: tuple[tuple[str, Body], ...]
    proven: frozenset[int]
    unproven: frozenset[int]
    tweet_ids: frozenset[int]
    baseline: int = 0


class State:
    """One database: what is held, which batches there are, and how far the log of seals is known."""

    def __init__(self, rules: frozenset[Rule]) -> None:
        self.rules = rules
        self.baseline = self.cursor = BASELINE
        self.proven: frozenset[int] = frozenset()
        self.unproven: frozenset[int] = frozenset()
        self.tweet_ids: frozenset[int] = frozenset()
        self.batches: dict[str, Batch] = {}
        self.last_seal = 0

    def copy(self) -> "State":
        """Return what a backup holds."""
        other = State(self.rules)
        other.__dict__.update(self.__dict__, batches=dict(self.batches))
        return other

    @property
    def has_raised(self) -> bool:
        """Say whether the past of the account was cut at the horizon."""
        return self.baseline > BASELINE

    @property
    def held(self) -> frozenset[int]:
        return self.proven | self.unproven

    def open_batches(self) -> list[Batch]:
        return [batch for batch in self.batches.values() if batch.is_open]

    def has_planned(self, batch: Batch) -> bool:
        mine = self.batches.get(batch.name)
        return mine is not None and mine.plan_id == batch.plan_id

    def plan(self, kind: str, window: Window, now: int, plan_id: int) -> Batch:
        """Return the batch of a window: its open one, a new one for what is left, or the last closed one."""
        is_any = Rule.ANY_KIND in self.rules
        mine = [one for one in self.batches.values() if one.window == window and (is_any or one.kind == kind)]
        for batch in mine:
            if batch.is_open:
                return batch
        is_capped = kind == "live" or Rule.CAP in self.rules
        through = min(window[1], now - SETTLE) if is_capped else window[1]
        spans = self._left(ids(self.baseline if kind == "live" else window[0], through))
        if mine and (Rule.NUMBER not in self.rules or not spans):
            return mine[-1]
        batch = Batch(self._free_name(kind, window), plan_id, kind, window, spans, through)
        self.batches[batch.name] = batch
        return batch

    def note_seal(self, key: str, batch: Batch) -> None:
        """Remember in one transaction whose seal that is, and how far the log is known."""
        mine = self.batches[batch.name]
        self.batches[batch.name] = replace(mine, seal=mine.seal or key)
        self.last_seal = max(self.last_seal, int(key[-6:]) if Rule.ONE_LOG in self.rules else 0)

    def commit(self, manifest: Manifest) -> None:
        """Let coverage grow by what a manifest claims; a second time changes nothing."""
        mine = self.batches.get(manifest.batch.name)
        if mine and not mine.is_open:
            return
        claimed = manifest.proven | manifest.unproven
        if claimed & self.held:
            raise Violation(Law.OVERLAP, manifest)
        self.proven |= manifest.proven
        self.unproven |= manifest.unproven
        self.tweet_ids |= manifest.tweet_ids
        self.batches[manifest.batch.name] = replace(mine or manifest.batch, is_open=False)
        self._move_cursor(max(self.baseline, manifest.baseline))

    def _left(self, wanted: frozenset[int]) -> frozenset[int]:
        reserved = [one.spans for one in self.open_batches()] if Rule.RESERVE in self.rules else []
        return wanted.difference(self.held, *reserved)

    def _free_name(self, kind: str, window: Window) -> str:
        stem = f"{kind}-{window[0]:03d}-{window[1]:03d}"
        return next(name for number in count(1) if (name := f"{stem}.{number}") not in self.batches)

    def _move_cursor(self, baseline: int) -> None:
        cursor = baseline
        while cursor + 1 in self.proven:
            cursor += 1
        if cursor < self.cursor:
            raise Violation(Law.BACK, (self.cursor, cursor))
        self.baseline, self.cursor = baseline, cursor
