"""Ports: what the flow needs of the outside, one Protocol per need."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from typing import Protocol, TypeVar

from collector.core.accounts import Account, Cursor, UserLookup
from collector.core.batches import Batch, Counts, Span
from collector.core.columns import TweetColumns
from collector.core.coverage import Coverage
from collector.core.ids import AccountId, TweetId
from collector.core.leases import Lease
from collector.core.money import Spend
from collector.core.pages import Ask, Page
from collector.core.ranges import IdRange
from collector.core.rates import RateWindow

Held = TypeVar("Held")


class Clock(Protocol):
    """The time, aware UTC."""

    def now(self) -> datetime: ...


class Secret(Protocol[Held]):
    """A secret that may change at any time. May raise `SecretUnavailable` or `SecretRefused`."""

    def current(self) -> Held:
        """Return it as it is, or was a short time ago."""

    def renewed(self, refused: Held) -> Held:
        """Return it as it is after a value was refused: the same one, unless it has changed meanwhile."""


class Worker(Protocol):
    """Who works: the name that its leases bear, and how long they last."""

    @property
    def name(self) -> str: ...

    @property
    def term(self) -> timedelta:
        """How long a lease lasts that is not renewed."""

    def is_gone(self, name: str) -> bool:
        """Say whether a worker is known to work no more; where nothing is known, its leases have to expire."""


class Source(Protocol):
    """The X API as the collector uses it. Every method may raise a `SourceError` of `core.errors`."""

    @property
    def provable(self) -> int:
        """How many tweets of an account, newest first, a list is sure to reach."""

    def page(self, ask: Ask) -> Page:
        """Fetch one page, newest first; retries what may pass. Safe to call from many threads."""

    def users_named(self, usernames: Sequence[str]) -> UserLookup:
        """Look users up by username, any number of them; `missing` is keyed by the username asked for."""

    def users(self, account_ids: Sequence[AccountId]) -> UserLookup:
        """Look users up by id, any number of them; `missing` is keyed by the id as text."""

    def requests_made(self) -> int:
        """Count the HTTP requests of this object's life, retries included."""

    def rate_windows(self) -> list[RateWindow]:
        """Return the rate limits as the latest headers said."""

    def learn(self, windows: Iterable[RateWindow]) -> None:
        """Take over rate limits that other workers have seen."""


class TweetDecoder(Protocol):
    """Reads tweets out of raw page bodies."""

    def columns(self, bodies: Sequence[bytes]) -> TweetColumns: ...


class Compression(Protocol):
    """A reversible compression whose output depends on its input alone."""

    def compress(self, body: bytes) -> bytes: ...

    def decompress(self, body: bytes) -> bytes: ...


class Scratch(Protocol):
    """A private file for one publish: what is appended can be read again, and is gone afterwards."""

    def append(self, body: bytes) -> "ScratchSlice": ...

    def read(self, part: "ScratchSlice") -> bytes: ...


ScratchSlice = tuple[int, int]
"""Offset and length of what was appended."""


class ObjectStore(Protocol):
    """A prefix of create-only objects; keys are relative to it. May raise `StoreUnavailable` or `StoreRefused`."""

    @property
    def location(self) -> str:
        """The prefix as a URL that a person can use."""

    def create(self, key: str, body: bytes) -> None:
        """Create an object, whole or not at all. Raises `ObjectExists` and leaves what stands as it is."""

    def read(self, key: str) -> bytes:
        """Return an object's bytes. Raises `ObjectMissing`."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that start with `prefix`, in ascending order."""


class StateReader(Protocol):
    """The state as one transaction sees it."""

    def accounts(self, shard: int | None = None) -> list[Account]:
        """Return the accounts by username, of one shard or all."""

    def coverage(self, shard: int | None = None) -> dict[AccountId, Coverage]:
        """Return the coverage of the accounts of one shard or all; accounts without any are left out."""

    def coverage_of(self, account_ids: Sequence[AccountId]) -> dict[AccountId, Coverage]:
        """Return the coverage of some accounts, those without any left out."""

    def cursors(self) -> dict[AccountId, Cursor]: ...

    def batch(self, batch_id: str) -> Batch | None: ...

    def batches(
        self, limit: int | None = None, *, shard: int | None = None, with_failures: bool = False
    ) -> list[Batch]:
        """Return batches, newest first by creation (then id), at most `limit`: all, a shard's, those with failures."""

    def totals(self, since: datetime | None = None) -> Counts:
        """Return the sums over all batches, or those made at or after a moment; an account counts once a batch."""

    def batches_starting(self, start: datetime, shard: int) -> list[Batch]:
        """Return the batches of a shard whose windows start at `start`, in order of number."""

    def open_batches(self) -> list[Batch]:
        """Return the batches not yet committed, oldest first by creation (then id)."""

    def batch_planned_as(self, plan_id: str) -> Batch | None: ...

    def spans(self, batch_id: str) -> list[Span]:
        """Return what an open batch reserves, in the order planned; a committed batch has none."""

    def reserved(self) -> dict[AccountId, list[IdRange]]:
        """Return the spans of all open batches, by account."""

    def newest_planned(self) -> TweetId | None:
        """Return the newest id that any live batch was planned to reach."""

    def backfills(self) -> list[IdRange]:
        """Return the wanted ids, `(id_at(window start), through_id]`, of all backfill batches, each once, sorted."""

    def last_seal(self) -> int:
        """Return the number of the last seal this state knows; 0 before the first."""

    def rate_windows(self) -> list[RateWindow]: ...

    def spend_since(self, day: date) -> dict[date, Spend]:
        """Return what was spent on each UTC day from one on, days without any left out."""

    def leases(self) -> dict[str, Lease]:
        """Return the leases that have not expired, by batch id, as the store's clock says: one for all its workers."""


class StateWriter(StateReader, Protocol):
    """The state in one transaction that no other writer shares; it ends with the `with` block, undone on an error."""

    def save_accounts(self, accounts: Iterable[Account]) -> None:
        """Insert accounts or replace them by id; a changed username also changes in `cursors`."""

    def open_batch(self, batch: Batch, spans: Sequence[Span]) -> None:
        """Store a planned batch and what it reserves. Raises `StateConflict` beside an open one of its window."""

    def save_batch(self, batch: Batch) -> None:
        """Insert a batch or replace it by id; one that is committed gives up its spans."""

    def note_seal(self, number: int) -> None:
        """Remember the last seal's number. Raises `StateConflict` unless it is the one after `last_seal()`."""

    def save_coverage(self, changed: Mapping[AccountId, tuple[Coverage, Coverage]]) -> None:
        """Store changed coverage, as (before, after) by account; `before` must be what is stored."""

    def save_cursors(self, cursors: Sequence[Cursor]) -> None:
        """Insert or replace cursors. Raises `StateConflict` for one that would move back."""

    def save_rate_windows(self, windows: Iterable[RateWindow]) -> None: ...

    def add_spend(self, day: date, change: Spend) -> None:
        """Add to what is spent on a UTC day. Raises `StateConflict` when more is given back than was reserved."""

    def take_lease(self, batch_id: str, worker: str, term: timedelta) -> None:
        """Give a worker the right to a batch for a term from now, or renew it, whoever had it before."""

    def end_lease(self, batch_id: str) -> None:
        """Forget who had the right to a batch, if anyone had."""


class StateStore(Protocol):
    """The state store. May raise `StateUnavailable`."""

    def reading(self) -> AbstractContextManager[StateReader]: ...

    def writing(self) -> AbstractContextManager[StateWriter]: ...
