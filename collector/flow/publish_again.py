"""Publish again: every object of a batch's window and shard, as it was; what a reprocessed window comes down to."""

import structlog

from collector.core.batches import Batch
from collector.core.documents import Manifest
from collector.core.errors import CollectorError
from collector.core.ports import ObjectStore, StateStore
from collector.flow.close import seal_landed
from collector.flow.policy import Policy, Press
from collector.flow.publish import publish
from collector.flow.seal import known_batch

log = structlog.get_logger(__name__)


def publish_again(batch_id: str, *, state: StateStore, objects: ObjectStore, press: Press, policy: Policy) -> Manifest:
    """Publish a batch and again every closed one of its window and shard; return the batch's manifest.

    Asks the source nothing and replaces nothing: a missing object is put back as it was. A batch without a seal is
    sealed with what has landed. Raises what `publish` raises, of several the first error, after all were tried.
    """
    batch = known_batch(batch_id, state)
    manifests, errors = [], list[CollectorError]()
    for one in (batch, *_closed_beside(batch, state)):
        try:
            sealed = seal_landed(one.batch_id, state=state, objects=objects, press=press, policy=policy)
            manifests.append(publish(sealed, objects=objects, press=press))
        except CollectorError as error:
            log.warning("batch.not_published", batch_id=one.batch_id, error=type(error).__name__, message=str(error))
            errors.append(error)
    if errors:
        raise errors[0]
    return manifests[0]


def _closed_beside(batch: Batch, state: StateStore) -> list[Batch]:
    with state.reading() as tx:
        known = tx.batches_starting(batch.window.start, batch.shard)
    others = [one for one in known if one.window == batch.window and one.batch_id != batch.batch_id]
    return [one for one in others if not one.is_open]
