"""Fetch: ask the source for what has not landed, land it, and seal the batch."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

import structlog

from collector.core.accounts import Account, AccountStatus
from collector.core.batches import Batch, Failure
from collector.core.coverage import Coverage
from collector.core.documents import Seal
from collector.core.errors import CollectorError, LeaseLost, NotProvenYet, SourceError
from collector.core.ids import AccountId, TweetId
from collector.core.landing import Landing, spans_by_account
from collector.core.planning import NOTHING, will_be_held
from collector.core.ports import Clock, Compression, ObjectStore, Source, StateStore, StateWriter, Worker
from collector.core.ranges import IdRange
from collector.flow.account_walk import AccountWalk, AccountWork
from collector.flow.lander import Lander
from collector.flow.leases import LeaseKeeper
from collector.flow.outages import Outages
from collector.flow.policy import Policy
from collector.flow.seal import check_log, known_batch, read_seal, seal
from collector.flow.spending import SpendingKeeper
from collector.flow.store import part_keys, prove_writable, read_landing
from collector.flow.threads import in_order

log = structlog.get_logger(__name__)

Progress = Callable[[int, int], None]
"""Called with how many accounts are done, of how many."""


_LOOK_BACK = 20
"""So many batches back, a shard's last closed one is found."""

_AHEAD = 10_000
"""A long walk at the head must not hold the others back."""


def quiet(_done: int, _of: int) -> None:
    """Show no progress."""


def fetch(
    batch_id: str,
    *,
    state: StateStore,
    source: Source,
    objects: ObjectStore,
    compression: Compression,
    clock: Clock,
    policy: Policy,
    worker: Worker,
    progress: Progress = quiet,
) -> Seal:
    """Return the seal of a batch after fetching what is planned and has not landed; a sealed one asks nothing.

    Asks no more once somebody else has sealed the batch, and returns the seal that stands. An account that fails, or a
    source that ends the run, leaves a gap and a failure, never an unsealed batch. Before anything is paid it raises
    `StateConflict` and `LogMissing`, and with the batch open `StoreUnavailable`, `StateUnavailable`, and what the
    policy waits for: the next fetch asks for what has not landed.
    """
    check_log(state=state, objects=objects)
    batch = known_batch(batch_id, state)
    if batch.seal is not None:
        return read_seal(batch.seal, objects)
    landing = read_landing(part_keys(batch_id, objects), objects, compression)
    works = _works(batch, landing, state)
    # What is paid must not be lost because nothing may be written here.
    prove_writable(objects)
    lander = Lander(batch_id, landing, objects=objects, compression=compression, clock=clock, policy=policy)
    failures = _landed(
        batch_id,
        works,
        lander,
        state=state,
        source=source,
        clock=clock,
        policy=policy,
        worker=worker,
        progress=progress,
    )
    sealed = seal(batch_id, lander.landed, failures, policy.recipe, state=state, objects=objects)
    log.info("batch.fetched", batch_id=batch_id, accounts=len(works), failures=len(failures))
    return sealed


def _landed(
    batch_id: str,
    works: Sequence[AccountWork],
    lander: Lander,
    *,
    state: StateStore,
    source: Source,
    clock: Clock,
    policy: Policy,
    worker: Worker,
    progress: Progress,
) -> tuple[Failure, ...]:
    """Land what the source gives of all that is left, and return why something is missing; none when another sealed."""
    lease = LeaseKeeper(batch_id, state=state, clock=clock, worker=worker)
    spending = SpendingKeeper(policy.budget, state=state, clock=clock)
    # Of few accounts none answering is an outage too.
    outages = Outages(min(policy.outages_in_a_row, max(1, len(works))))
    begun = source.requests_made()
    try:
        _begin(source, lease, spending, state)
        walk = AccountWalk(source, lander, lease, spending, clock, policy)
        failures = _ask_all(works, walk, outages, policy, progress)
        lander.flush()
        _raise_end(batch_id, outages.end(policy.waits_for) or _awaited(batch_id, failures, policy, state))
    except LeaseLost as lost:
        log.warning("batch.lost", batch_id=batch_id, message=str(lost))
        return ()
    except CollectorError:
        # What is in memory is paid.
        with suppress(CollectorError):
            lander.flush()
        raise
    else:
        return failures
    finally:
        leave = partial(lease.leave, end=outages.end(policy.waits_for))
        _remember(batch_id, source, begun, lander, state, (spending.settle, leave))


def _works(batch: Batch, landing: Landing, state: StateStore) -> list[AccountWork]:
    with state.reading() as tx:
        spans = spans_by_account(tx.spans(batch.batch_id))
        ailing = _ailing(tx.batches(_LOOK_BACK, shard=batch.shard))
        accounts = {account.account_id: account for account in tx.accounts()}
        coverage = tx.coverage_of(list(spans))
    works = [
        _work(accounts[account_id], left, coverage, landing)
        for account_id, ids in spans.items()
        if (left := landing.left(account_id, ids))
    ]
    # Oldest cursor first: a run cut short by a limit rotates through the accounts fairly. What could not be read last
    # time comes after all others, or accounts that never answer would take every batch's first, or only, requests.
    silent = {one.account_id for one in accounts.values() if one.status is not AccountStatus.ACTIVE} | ailing
    return sorted(works, key=lambda work: (work.account_id in silent, work.left[-1].after))


def _ailing(newest: Sequence[Batch]) -> set[AccountId]:
    closed = next((batch for batch in newest if not batch.is_open), None)
    faults = (one for one in closed.failures if one.is_fault and not one.may_pass) if closed else ()
    return {one.account_id for one in faults if one.account_id is not None}


def _work(
    account: Account, left: Sequence[IdRange], coverage: dict[AccountId, Coverage], landing: Landing
) -> AccountWork:
    account_id = account.account_id
    return AccountWork(
        account_id=account_id,
        username=account.username,
        left=tuple(left),
        coverage=coverage.get(account_id, NOTHING),
        landed=landing.above(account_id),
    )


def _ask_all(
    works: Sequence[AccountWork], walk: AccountWalk, outages: Outages, policy: Policy, progress: Progress
) -> tuple[Failure, ...]:
    failures: list[Failure] = []
    results = in_order(partial(outages.guard, walk), works, workers=policy.concurrency, most=_AHEAD)
    for done, failed in enumerate(results, start=1):
        failures.extend(failed)
        progress(done, len(works))
    return (*failures, *outages.unasked())


def _raise_end(batch_id: str, end: SourceError | None) -> None:
    if end is not None:
        log.info("batch.waiting", batch_id=batch_id, reason=end.reason, message=str(end))
        raise end


def _awaited(batch_id: str, failures: Sequence[Failure], policy: Policy, state: StateStore) -> NotProvenYet | None:
    """Return the error to wait for other batches with, when what they are fetching will settle a doubt of this one."""
    doubted = [failure.account_id for failure in failures if failure.is_doubt and failure.account_id is not None]
    if not doubted or NotProvenYet not in policy.waits_for:
        return None
    with state.reading() as tx:
        ours, reserved, held = spans_by_account(tx.spans(batch_id)), tx.reserved(), tx.coverage_of(doubted)
    tops = {one: TweetId(max(ids.through for ids in ours[one])) for one in doubted}
    awaited = [one for one in doubted if will_be_held(tops[one], held.get(one, NOTHING), reserved[one])]
    return NotProvenYet(f"newer tweets of {len(awaited)} accounts are being collected") if awaited else None


def _begin(source: Source, lease: LeaseKeeper, spending: SpendingKeeper, state: StateStore) -> None:
    with state.writing() as tx:
        lease.take(tx)
        source.learn(tx.rate_windows())
        reserved = spending.reserve(tx)
    spending.take(reserved)


def _remember(
    batch_id: str,
    source: Source,
    begun: int,
    lander: Lander,
    state: StateStore,
    endings: Sequence[Callable[[StateWriter], None]],
) -> None:
    requests = source.requests_made() - begun
    with state.writing() as tx:
        tx.save_rate_windows(source.rate_windows())
        batch = tx.batch(batch_id)
        if batch is not None:
            tx.save_batch(_counted(batch, requests, lander.tweets_read))
        for end in endings:
            end(tx)


def _counted(batch: Batch, requests: int, tweets_read: int) -> Batch:
    counts = batch.counts
    return replace(
        batch,
        counts=replace(counts, requests=counts.requests + requests, tweets_read=counts.tweets_read + tweets_read),
    )
