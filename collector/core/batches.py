"""Batches: the spans of one window and shard, planned, published and committed under one id."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from collector.core.errors import ConfigError, NotProvenYet, SourceClosed
from collector.core.ids import AccountId, TweetId, id_at
from collector.core.ranges import IdRange


class BatchKind(StrEnum):
    """A label: what the batch was planned for."""

    LIVE = "live"
    BACKFILL = "backfill"
    AUDIT = "audit"


class BatchStatus(StrEnum):
    """How far a batch has come; whether it is published, its manifest tells."""

    PLANNED = "planned"
    SEALED = "sealed"
    COMMITTED = "committed"


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open interval of time `[start, end)`, aware UTC, whole seconds."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start >= self.end:
            message = (
                f"window {self.start:%Y-%m-%dT%H:%M:%SZ} to {self.end:%Y-%m-%dT%H:%M:%SZ} does not end after it starts"
            )
            raise ConfigError(message, hint="give a start before the end")

    @property
    def ids(self) -> IdRange:
        """Return the ids of tweets made inside the window."""
        return IdRange(id_at(self.start), id_at(self.end))


@dataclass(frozen=True, slots=True)
class Span:
    """One account and one id range, asked for in one go."""

    account_id: AccountId
    ids: IdRange


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a batch could not fetch all of an account, or, without one, of all that it did not come to ask."""

    account_id: AccountId | None
    username: str
    reason: str
    message: str

    @property
    def is_fault(self) -> bool:
        """Say whether something went wrong: some reasons only state how far the source lets us see."""
        return is_fault(self.reason)

    @property
    def may_pass(self) -> bool:
        """Say whether trying later, with nothing changed, is all that it takes."""
        return self.reason in _LATER

    @property
    def is_doubt(self) -> bool:
        """Say whether all was fetched, and the end of the source's list merely proved nothing."""
        return self.reason == NotProvenYet.reason

    @property
    def ends_asking(self) -> bool:
        """Say whether after this no request could succeed any more, whichever account it was for."""
        return self.reason in _CLOSING


_STATEMENTS = {NotProvenYet.reason, "baseline_raised"}
_LATER = {"rate_limited", "credits_exhausted", "budget_exhausted"}
_CLOSING = {SourceClosed.reason, *(closing.reason for closing in SourceClosed.__subclasses__())}


def is_fault(reason: str) -> bool:
    """Say whether a failure's reason means that something went wrong."""
    return reason not in _STATEMENTS


@dataclass(frozen=True, slots=True)
class Counts:
    """What a batch took and gave; requests and reads add up over all its attempts."""

    requests: int = 0
    tweets_read: int = 0
    rows: int = 0
    objects: int = 0
    accounts: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as the state knows it; `through_id` is the newest id it was planned to reach."""

    batch_id: str
    kind: BatchKind
    window: Window
    shard: int
    number: int
    plan_id: str
    through_id: TweetId
    created_at: datetime
    status: BatchStatus = BatchStatus.PLANNED
    seal: int | None = None
    counts: Counts = Counts()
    failures: tuple[Failure, ...] = field(default=())
    committed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Say whether the batch still reserves its spans."""
        return self.status is not BatchStatus.COMMITTED


def batch_name(kind: BatchKind, window: Window, shard: int, number: int) -> str:
    """Return the batch id: kind, start of the window, shard, and the number from the second on."""
    name = f"{kind}-{window.start:%Y%m%dT%H%M%SZ}-s{shard:02d}"
    return name if number == 1 else f"{name}.{number}"


def shard_of(batch_id: str) -> int:
    """Return the shard that a batch id names."""
    return int(batch_id.rpartition("-s")[2].partition(".")[0])
