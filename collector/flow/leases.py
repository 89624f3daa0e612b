"""Leases: keep the right to a batch while it is fetched, and stop asking when somebody else has finished it."""

from datetime import UTC, datetime, timedelta
from threading import Lock

import structlog

from collector.core.errors import LeaseLost, RateLimited, SourceError, StateUnavailable
from collector.core.leases import Lease
from collector.core.ports import Clock, StateStore, StateWriter, Worker

log = structlog.get_logger(__name__)

_RENEWALS = 4
"""So many times in its term, a lease is renewed: a lost reply or two must not cost it."""


def is_held(lease: Lease, worker: Worker) -> bool:
    """Say whether a lease that has not expired is of somebody else who is, as far as is known, at work."""
    return lease.worker != worker.name and not worker.is_gone(lease.worker)


class LeaseKeeper:
    """Keeps the lease of a batch that is fetched; safe to call from many threads.

    That is a look at the clock most of the time, and one state transaction in a quarter of the term.
    """

    def __init__(self, batch_id: str, *, state: StateStore, clock: Clock, worker: Worker) -> None:
        self._batch_id = batch_id
        self._state, self._clock, self._worker = state, clock, worker
        self._lock = Lock()
        self._due_at = datetime.min.replace(tzinfo=UTC)
        self._lost: LeaseLost | None = None

    def keep(self) -> None:
        """Renew the lease if it is time to; called before each request.

        Raises `LeaseLost`, then and ever after, when the batch was sealed meanwhile. A state that does not answer is
        no reason to stop: what is asked for lands, and is paid once.
        """
        with self._lock:
            if self._lost is not None:
                raise self._lost
            if self._clock.now() < self._due_at:
                return
            try:
                with self._state.writing() as tx:
                    self.take(tx)
            except StateUnavailable as error:
                log.warning("lease.not_renewed", batch_id=self._batch_id, message=str(error))

    def take(self, tx: StateWriter) -> None:
        """Take or renew the lease. Raises `LeaseLost` when the batch is sealed."""
        self._due_at = self._clock.now() + self._worker.term / _RENEWALS
        batch = tx.batch(self._batch_id)
        if batch is None or batch.seal is not None:
            self._lost = LeaseLost(f"batch {self._batch_id} was sealed by another worker")
            raise self._lost
        tx.take_lease(self._batch_id, self._worker.name, self._worker.term)

    def leave(self, tx: StateWriter, end: SourceError | None) -> None:
        """Renew the lease for what comes after asking; a committed batch needs none.

        `end` is what the asking waits for, if it does: a rate limit's reset comes before the term.
        """
        batch = tx.batch(self._batch_id)
        if batch is not None and batch.is_open:
            left = end.reset_at - self._clock.now() if isinstance(end, RateLimited) else timedelta(0)
            tx.take_lease(self._batch_id, self._worker.name, max(left, timedelta(0)) + self._worker.term)
