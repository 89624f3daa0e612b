"""A room: every port of the flow as a fake, and the verbs a test needs."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from fakes.clock import NOON, FakeClock
from fakes.objects import FakeObjects
from fakes.source import FakeSource
from fakes.state import FakeState
from fakes.worker import FakeWorker

from collector.adapters.isal_gzip import IsalGzip
from collector.adapters.scratch_file import ScratchFile
from collector.adapters.x_posts import XPosts
from collector.core.accounts import Account, AccountStatus
from collector.core.batches import Batch, BatchKind, Window
from collector.core.coverage import Coverage, Evidence
from collector.core.documents import Manifest, Recipe, Seal, decode_manifest, manifest_key
from collector.core.ids import AccountId, TweetId, id_at
from collector.core.pages import LandedPage
from collector.core.ranges import IdRange, Ranges
from collector.core.rows import tweet_ids_of_csv
from collector.flow import close as closing
from collector.flow import collect as collecting
from collector.flow import fetch as fetching
from collector.flow import plan as planning
from collector.flow import publish as publishing
from collector.flow import rebuild as rebuilding
from collector.flow import verify as verifying
from collector.flow.audit import Audit
from collector.flow.commit import commit
from collector.flow.policy import Policy, Press
from collector.flow.seal import known_batch, seal_of
from collector.flow.store import part_keys, read_part

NASA, ESA, JAXA = AccountId(12), AccountId(7), AccountId(900)
SETTLE = timedelta(seconds=60)
PLAIN = Recipe(csv_version=1, compression="none", newlines="escape")


def moment(minutes: float):
    """Return a moment, counted from noon."""
    return NOON + timedelta(minutes=minutes)


def at(minutes: float) -> TweetId:
    """Return the last id before a moment, counted from noon."""
    return id_at(moment(minutes))


def tweet(minutes: float, extra: int = 0) -> int:
    """Return the id of a tweet made at a moment, counted from noon."""
    return at(minutes) + 1 + extra


EIGHT = [tweet(-minutes) for minutes in range(2, 10)]
"""Tweets of the last minutes before noon."""


def window(start: float, end: float) -> Window:
    return Window(moment(start), moment(end))


@dataclass
class Room:
    """All ports, and what tests do with them; times are minutes from noon, when the room opens."""

    clock: FakeClock = field(default_factory=FakeClock)
    objects: FakeObjects = field(default_factory=FakeObjects)
    state: FakeState = None
    press: Press = field(default_factory=lambda: Press(XPosts(), IsalGzip(), ScratchFile))
    policy: Policy = field(default_factory=lambda: Policy(settle=SETTLE, concurrency=1))
    source: FakeSource = None
    worker: FakeWorker = field(default_factory=FakeWorker)

    def __post_init__(self):
        self.state = self.state or FakeState(self.clock)
        self.source = self.source or FakeSource(self.clock, page_size=3)

    @property
    def ports(self) -> collecting.Ports:
        return collecting.Ports(self.state, self.source, self.objects, self.press, self.clock, self.policy, self.worker)

    @property
    def closers(self):
        return {
            "state": self.state,
            "objects": self.objects,
            "press": self.press,
            "clock": self.clock,
            "policy": self.policy,
        }

    def follow(self, account_id, *tweets, username="", baseline=-60, shard=0, status="active"):
        """Follow an account from a moment on, which has these tweets."""
        username = username or f"user{account_id}"
        self.source.add(account_id, username, tweets)
        account = Account(
            AccountId(account_id), username, AccountStatus(status), NOON, at(baseline), shard, self.clock.now()
        )
        with self.state.writing() as tx:
            tx.save_accounts([account])
        return account

    def wait(self, minutes: float) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    def set(self, **choices) -> None:
        self.policy = replace(self.policy, **choices)

    def plan(self, start=-15, end=0, kind=BatchKind.LIVE, shard=0) -> Batch:
        return planning.plan(planning.PlanRequest(kind, window(start, end), shard), worker=self.worker, **self.closers)

    def backfill(self, start, end, shard=0) -> Batch:
        return self.plan(start, end, BatchKind.BACKFILL, shard)

    def fetch(self, batch: Batch) -> Seal:
        return fetching.fetch(
            batch.batch_id,
            state=self.state,
            source=self.source,
            objects=self.objects,
            compression=self.press.compression,
            clock=self.clock,
            policy=self.policy,
            worker=self.worker,
        )

    def publish(self, seal: Seal) -> Manifest:
        return publishing.publish(seal, objects=self.objects, press=self.press)

    def commit(self, manifest: Manifest) -> Batch:
        return commit(manifest, state=self.state, clock=self.clock)

    def close(self, batch: Batch) -> Batch:
        return closing.close(batch.batch_id, **self.closers)

    def finish(self, batch: Batch) -> Batch:
        return collecting.finish(batch.batch_id, self.ports)

    def collect(self, start=-15, end=0, kind=BatchKind.LIVE, shard=0) -> Batch:
        return collecting.collect(planning.PlanRequest(kind, window(start, end), shard), self.ports)

    def collect_backfill(self, start, end, shard=0) -> Batch:
        return self.collect(start, end, BatchKind.BACKFILL, shard)

    def rebuild(self, **choices) -> rebuilding.Rebuilt:
        return rebuilding.rebuild(state=self.state, objects=self.objects, press=self.press, clock=self.clock, **choices)

    def verify(self) -> Audit:
        return verifying.verify(state=self.state, objects=self.objects, compression=self.press.compression)

    def damage(self) -> list[tuple[str, str]]:
        return [(problem.kind, problem.key) for problem in self.verify().problems]

    def batch(self, batch: Batch) -> Batch:
        return known_batch(batch.batch_id, self.state)

    def seal(self, batch: Batch) -> Seal | None:
        return seal_of(batch.batch_id, state=self.state, objects=self.objects)

    def manifest(self, batch: Batch) -> Manifest:
        return decode_manifest(self.objects.bodies[manifest_key(batch.batch_id)])

    def account(self, account_id) -> Account:
        with self.state.reading() as tx:
            return next(one for one in tx.accounts() if one.account_id == account_id)

    def coverage(self, account_id=NASA) -> Coverage:
        with self.state.reading() as tx:
            return tx.coverage().get(account_id, Coverage())

    def cursor(self, account_id=NASA) -> int | None:
        with self.state.reading() as tx:
            known = tx.cursors().get(account_id)
        return known.since_id if known else None

    def spans(self, batch: Batch) -> list[tuple[int, IdRange]]:
        with self.state.reading() as tx:
            return [(span.account_id, span.ids) for span in tx.spans(batch.batch_id)]

    def landed(self, batch: Batch) -> list[LandedPage]:
        parts = part_keys(batch.batch_id, self.objects)
        return [page for key in parts for page in read_part(key, self.objects, self.press.compression)]

    def csv_keys(self) -> list[str]:
        return list(self.objects.keys("tweets/"))

    def csv(self, key: str) -> bytes:
        body = self.objects.bodies[key]
        return self.press.compression.decompress(body) if key.endswith(".gz") else body

    def published(self) -> Counter[int]:
        """Count how often each tweet is published."""
        return Counter(one for key in self.csv_keys() for one in tweet_ids_of_csv(self.csv(key)))

    def column(self, name: str) -> dict[int, str]:
        """Return the cells of a column by tweet id, over all objects."""
        return {
            int(row["tweet_id"]): row[name]
            for key in self.csv_keys()
            for row in csv.DictReader(io.StringIO(self.csv(key).decode()))
        }

    def reasons(self, batch: Batch) -> dict[int, str]:
        return {failure.account_id: failure.reason for failure in self.batch(batch).failures}

    def asked(self) -> list[int]:
        """Return whose pages were asked for, in order, and forget them."""
        asked = [ask.account_id for ask in self.source.asks]
        self.source.asks.clear()
        return asked

    def lose_state(self) -> None:
        self.state = FakeState(self.clock)


@contextmanager
def nothing_written(room: Room) -> Iterator[None]:
    """Insist that no object changes meanwhile."""
    before = dict(room.objects.bodies)
    yield
    assert room.objects.bodies == before


def assert_once(room: Room, *tweets: int) -> None:
    """Insist that these tweets, and no others, are published, each once."""
    assert room.published() == Counter(tweets)
    assert max(room.published().values(), default=1) == 1


def assert_cursors_follow_from_coverage(room: Room) -> None:
    with room.state.reading() as tx:
        cursors, coverage, accounts = tx.cursors(), tx.coverage(), tx.accounts()
    for account in accounts:
        held = coverage.get(account.account_id, Coverage())
        since_id = cursors[account.account_id].since_id if account.account_id in cursors else account.baseline
        assert max(since_id, account.baseline) == held.cursor(account.baseline)


def room_of(count: int, **choices) -> Room:
    """Return a room with accounts 1, 2, 3 ..., each with one tweet, to be asked in this order."""
    room = Room()
    room.set(**choices)
    for number in range(1, count + 1):
        room.follow(number, tweet(-5, number), baseline=-60 - count + number)
    return room


def proven(room: Room, account_id=NASA) -> Ranges:
    return room.coverage(account_id).of(Evidence.PROVEN)


def whole(start=-60, end=-1) -> Ranges:
    return Ranges.of([IdRange(at(start), at(end))])
