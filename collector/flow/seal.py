"""Seal: number and write, once, what a batch publishes; the seals are one log without holes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import structlog

from collector.core.accounts import Account
from collector.core.batches import Batch, BatchKind, BatchStatus, Counts, Failure, Span
from collector.core.documents import Recipe, Seal, SealedAccount, decode_seal, encode_seal, seal_key
from collector.core.errors import LogMissing, ObjectMissing, StateConflict
from collector.core.ids import AccountId
from collector.core.landing import Landing, spans_by_account
from collector.core.planning import NOTHING
from collector.core.ports import ObjectStore, StateReader, StateStore
from collector.core.walk import Proof
from collector.flow.account_walk import REASONS
from collector.flow.store import part_keys, put_once

log = structlog.get_logger(__name__)


def seal(
    batch_id: str,
    landing: Landing,
    failures: Sequence[Failure],
    recipe: Recipe,
    *,
    state: StateStore,
    objects: ObjectStore,
) -> Seal:
    """Return the batch's seal, the one that stands if it has one.

    Raises `StateConflict` when the log holds a seal of a batch that this state never planned.
    """
    while True:
        draft = _draft(batch_id, landing, failures, recipe, state)
        if draft.batch.seal is not None:
            return read_seal(draft.batch.seal, objects)
        parts = (key for key in part_keys(batch_id, objects) if key not in landing.damaged)
        drafted = replace(draft, parts=tuple(parts))
        standing = decode_seal(put_once(objects, seal_key(drafted.number), encode_seal(drafted)))
        note(standing, state=state, objects=objects)


def read_seal(number: int, objects: ObjectStore) -> Seal:
    """Read a seal by its number. Raises `ObjectMissing`."""
    return decode_seal(objects.read(seal_key(number)))


def seal_of(batch_id: str, *, state: StateStore, objects: ObjectStore) -> Seal | None:
    """Return the seal of a batch, or None while it has none; raises `StateConflict` for an unknown batch."""
    batch = known_batch(batch_id, state)
    return None if batch.seal is None else read_seal(batch.seal, objects)


def known_batch(batch_id: str, state: StateStore) -> Batch:
    """Return a batch of this state. Raises `StateConflict` when it was never planned here."""
    with state.reading() as tx:
        batch = tx.batch(batch_id)
    if batch is None:
        message = f"batch {batch_id} is not known to this state"
        raise StateConflict(message, hint="collector batches lists those that are")
    return batch


def check_log(*, state: StateStore, objects: ObjectStore) -> None:
    """Take note of seals that stand and this state has not noted yet.

    Raises `StateConflict` when one of them is of a batch that this state never planned, and `LogMissing` when the last
    one that it noted is gone.
    """
    number = find_log(state=state, objects=objects)
    while True:
        number += 1
        try:
            standing = read_seal(number, objects)
        except ObjectMissing:
            return
        note(standing, state=state, objects=objects)


def find_log(*, state: StateStore, objects: ObjectStore) -> int:
    """Return the number of the last seal that this state knows, 0 for none. Raises `LogMissing` when it is gone."""
    with state.reading() as tx:
        last = tx.last_seal()
    try:
        if last > 0:
            objects.read(seal_key(last))
    except ObjectMissing as cause:
        message = f"seal {last}, the last that this state knows, is not in {objects.location}"
        hint = "set COLLECTOR_OUTPUT to where this state has collected, or restore the seal that was lost there"
        raise LogMissing(message, hint=hint) from cause
    return last


def note(standing: Seal, *, state: StateStore, objects: ObjectStore) -> None:
    """Remember in one transaction that a number is taken, and by whose seal."""
    with state.writing() as tx:
        planned = tx.batch_planned_as(standing.batch.plan_id)
        if planned is None:
            message = (
                f"seal {standing.number} in {objects.location} is of batch {standing.batch.batch_id}, "
                "which this state never planned"
            )
            raise StateConflict(message, hint="another state writes here, or this one is old: collector rebuild")
        if tx.last_seal() >= standing.number:
            return
        tx.note_seal(standing.number)
        if planned.seal is None:
            tx.save_batch(_sealed(planned, standing))
    log.info("batch.sealed", batch_id=standing.batch.batch_id, seal=standing.number, parts=len(standing.parts))


def _sealed(planned: Batch, standing: Seal) -> Batch:
    counts = _at_least(planned.counts, standing.batch.counts.requests, standing.batch.counts.tweets_read)
    failures = standing.batch.failures
    return replace(planned, seal=standing.number, status=BatchStatus.SEALED, failures=failures, counts=counts)


def _at_least(counts: Counts, requests: int, tweets_read: int) -> Counts:
    # An attempt that was killed has counted nothing, but what it landed was asked for and read.
    return replace(counts, requests=max(counts.requests, requests), tweets_read=max(counts.tweets_read, tweets_read))


def _draft(batch_id: str, landing: Landing, failures: Sequence[Failure], recipe: Recipe, state: StateStore) -> Seal:
    with state.reading() as tx:
        batch = tx.batch(batch_id)
        if batch is None:
            message = f"batch {batch_id} is not known to this state"
            raise StateConflict(message, hint="another state planned it: collector rebuild")
        spans = tx.spans(batch_id)
        sealed = _accounts(batch, spans, landing, tx)
        number = tx.last_seal() + 1
    known = [*failures, *_doubts(failures, spans, sealed, landing)]
    counts = _at_least(batch.counts, landing.pages, landing.tweets)
    drafted = replace(batch, failures=tuple(_as_first(failure, sealed) for failure in known), counts=counts)
    return Seal(number, drafted, tuple(sealed.values()), tuple(spans), (), recipe)


def _accounts(batch: Batch, spans: Sequence[Span], landing: Landing, tx: StateReader) -> dict[AccountId, SealedAccount]:
    asked = {span.account_id for span in spans}
    known = {account.account_id: account for account in tx.accounts() if account.account_id in asked}
    doubted = [account_id for account_id in known if landing.is_doubted(account_id)]
    first = _never_advanced(doubted, known, tx) if batch.kind is BatchKind.LIVE else set()
    return {
        account_id: SealedAccount(account_id, account.username, account.baseline, account_id in first)
        for account_id, account in known.items()
    }


def _never_advanced(doubted: list[AccountId], known: dict[AccountId, Account], tx: StateReader) -> set[AccountId]:
    coverage = tx.coverage_of(doubted)
    return {one for one in doubted if coverage.get(one, NOTHING).cursor(known[one].baseline) == known[one].baseline}


def _doubts(
    failures: Sequence[Failure], spans: Sequence[Span], accounts: dict[AccountId, SealedAccount], landing: Landing
) -> Iterator[Failure]:
    """Yield what an earlier attempt left unproven and this one had no need to ask again."""
    named = {failure.account_id for failure in failures}
    for account_id, ids in spans_by_account(spans).items():
        is_new = landing.is_doubted(account_id) and account_id not in named
        if is_new and landing.claim(account_id, ids).unproven:
            yield Failure(account_id, accounts[account_id].username, *REASONS[Proof.FAILS])


def _as_first(failure: Failure, accounts: dict[AccountId, SealedAccount]) -> Failure:
    account = None if failure.account_id is None else accounts.get(failure.account_id)
    if failure.reason != "unproven" or account is None or not account.is_first:
        return failure
    message = "the source lists no further back: the account's collection starts at its oldest tweet listed"
    return replace(failure, reason="baseline_raised", message=message)
