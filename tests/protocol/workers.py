"""An executable model of the collector protocol: a worker is a generator that yields after each of its effects.

The steps are those of the collector, with one account, ids that are times, pages of two tweets and a source that may
list only its newest few.
"""

from collections import Counter
from collections.abc import Generator, Iterable
from itertools import count

from protocol.laws import Known, Law, Published, Violation, check, check_rest
from protocol.publishing import Claim
from protocol.schedules import MAX_SKEW, Behind, Choose, Conflict
from protocol.state import Batch, Body, Manifest, Page, Rule, Seal, State, Window
from protocol.walking import Above, Walk
from protocol.world import SETTLE, Exists, Objects, World, ids, runs

Effects = Generator[None, None, None]


class Collector:
    """One deployment: its objects, the database in use, the code and the settings that are installed."""

    def __init__(self, rules: frozenset[Rule], choose: Choose, world: World) -> None:
        self.rules, self.choose, self.world = rules, choose, world
        self.objects = Objects()
        self.state = State(rules)
        self.backup: State | None = None
        self.version = self.skew = 0
        self.is_packed = False
        self.plan_ids = count(1)

    def work(self, kind: str, window: Window) -> Effects:
        """Return a worker that does the four steps for a window."""
        return Worker(self).work(kind, window)

    def rebuild(self) -> Effects:
        """Return a worker that replaces the state by what seals and manifests tell."""
        return Worker(self).rebuild()

    def lose_state(self) -> None:
        """Put an empty database in the place of the one in use; who has a connection keeps the old one."""
        self.state = State(self.rules)

    def restore_state(self) -> None:
        """Take a backup the first time, go back to it the second."""
        if self.backup is None:
            self.backup = self.state.copy()
        else:
            self.state, self.backup = self.backup, None

    def close(self) -> None:
        """End nothing: a generator that nobody resumes is gone."""

    def check(self) -> None:
        """Raise `Violation` when a law is broken."""
        bodies = self.objects.bodies
        manifests = (one for key, one in bodies.items() if key.startswith("manifests/"))
        named = (pair for one in manifests for pair in one.objects)
        published = Published(
            {key: body.tweet_ids for key, body in bodies.items() if key.startswith("tweets/")},
            [key for key, body in named if bodies.get(key) != body],
        )
        check(Known(self.world.now, self.world.lasting()), self.state, published)
        self._check_plans()

    def check_rest(self, backfills: Iterable[Window]) -> None:
        """Raise `Violation` when something is left, or left in doubt without a reason."""
        wanted = ids(self.state.baseline, self.world.now - SETTLE).union(*(ids(*window) for window in backfills))
        check_rest(self.state, wanted, [batch.name for batch in self.state.open_batches()])
        if self.world.provable > len(self.world.tweets) and (self.state.unproven or self.state.has_raised):
            raise Violation(Law.NEEDLESS, (self.state.baseline, self.state.unproven))

    def _check_plans(self) -> None:
        batches = self.state.open_batches()
        windows = Counter(batch.window for batch in batches)
        if windows and max(windows.values()) > 1:
            raise Violation(Law.RIVALS, windows)
        if any(batch.through > self.world.now + MAX_SKEW - SETTLE for batch in batches):
            raise Violation(Law.EAGER, batches)


class Worker:
    """One worker: the database it is connected to, and the clock, code and settings that it started with."""

    def __init__(self, home: Collector) -> None:
        self.home, self.rules, self.objects = home, home.rules, home.objects
        self.state, self.skew = home.state, home.skew
        self.version, self.is_packed = home.version, home.is_packed

    def work(self, kind: str, window: Window) -> Effects:
        """Plan, fetch, publish and commit."""
        yield from self.close_others(window)
        batch = self.state.plan(kind, window, self.home.world.now + self.skew, next(self.home.plan_ids))
        yield
        if batch.is_open:
            yield from self.fetch(batch)
            yield from self.close(batch)

    def close_others(self, window: Window) -> Effects:
        """Close what others left open, unless a lease says that they live; one that fails stays as it is."""
        for batch in self.state.open_batches() if Rule.CLOSE in self.rules else ():
            if batch.window == window or not self.home.choose("close", 2):
                continue
            try:
                yield from self.close(batch)
            except Conflict:
                continue
        yield

    def fetch(self, batch: Batch) -> Effects:
        """Ask for what is planned and has not landed, newest first."""
        if Rule.SEAL in self.rules:
            yield from self.check_log()
            if self.state.batches[batch.name].seal:
                return
        landed = (page.settles | page.unproven for page in self._pages(self._parts(batch)))
        for after, through in runs(batch.spans.difference(*landed)):
            yield from self.walk(batch, Walk(self.rules, self.home.world.provable, after, through))

    def check_log(self) -> Effects:
        """Take note of seals that stand and that this state has not noted yet, before anything is paid."""
        while Rule.ONE_LOG in self.rules:
            key = f"seals/{self.state.last_seal + 1:06d}"
            standing = self.objects.bodies.get(key)
            if standing is None:
                return
            self._refuse_strange(standing)
            yield
            self.state.note_seal(key, standing.batch)

    def walk(self, batch: Batch, walk: Walk) -> Effects:
        """Land page after page until list or range end, or the source has no more for us today."""
        above = Above.of(self.state, self._pages(self._parts(batch)))
        while not walk.is_over and self.home.choose("stop", 6) != 1:
            answer = self.home.world.answer(walk.after, walk.low)
            yield
            page = walk.turn(answer, above)
            self.objects.create(self.objects.fresh_key(f"raw/{batch.name}/"), page)
            yield

    def close(self, batch: Batch) -> Effects:
        """Seal, publish and commit without the source; anyone may, at any time."""
        seal = (yield from self.seal(batch)) if Rule.SEAL in self.rules else self._seal_of(batch)
        manifest = yield from self.publish(seal)
        self.state.commit(manifest)
        yield

    def seal(self, batch: Batch) -> Generator[None, None, Seal]:
        """Return the seal of a batch; without one, put it behind the last seal that this state knows."""
        while not (key := self.state.batches[batch.name].seal):
            key = self._seal_key(batch)
            seal = self._seal_of(batch)
            yield
            standing = self._create(key, seal)
            self._refuse_strange(standing)
            yield
            self.state.note_seal(key, standing.batch if Rule.ONE_LOG in self.rules else batch)
        return self.objects.bodies[key]

    def publish(self, seal: Seal) -> Generator[None, None, Manifest]:
        """Write what a seal says, the manifest last; what stands already must hold the same tweets."""
        is_packed = seal.is_packed if Rule.RECIPE in self.rules else self.is_packed
        size = 3 if self.version % 2 and Rule.SPLIT not in self.rules else 2
        claim = Claim.of(seal, self._pages(seal.parts))
        objects = []
        for stem, rows in claim.objects(seal.batch.name, size):
            key = f"{stem}.gz" if is_packed else stem
            objects.append((key, self._adopted(key, Body(self.version, rows))))
            yield
        manifest = claim.manifest(seal, objects)
        standing = self._create(f"manifests/{seal.batch.name}", manifest)
        yield
        if standing.objects != manifest.objects:
            message = f"the manifest of {seal.batch.name} names other objects"
            raise Conflict(message)
        return standing

    def rebuild(self) -> Effects:
        """Walk the seals in order, publish what has no manifest, commit every manifest."""
        state = State(self.rules)
        log = self.objects.keys("seals/" if Rule.SEAL in self.rules else "manifests/")
        for key in log if {Rule.SEAL, Rule.FINISH} <= self.rules else ():
            yield from self.publish(self.objects.bodies[key])
        for key in log:
            manifest = self.objects.bodies.get(f"manifests/{self.objects.bodies[key].batch.name}")
            if manifest:
                state.commit(manifest)
                state.note_seal(key, manifest.batch)
        state.last_seal = len(log)
        yield
        self.home.state = state
        yield

    def _seal_key(self, batch: Batch) -> str:
        return f"seals/{self.state.last_seal + 1:06d}" if Rule.ONE_LOG in self.rules else f"seals/{batch.name}"

    def _seal_of(self, batch: Batch) -> Seal:
        is_first = batch.kind == "live" and self.state.cursor == self.state.baseline
        return Seal(batch, tuple(self._parts(batch)), is_packed=self.is_packed, is_first=is_first)

    def _refuse_strange(self, seal: Seal | None) -> None:
        if Rule.ONE_LOG in self.rules and seal and not self.state.has_planned(seal.batch):
            message = f"{seal.batch.name} was sealed by another state"
            raise Behind(message)

    def _parts(self, batch: Batch) -> list[str]:
        return self.objects.keys(f"raw/{batch.name}/")

    def _pages(self, parts: Iterable[str]) -> list[Page]:
        return [self.objects.bodies[key] for key in parts]

    def _create(self, key: str, body: object) -> object:
        try:
            self.objects.create(key, body)
        except Exists:
            return self.objects.bodies[key]
        return body

    def _adopted(self, key: str, body: Body) -> Body:
        standing = self._create(key, body)
        is_same = standing == body or (Rule.ADOPT in self.rules and standing.tweet_ids == body.tweet_ids)
        if not is_same:
            message = f"{key} holds other tweets"
            raise Conflict(message)
        return standing
