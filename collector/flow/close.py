"""Close: seal, publish and commit a batch without asking X; anyone may, at any time."""

from collector.core.batches import Batch, Failure
from collector.core.documents import Seal
from collector.core.landing import Landing, spans_by_account
from collector.core.ports import Clock, ObjectStore, StateStore
from collector.flow.commit import commit
from collector.flow.policy import Policy, Press
from collector.flow.publish import publish
from collector.flow.seal import check_log, known_batch, read_seal, seal
from collector.flow.store import part_keys, read_landing


def close(
    batch_id: str, *, state: StateStore, objects: ObjectStore, press: Press, clock: Clock, policy: Policy
) -> Batch:
    """Return the batch, committed: what has landed is published, the rest is a gap again."""
    sealed = seal_landed(batch_id, state=state, objects=objects, press=press, policy=policy)
    return commit(publish(sealed, objects=objects, press=press), state=state, clock=clock)


def seal_landed(batch_id: str, *, state: StateStore, objects: ObjectStore, press: Press, policy: Policy) -> Seal:
    """Return the seal of a batch, made of what has landed where it has none. Raises `StateConflict`, `LogMissing`."""
    check_log(state=state, objects=objects)
    batch = known_batch(batch_id, state)
    if batch.seal is not None:
        return read_seal(batch.seal, objects)
    landing = read_landing(part_keys(batch_id, objects), objects, press.compression)
    failures = _interrupted(batch_id, landing, state)
    return seal(batch_id, landing, failures, policy.recipe, state=state, objects=objects)


def _interrupted(batch_id: str, landing: Landing, state: StateStore) -> list[Failure]:
    with state.reading() as tx:
        spans = spans_by_account(tx.spans(batch_id))
        names = {account.account_id: account.username for account in tx.accounts() if account.account_id in spans}
    message = "the batch was closed before the account was fetched"
    return [
        Failure(account_id, names[account_id], "interrupted", message)
        for account_id, ids in spans.items()
        if landing.is_interrupted(account_id, ids)
    ]
