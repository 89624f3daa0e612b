"""The baton: a worker in its own thread that stops before each call to a port until it is told to go on.

Only one thread runs at a time, so a schedule decides the order of all effects; a worker may have no threads of its
own. A crashed worker has no further effect: every port raises `Crash` from then on.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock, Thread
from typing import Self

from fakes.objects import FakeObjects
from fakes.state import FakeReader, FakeState, FakeWriter

from collector.core.errors import StateUnavailable, StoreUnavailable
from protocol.schedules import Choose


class Crash(BaseException):
    """The worker is killed: nothing in it may catch this."""


class Baton:
    """One worker: `next` lets it run up to its next effect and raises what ends it, `close` kills it."""

    def __init__(self, work: Callable[["Baton"], object]) -> None:
        self._work = work
        self._go, self._back = Lock(), Lock()
        self._go.acquire()
        self._back.acquire()
        self._thread = Thread(target=self._run, daemon=True)
        self._end: BaseException | None = None
        self._is_crashed = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> None:
        self._resume()
        if self._end is not None:
            raise self._end

    def close(self) -> None:
        """Kill the worker where it stands."""
        self._is_crashed = True
        if self._thread.ident is not None and self._end is None:
            self._resume()

    def wait(self) -> None:
        """Give the baton back and wait for it; called by the ports in the worker's own thread."""
        if not self._is_crashed:
            self._back.release()
            self._go.acquire()
        if self._is_crashed:
            raise Crash

    def _resume(self) -> None:
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._go.release()
        self._back.acquire()

    def _run(self) -> None:
        try:
            self._work(self)
            self._end = StopIteration()
        except BaseException as end:  # noqa: BLE001  it is raised again where the schedule stands
            self._end = end
        self._back.release()


class BatonObjects:
    """Objects of one worker; now and then the reply to a create is lost."""

    location = FakeObjects.location

    def __init__(self, objects: FakeObjects, baton: Baton, choose: Choose) -> None:
        self._objects, self._baton, self._choose = objects, baton, choose

    def create(self, key: str, body: bytes) -> None:
        self._baton.wait()
        self._objects.create(key, body)
        if self._choose("reply", 20) == 1:
            message = f"no reply to the create of {key}"
            raise StoreUnavailable(message)

    def read(self, key: str) -> bytes:
        self._baton.wait()
        return self._objects.read(key)

    def keys(self, prefix: str) -> Sequence[str]:
        self._baton.wait()
        return list(self._objects.keys(prefix))


class BatonState:
    """The database one worker is connected to; now and then the reply to a commit is lost."""

    def __init__(self, state: FakeState, baton: Baton, choose: Choose) -> None:
        self._state, self._baton, self._choose = state, baton, choose

    @contextmanager
    def reading(self) -> Iterator[FakeReader]:
        self._baton.wait()
        with self._state.reading() as tx:
            yield tx

    @contextmanager
    def writing(self) -> Iterator[FakeWriter]:
        self._baton.wait()
        with self._state.writing() as tx:
            yield tx
        if self._choose("reply", 20) == 1:
            message = "no reply to a commit"
            raise StateUnavailable(message)
