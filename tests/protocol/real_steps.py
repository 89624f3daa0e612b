"""The real steps as a deployment that schedules drive: plan, fetch, publish, commit, close and rebuild on fakes."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from fakes.objects import FakeObjects
from fakes.state import FakeState

from collector.adapters.isal_gzip import IsalGzip
from collector.adapters.scratch_file import ScratchFile
from collector.core import batches as core
from collector.core.accounts import Account, AccountStatus
from collector.core.coverage import Coverage, Evidence
from collector.core.documents import Manifest, Recipe, decode_manifest
from collector.core.errors import ObjectConflict, RetryableError, StateConflict
from collector.core.rows import tweet_ids_of_csv
from collector.flow.collect import Ports, collect
from collector.flow.plan import PlanRequest
from collector.flow.policy import MEGABYTE, Policy, Press
from collector.flow.rebuild import rebuild
from collector.flow.verify import verify
from protocol.baton import Baton, BatonObjects, BatonState
from protocol.half_hours import ACCOUNT, TICK, USERNAME, OtherCode, WorldClock, WorldSource, id_of, moment, tick, ticks
from protocol.laws import Known, Law, Published, Violation, check, check_rest
from protocol.schedules import MAX_SKEW, Behind, Choose, Conflict
from protocol.state import BASELINE, Window
from protocol.world import SETTLE, World, ids

KINDS = {"live": core.BatchKind.LIVE, "back": core.BatchKind.BACKFILL}


@dataclass(frozen=True, slots=True)
class Held:
    """The account as a state holds it, in ticks."""

    baseline: int
    cursor: int
    proven: frozenset[int]
    unproven: frozenset[int]


class RealSteps:
    """One deployment of the real steps."""

    def __init__(self, choose: Choose, world: World) -> None:
        self.choose, self.world = choose, world
        self.objects = FakeObjects()
        self.state = followed(FakeState(WorldClock(world, 0)))
        self.backup: FakeState | None = None
        self.skew = self.version = 0
        self.is_packed = False
        self.workers: list[Baton] = []
        self._read: dict[str, list[int]] = {}
        self._named: dict[str, Manifest] = {}
        self._checked: tuple[object, int] = (None, 0)

    def work(self, kind: str, window: Window) -> Baton:
        """Return a worker that does the four steps for a window."""
        request = PlanRequest(KINDS[kind], core.Window(moment(window[0]), moment(window[1])))
        policy, version, skew, state = self._policy(), self.version, self.skew, self.state
        worker = self._worker()
        return self._hire(lambda baton: collect(request, self._ports(baton, policy, version, skew, state, worker)))

    def rebuild(self) -> Baton:
        """Return a worker that fills an empty database from the log and puts it in the place of the one in use."""
        return self._hire(self._rebuild)

    def lose_state(self) -> None:
        """Put an empty database in the place of the one in use; who has a connection keeps the old one."""
        self.state = followed(FakeState(WorldClock(self.world, 0)))

    def restore_state(self) -> None:
        """Take a backup the first time, go back to it the second."""
        if self.backup is None:
            self.backup = copied(self.state)
        else:
            self.state, self.backup = self.backup, None

    def close(self) -> None:
        """End every worker that is still about."""
        for worker in self.workers:
            worker.close()

    def published(self) -> Iterator[int]:
        """Yield every published tick, as often as it is published."""
        return (one for some in self._rows().values() for one in some)

    def check(self) -> None:
        """Raise `Violation` when a law is broken, if anything was written since the last time."""
        if self._checked[0] is self.state._tables and self._checked[1] == len(self.objects.bodies):
            return
        self._checked = (self.state._tables, len(self.objects.bodies))
        check(Known(self.world.now, self.world.lasting()), self._held(), Published(self._rows(), self._changed()))
        with self.state.reading() as tx:
            batches = tx.open_batches()
        windows = Counter(batch.window for batch in batches)
        if windows and max(windows.values()) > 1:
            raise Violation(Law.RIVALS, windows)
        if any(tick(batch.through_id) > self.world.now + MAX_SKEW - SETTLE for batch in batches):
            raise Violation(Law.EAGER, batches)

    def check_rest(self, backfills: Iterable[Window]) -> None:
        """Raise `Violation` when something is left, or left in doubt without a reason."""
        held = self._held()
        wanted = ids(held.baseline, self.world.now - SETTLE).union(*(ids(*window) for window in backfills))
        with self.state.reading() as tx:
            check_rest(held, wanted, [batch.batch_id for batch in tx.open_batches()])
        audit = verify(state=self.state, objects=self.objects, compression=IsalGzip())
        if not audit.ok:
            raise Violation(Law.MANIFEST, audit.problems)
        if self.world.provable > len(self.world.tweets) and (held.unproven or held.baseline > BASELINE):
            raise Violation(Law.NEEDLESS, held)

    def _policy(self) -> Policy:
        recipe = Recipe(csv_version=1, compression="gzip" if self.is_packed else "none", newlines="escape")
        part_bytes = (1, MEGABYTE)[self.choose("part", 2)]
        return Policy(settle=SETTLE * TICK, concurrency=1, recipe=recipe, part_bytes=part_bytes)

    def _worker(self) -> "ChanceWorker":
        # By the world's clock a lease expires at once, or after a while; a renewal comes before each page, or seldom.
        return ChanceWorker(f"worker-{len(self.workers)}", self.choose("term", 3) * SETTLE * TICK, self._chosen)

    def _ports(
        self, baton: Baton, policy: Policy, version: int, skew: int, state: FakeState, worker: "ChanceWorker"
    ) -> Ports:
        return Ports(
            BatonState(state, baton, self._chosen),
            WorldSource(self.world, baton, self._chosen),
            BatonObjects(self.objects, baton, self._chosen),
            Press(OtherCode(version), IsalGzip(), ScratchFile),
            WorldClock(self.world, skew),
            policy,
            worker,
        )

    def _chosen(self, label: str, number: int) -> int:
        return self.choose(label, number)

    def _hire(self, work: Callable[[Baton], object]) -> Baton:
        self.workers.append(Baton(lambda baton: translated(lambda: work(baton))))
        return self.workers[-1]

    def _rebuild(self, baton: Baton) -> None:
        fresh = FakeState(WorldClock(self.world, 0))
        ports = self._ports(baton, self._policy(), self.version, self.skew, fresh, self._worker())
        rebuild(state=ports.state, objects=ports.objects, press=ports.press, clock=ports.clock)
        baton.wait()
        self.state = followed(fresh)

    def _held(self) -> Held:
        with self.state.reading() as tx:
            (account,) = tx.accounts()
            coverage = tx.coverage().get(ACCOUNT, Coverage())
            cursor = tx.cursors().get(ACCOUNT)
        since_id = max(cursor.since_id if cursor else 0, account.baseline)
        if since_id != coverage.cursor(account.baseline):
            raise Violation(Law.CURSOR, (since_id, coverage))
        proven, unproven = (ticks(coverage.of(evidence)) for evidence in (Evidence.PROVEN, Evidence.UNPROVEN))
        return Held(tick(account.baseline), tick(since_id), proven, unproven)

    def _rows(self) -> dict[str, list[int]]:
        for key in self.objects.keys("tweets/"):
            if key not in self._read:
                self._read[key] = [tick(one) for one in tweet_ids_of_csv(self._plain(key))]
        return self._read

    def _plain(self, key: str) -> bytes:
        body = self.objects.bodies[key]
        return IsalGzip().decompress(body) if key.endswith(".gz") else body

    def _changed(self) -> list[str]:
        for key in self.objects.keys("manifests/"):
            self._named[key] = self._named.get(key) or decode_manifest(self.objects.bodies[key])
        named = [one for manifest in self._named.values() for one in manifest.objects]
        return [one.key for one in named if one.sha256 != sha256(self.objects.bodies.get(one.key, b"")).hexdigest()]


class ChanceWorker:
    """A worker that may find, whenever it looks, that another one is gone: a close can come at any moment."""

    def __init__(self, name: str, term: timedelta, choose: Choose) -> None:
        self.name, self.term, self._choose = name, term, choose

    def is_gone(self, _name: str) -> bool:
        return self._choose("close", 2) == 1


def followed(state: FakeState) -> FakeState:
    """Return a state that follows the account, from its old baseline when it is new there."""
    with state.writing() as tx:
        if not tx.accounts():
            status = AccountStatus.ACTIVE
            tx.save_accounts([Account(ACCOUNT, USERNAME, status, moment(0), id_of(BASELINE), 0, moment(0))])
    return state


def copied(state: FakeState) -> FakeState:
    """Return what a backup of a state holds."""
    other = FakeState(state._clock)
    other._tables = state._tables.copy()
    return other


def translated(step: Callable[[], object]) -> None:
    """Tell a schedule what a step's failure means: tried again, rebuilt, or a broken law."""
    try:
        step()
    except StateConflict as error:
        if "covered already" in str(error):
            raise Violation(Law.OVERLAP, error) from error
        if "move back" in str(error):
            raise Violation(Law.BACK, error) from error
        raise Behind(str(error)) from error
    except (RetryableError, ObjectConflict) as error:
        raise Conflict(str(error)) from error
