"""Recent: one reading of the state answers everybody who asks within a second or two."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from collector.core.errors import CollectorError
from collector.core.ports import Clock, StateStore
from collector.flow.overview import Snapshot, snapshot

FRESH = timedelta(seconds=2)


class Recent:
    """The newest snapshot of the state, opened at first use; safe to share between threads."""

    def __init__(self, open_state: Callable[[], StateStore], clock: Clock, fresh: timedelta = FRESH) -> None:
        self._open_state = open_state
        self._clock = clock
        self._fresh = fresh
        self._lock = Lock()
        self._state: StateStore | None = None
        self._read_at: datetime | None = None
        self._outcome: Snapshot | CollectorError | None = None

    def snapshot(self) -> Snapshot:
        """Return a snapshot not older than `fresh`. Raises `StateUnavailable` and `ConfigError`, to all who wait."""
        with self._lock:
            if self._outcome is None or not self._is_fresh():
                self._outcome = self._read()
                self._read_at = self._clock.now()
            outcome = self._outcome
        if isinstance(outcome, CollectorError):
            raise outcome
        return outcome

    def _is_fresh(self) -> bool:
        return self._read_at is not None and timedelta(0) <= self._clock.now() - self._read_at < self._fresh

    def _read(self) -> Snapshot | CollectorError:
        try:
            self._state = self._state or self._open_state()
            return snapshot(state=self._state, clock=self._clock)
        except CollectorError as error:
            # A database that does not answer takes its time to say so: who waited for the lock does not ask again.
            return error
