"""A secret that is kept for some minutes, and read again when it is old or was refused."""

from collections.abc import Callable
from datetime import timedelta
from threading import Lock
from typing import Generic

import structlog

from collector.core.errors import SecretRefused, SecretUnavailable
from collector.core.ports import Clock, Held

KEPT = timedelta(minutes=5)
"""So long a rotation may go unnoticed where the old value still works; each read costs a request."""

PAUSE = timedelta(seconds=10)
"""So long a value that was refused and has not changed is not read again."""

PATIENCE = timedelta(minutes=1)
"""So long a value that is old and could not be read again is used before the next try."""

log = structlog.get_logger(__name__)


class KeptSecret(Generic[Held]):
    """Implements `Secret`; safe to share between threads.

    Where it cannot be read again, what was read before is used on, with a warning; `renewed` raises once it is refused.
    """

    def __init__(self, read: Callable[[], Held], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._lock = Lock()
        self._held: Held | None = None
        self._is_due_at = self._may_renew_at = clock.now()

    def current(self) -> Held:
        """Return the value, at most some minutes old."""
        with self._lock:
            if self._held is None:
                return self._fresh()
            return self._fresh_or(self._held) if self._is_due() else self._held

    def renewed(self, refused: Held) -> Held:
        """Return the value after one was refused: read again once, however many threads were refused at once."""
        with self._lock:
            if self._held is not None and (self._held != refused or self._clock.now() < self._may_renew_at):
                return self._held
            fresh = self._fresh()
            self._may_renew_at = self._clock.now() + PAUSE
            return fresh

    def _is_due(self) -> bool:
        # A clock that was set back must not keep a value for ever.
        return not self._is_due_at - KEPT <= self._clock.now() < self._is_due_at

    def _fresh(self) -> Held:
        self._held = self._read()
        self._is_due_at = self._clock.now() + KEPT
        return self._held

    def _fresh_or(self, held: Held) -> Held:
        try:
            return self._fresh()
        except (SecretUnavailable, SecretRefused) as error:
            self._is_due_at = self._clock.now() + PATIENCE
            log.warning("secret.not_read", message=str(error), hint=error.hint)
            return held
