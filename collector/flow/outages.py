"""Outages: one account that fails never stops the others, a source that is down stops the run."""

from threading import Lock

from collector.core.batches import Failure
from collector.core.errors import RequestRefused, SourceClosed, SourceError, SourceUnavailable
from collector.flow.account_walk import AccountWalk, AccountWork


class Outages:
    """Turns what the source raises into failures, and stops asking once asking is useless."""

    def __init__(self, in_a_row: int) -> None:
        self._allowed = in_a_row
        self._in_a_row = 0
        self._closed: SourceError | None = None
        self._unasked = 0
        self._is_stopped = False
        self._lock = Lock()

    def end(self, kinds: tuple[type[SourceError], ...]) -> SourceError | None:
        """Return the error that ended the asking, if one did that is of these kinds."""
        return self._closed if isinstance(self._closed, kinds) else None

    def stop(self) -> None:
        """Ask nothing more: the step itself has failed."""
        self._is_stopped = True

    def guard(self, walk: AccountWalk, work: AccountWork) -> list[Failure]:
        """Walk one account, and return why it is not complete, if it is not."""
        if self._is_stopped:
            return []
        if self._closed is not None:
            self._count_unasked()
            return []
        try:
            failures = walk(work)
        except SourceError as error:
            self._learn(error)
            return [_failure(work, error)]
        except BaseException:
            self.stop()
            raise
        self._learn(None)
        return failures

    def unasked(self) -> list[Failure]:
        """Return one failure for all accounts that were not asked any more, if there are any."""
        if self._closed is None or not self._unasked:
            return []
        message = f"{self._unasked} accounts were not asked any more: {self._closed}"
        return [Failure(None, f"({self._unasked} accounts)", self._closed.reason, message)]

    def _count_unasked(self) -> None:
        with self._lock:
            self._unasked += 1

    def _learn(self, error: SourceError | None) -> None:
        with self._lock:
            self._in_a_row = self._in_a_row + 1 if isinstance(error, SourceUnavailable | RequestRefused) else 0
            if isinstance(error, SourceClosed) or self._in_a_row >= self._allowed:
                self._closed = error


def _failure(work: AccountWork, error: SourceError) -> Failure:
    return Failure(work.account_id, work.username, error.reason, str(error))
