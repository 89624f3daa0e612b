"""Collect: the four steps in order, for one batch."""

from dataclasses import dataclass

from collector.core.batches import Batch
from collector.core.documents import Seal
from collector.core.ports import Clock, ObjectStore, Source, StateStore, Worker
from collector.flow.commit import commit
from collector.flow.fetch import Progress, fetch, quiet
from collector.flow.plan import PlanRequest, plan
from collector.flow.policy import Policy, Press
from collector.flow.publish import publish
from collector.flow.seal import known_batch


@dataclass(frozen=True, slots=True)
class Ports:
    """All that a run of the four steps may touch."""

    state: StateStore
    source: Source
    objects: ObjectStore
    press: Press
    clock: Clock
    policy: Policy
    worker: Worker


def collect(request: PlanRequest, ports: Ports, progress: Progress = quiet) -> Batch:
    """Return the batch of a window and shard, committed; when it is so already, all four steps do nothing."""
    batch = plan(
        request,
        state=ports.state,
        objects=ports.objects,
        press=ports.press,
        clock=ports.clock,
        policy=ports.policy,
        worker=ports.worker,
    )
    return finish(batch.batch_id, ports, progress) if batch.is_open else batch


def finish(batch_id: str, ports: Ports, progress: Progress = quiet) -> Batch:
    """Fetch, publish and commit a planned batch, from wherever it stopped."""
    manifest = publish(fetch_batch(batch_id, ports, progress), objects=ports.objects, press=ports.press)
    commit(manifest, state=ports.state, clock=ports.clock)
    return known_batch(batch_id, ports.state)


def fetch_batch(batch_id: str, ports: Ports, progress: Progress = quiet) -> Seal:
    """Fetch a planned batch and seal it; a sealed one asks nothing."""
    return fetch(
        batch_id,
        state=ports.state,
        source=ports.source,
        objects=ports.objects,
        compression=ports.press.compression,
        clock=ports.clock,
        policy=ports.policy,
        worker=ports.worker,
        progress=progress,
    )
