"""Schedules: who takes the next effect, who crashes, who wakes up again, and what the world does meanwhile."""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Protocol

from protocol.laws import Law, Violation
from protocol.state import Window
from protocol.world import SETTLE, World

Choose = Callable[[str, int], int]
Worker = Generator[None, None, None]
Job = tuple[str, Window]

MAX_SKEW = 4
STEPS = 220
PATIENCE = 40
ROUNDS = 6
DISTURB, POST, EVENT, WAIT = 4, 5, 6, 7
WORLDLY = {POST, EVENT, WAIT}
REBUILD: Job = ("rebuild", (0, 0))
LIVE: tuple[Job, ...] = (("live", (20, 27)), ("live", (27, 34)), ("live", (20, 27)))
BACKFILLS: tuple[Job, ...] = tuple(("back", ids) for ids in ((12, 25), (20, 60), (27, 34), (12, 25), (20, 30)))
EVENTS = ("delete", "like", "pack", "deploy", "lose", "restore", "skew")


class Conflict(Exception):
    """A step fails; whoever called it may try again."""


class Behind(Conflict):
    """The log of seals knows more than this state: only a rebuild helps."""


class Deployment(Protocol):
    """What a schedule drives: the model, or the real steps."""

    world: World
    choose: Choose
    skew: int
    version: int
    is_packed: bool

    def work(self, kind: str, window: Window) -> Worker:
        """Return a worker that does the four steps for a window."""

    def rebuild(self) -> Worker:
        """Return a worker that replaces the state by what seals and manifests tell."""

    def lose_state(self) -> None:
        """Put an empty database in the place of the one in use; who has a connection keeps the old one."""

    def restore_state(self) -> None:
        """Take a backup the first time, go back to it the second."""

    def check(self) -> None:
        """Raise `Violation` when a law of safety is broken."""

    def check_rest(self, backfills: Iterable[Window]) -> None:
        """Raise `Violation` when something is left to be done."""

    def close(self) -> None:
        """End every worker that is still about."""


@dataclass(slots=True)
class Slot:
    """A place where one worker at a time works off its jobs, each until it succeeds."""

    jobs: list[Job]
    worker: Worker | None = None


class Trial:
    """One run of a deployment through a schedule."""

    def __init__(self, deployment: Deployment, steps: int = STEPS) -> None:
        self.deployment, self.world, self.steps = deployment, deployment.world, steps
        self.slots = [Slot(list(LIVE)), Slot(list(BACKFILLS))]
        self.paused: list[Worker] = []
        self.failures = 0
        self.calm = self.pace = 1

    def run(self) -> None:
        """Let faults happen for a while, then none any more; raises `Violation` when a law is broken."""
        self.calm = (1, 2, 4)[self.choose("calm", 3)]
        self.pace = (1, 3, 10)[self.choose("pace", 3)]
        for _ in range((5, 3, 8, 12)[self.choose("early", 4)]):
            self.world.post(self.choose("delay", 2))
        self.world.wait(1)
        for _ in range(self.steps // (1, 2, 3, 6)[self.choose("haste", 4)]):
            if not self.paused and not self._busy():
                break
            self._act(self.choose("act", 8 * self.calm))
            self.deployment.check()
        self._recover()

    def choose(self, label: str, number: int) -> int:
        return self.deployment.choose(label, number)

    def _busy(self) -> list[Slot]:
        return [slot for slot in self.slots if slot.jobs]

    def _act(self, act: int) -> None:
        busy = self._busy()
        slot = busy[self.choose("who", 2) % len(busy)] if busy and act not in WORLDLY else None
        if act == DISTURB:
            self._disturb(slot, self.choose("fault", 3))
        elif act in WORLDLY:
            self._turn_world(act)
        elif slot:
            self._hurry(slot)

    def _turn_world(self, act: int) -> None:
        if act == POST:
            self.world.post(self.choose("delay", 2))
        elif act == EVENT:
            self._happen(EVENTS[self.choose("event", len(EVENTS))])
        else:
            self.world.wait(1)

    def _hurry(self, slot: Slot) -> None:
        self._advance(slot)
        for _ in range(self._burst()):
            if slot.worker is None:
                return
            self.deployment.check()
            self._advance(slot)

    def _burst(self) -> int:
        return self.choose("burst", self.pace) if self.pace > 1 else 0

    def _advance(self, slot: Slot) -> None:
        worker = slot.worker = slot.worker or self._begin(slot.jobs[0])
        try:
            next(worker)
        except StopIteration:
            slot.jobs.pop(0)
            slot.worker = None
        except Conflict as conflict:
            slot.worker = None
            slot.jobs[:0] = [REBUILD] if isinstance(conflict, Behind) else []
            self._fail(conflict)

    def _begin(self, job: Job) -> Worker:
        return self.deployment.rebuild() if job == REBUILD else self.deployment.work(*job)

    def _fail(self, conflict: Conflict) -> None:
        self.failures += 1
        if self.failures > PATIENCE:
            raise Violation(Law.STUCK, conflict) from conflict

    def _disturb(self, slot: Slot | None, fault: int) -> None:
        """Wake a paused worker for a while, or pause or crash a working one; its job is tried again."""
        if self.paused and (fault == 0 or slot is None):
            self._rouse(self.paused[self.choose("paused", len(self.paused))])
        elif slot and slot.worker:
            if fault == 1:
                self.paused.append(slot.worker)
            else:
                slot.worker.close()
            slot.worker = None

    def _rouse(self, worker: Worker) -> None:
        self._wake(worker)
        for _ in range(3 * self._burst()):
            if worker not in self.paused:
                return
            self.deployment.check()
            self._wake(worker)

    def _wake(self, worker: Worker) -> None:
        try:
            next(worker)
        except (StopIteration, Conflict):
            self.paused.remove(worker)

    def _happen(self, event: str) -> None:
        deployment = self.deployment
        if event == "delete" and (alive := self.world.alive()):
            self.world.delete(alive[self.choose("tweet", len(alive))])
        elif event == "like":
            self.world.like()
        elif event == "pack":
            deployment.is_packed = not deployment.is_packed
        elif event == "deploy":
            deployment.version += 1
        elif event == "skew":
            deployment.skew = self.choose("skew", 2) * MAX_SKEW
        elif event == "lose":
            self._pause_all()
            deployment.lose_state()
        elif event == "restore":
            self._pause_all()
            deployment.restore_state()

    def _pause_all(self) -> None:
        self.paused += [slot.worker for slot in self.slots if slot.worker]
        for slot in self.slots:
            slot.worker = None

    def _recover(self) -> None:
        in_step = len(self.paused) if self.choose("order", 2) else 1
        self._stop_faults()
        while self.paused:
            for worker in self.paused[:in_step]:
                self._wake(worker)
                self.deployment.check()
        for number in range(ROUNDS):
            self.world.wait(1)
            jobs = [("live", (1000 + number, 1001 + number)), *(BACKFILLS[:3] if number in (1, 3) else ())]
            for job in jobs:
                self._finish(Slot([job]))
        newest = self.world.now - SETTLE
        self.deployment.check_rest((start, min(end, newest)) for _, (start, end) in BACKFILLS)

    def _stop_faults(self) -> None:
        for slot in self.slots:
            if slot.worker:
                slot.worker.close()
        self.deployment.choose = quiet
        self.deployment.skew = 0
        self.world.wait(SETTLE + 1)

    def _finish(self, slot: Slot) -> None:
        self.failures = 0
        while slot.jobs:
            self._advance(slot)
            self.deployment.check()


def quiet(label: str, _number: int) -> int:
    """Choose what disturbs nothing: leases of workers that are gone have run out."""
    return 1 if label == "close" else 0
