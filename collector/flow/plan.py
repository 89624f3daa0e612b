"""Plan: reserve what is wanted and not held, in one transaction; planning again returns the same batch."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import uuid4

import structlog

from collector.core.accounts import Account
from collector.core.batches import Batch, BatchKind, Span, Window, batch_name
from collector.core.errors import CollectorError
from collector.core.ids import AccountId, TweetId
from collector.core.leases import Lease
from collector.core.planning import NOTHING, is_held_above, newest_of, plan_spans, planned_through, wanted_of
from collector.core.ports import Clock, ObjectStore, StateReader, StateStore, Worker
from collector.flow.close import close
from collector.flow.leases import is_held
from collector.flow.policy import Policy, Press

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """The batch a person or a schedule asks for.

    `repeats_doubts` says whether what the window's last batch could merely not prove is worth a new one, also while
    there are holes in what is held above it.
    """

    kind: BatchKind
    window: Window
    shard: int = 0
    repeats_doubts: bool = True


def plan(
    request: PlanRequest,
    *,
    state: StateStore,
    objects: ObjectStore,
    press: Press,
    clock: Clock,
    policy: Policy,
    worker: Worker,
) -> Batch:
    """Return the batch of a window and shard, planned now or before; if it is open, its lease is the worker's.

    First closes every other open batch that holds a span of one of the shard's accounts, or nothing, unless somebody
    works on it: then it stays, and so do its spans. A close that fails is logged and does not stop the plan. Raises
    `StateUnavailable`.
    """
    for batch in _in_the_way(request, state, worker):
        try:
            close(batch.batch_id, state=state, objects=objects, press=press, clock=clock, policy=policy)
        except CollectorError as error:
            log.warning("batch.not_closed", batch_id=batch.batch_id, error=type(error).__name__, message=str(error))
    with state.writing() as tx:
        known = tx.batches_starting(request.window.start, request.shard)
        newest = newest_of(batch for batch in known if batch.window == request.window)
        if newest is not None and newest.is_open:
            tx.take_lease(newest.batch_id, worker.name, worker.term)
            return newest
        through = planned_through(request.window, clock.now(), policy.settle)
        spans = _spans(request, through, tx)
        if newest is not None and not _is_worth_asking(spans, newest, request, tx):
            return newest
        last = newest_of(known)
        batch = _new_batch(request, through, last.number + 1 if last else 1, clock)
        tx.open_batch(batch, spans)
        tx.take_lease(batch.batch_id, worker.name, worker.term)
    log.info("batch.planned", batch_id=batch.batch_id, spans=len(spans))
    return batch


def _in_the_way(request: PlanRequest, state: StateStore, worker: Worker) -> list[Batch]:
    with state.reading() as tx:
        others = [
            batch for batch in tx.open_batches() if (batch.window, batch.shard) != (request.window, request.shard)
        ]
        ours = {account.account_id for account in tx.accounts(request.shard)} if others else set()
        found = [batch for batch in others if _is_ours(tx.spans(batch.batch_id), ours)]
        leases = tx.leases() if found else {}
    return [batch for batch in found if not _is_left_open(batch, leases.get(batch.batch_id), worker)]


def _is_left_open(batch: Batch, lease: Lease | None, worker: Worker) -> bool:
    if lease is None or not is_held(lease, worker):
        return False
    log.info("batch.left_open", batch_id=batch.batch_id, worker=lease.worker)
    return True


def _is_ours(spans: Sequence[Span], ours: set[AccountId]) -> bool:
    # A batch that holds nothing may be of a shard that exists no more: anyone closes it.
    return any(span.account_id in ours for span in spans) or not spans


def _spans(request: PlanRequest, through: TweetId, tx: StateReader) -> list[Span]:
    accounts = _by_need(account for account in tx.accounts(request.shard) if account.is_wanted)
    wanted = {account.account_id: wanted_of(account, request.kind, request.window, through) for account in accounts}
    return plan_spans(wanted, tx.coverage(request.shard), tx.reserved())


def _is_worth_asking(spans: Sequence[Span], newest: Batch, request: PlanRequest, tx: StateReader) -> bool:
    doubted = {one.account_id for one in newest.failures if one.is_doubt and not request.repeats_doubts}
    coverage = tx.coverage_of([span.account_id for span in spans if span.account_id in doubted])
    return any(
        span.account_id not in doubted
        or is_held_above(TweetId(span.ids.through), coverage.get(span.account_id, NOTHING))
        for span in spans
    )


def _by_need(accounts: Iterable[Account]) -> list[Account]:
    return sorted(accounts, key=lambda account: account.account_id)


def _new_batch(request: PlanRequest, through: TweetId, number: int, clock: Clock) -> Batch:
    return Batch(
        batch_id=batch_name(request.kind, request.window, request.shard, number),
        kind=request.kind,
        window=request.window,
        shard=request.shard,
        number=number,
        plan_id=uuid4().hex,
        through_id=through,
        created_at=clock.now().replace(microsecond=0),
    )
