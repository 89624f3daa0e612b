"""Steps: what each task of the DAGs does; the DAGs say when."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import structlog
from airflow.sdk import get_current_context

from collector import wiring
from collector.adapters.system_worker import SystemWorker
from collector.airflow.connections import open_objects, task_settings
from collector.airflow.outcomes import outcomes, refuse_closed, refuse_faults, wait_until
from collector.airflow.pool import check_pool
from collector.airflow.runs import kind_of, settled_at, window_of
from collector.core.batches import Batch, BatchKind, shard_of
from collector.core.documents import Manifest
from collector.core.errors import NotProvenYet, RateLimited, SourceError, SourceUnavailable
from collector.core.money import price
from collector.core.ports import Worker
from collector.flow import commit as committing
from collector.flow import plan as planning
from collector.flow import publish as publishing
from collector.flow import views
from collector.flow.accounts import reshard
from collector.flow.collect import Ports, fetch_batch
from collector.flow.publish_again import publish_again
from collector.flow.rounds import keep_accounts
from collector.flow.seal import known_batch
from collector.settings import Settings

log = structlog.get_logger(__name__)

TERM = timedelta(hours=4)
"""So long others leave a planned batch alone whose fetch waits for a slot. A run that fails gives it up at once."""

LONGEST_DOUBT = timedelta(minutes=10)
"""So long a fetch waits for the batches of newer windows, without which the end of a list proves nothing."""

LONGEST_WAIT = timedelta(hours=1)
"""So long a live fetch waits for rate limits to end; then it leaves a gap, that the next window asks for."""


def accounts() -> None:
    """Spread the accounts over the shards, and, but for a backfill, read again the usernames that are due.

    Fails without the pool. A backfill is no time to look at names: several may run at once, and some ask X nothing.
    """
    with outcomes():
        check_pool()
        settings = task_settings()
        state = wiring.open_state(settings)
        if kind_of(get_current_context(), BatchKind.LIVE) is BatchKind.LIVE:
            keep_accounts(settings.shards, settings.username_check, _ports(settings))
        else:
            reshard(settings.shards, state=state)
        with state.reading() as tx:
            if not tx.accounts():
                log.warning("accounts.none", hint="whom to follow: collector accounts add nasa")


def plan(shard: int, kind: str) -> str:
    """Plan the batch of the run's window and return its id; wait until the window has settled.

    A run that Airflow's backfill command asked for is a backfill, whatever the DAG's batches are else.
    """
    context = get_current_context()
    _label(shard)
    with outcomes():
        settings = task_settings()
        window = window_of(context, settings.settle)
        settled = settled_at(window, settings.settle)
        if wiring.clock().now() < settled:
            raise wait_until(settled)
        request = planning.PlanRequest(kind_of(context, BatchKind(kind)), window, shard, repeats_doubts=False)
        batch = planning.plan(
            request,
            state=wiring.open_state(settings),
            objects=open_objects(settings),
            press=wiring.press(),
            clock=wiring.clock(),
            policy=wiring.policy(settings),
            worker=_worker(),
        )
    return batch.batch_id


def fetch(batch_id: str) -> None:
    """Fetch what is planned and has not landed; a sealed batch asks nothing, and needs no credentials.

    While there are tries left, an outage leaves the batch open, and the next try goes on where this one stopped. So
    do, whatever the try, a rate limit and newer windows that are being collected. Then what has landed is sealed; it
    fails if X takes no more requests from us.
    """
    _label(shard_of(batch_id))
    with outcomes():
        settings = task_settings()
        batch = known_batch(batch_id, wiring.open_state(settings))
        if batch.seal is not None:
            log.info("batch.sealed_before", batch_id=batch_id, seal=batch.seal)
            return
        ports = _ports(settings)
        ports = replace(ports, policy=replace(ports.policy, waits_for=_waits_for(batch)))
        sealed = fetch_batch(batch_id, ports)
    refuse_closed(sealed.batch)


def publish(batch_id: str) -> None:
    """Publish what has landed, also of a fetch that failed, and put back what is gone of the window's objects."""
    _label(shard_of(batch_id))
    with outcomes():
        settings = task_settings()
        publish_again(
            batch_id,
            state=wiring.open_state(settings),
            objects=open_objects(settings),
            press=wiring.press(),
            policy=wiring.policy(settings),
        )


def commit(batch_id: str) -> dict[str, Any]:
    """Commit a published batch and return its numbers."""
    _label(shard_of(batch_id))
    with outcomes():
        settings = task_settings()
        state = wiring.open_state(settings)
        manifest = publishing.read_manifest(batch_id, objects=open_objects(settings))
        batch = committing.commit(manifest, state=state, clock=wiring.clock())
        gaps = views.status(state=state, clock=wiring.clock()).gaps
        numbers = _numbers(batch, gaps) | {"newest_partition": _newest_partition(manifest)}
    _push(numbers)
    return numbers


def check(batch_id: str) -> None:
    """Fail, with a table, when something that the batch was to fetch is missing, and no later batch has brought it."""
    _label(shard_of(batch_id))
    with outcomes():
        state = wiring.open_state(task_settings())
        faults = views.open_faults(known_batch(batch_id, state), state=state)
    refuse_faults(batch_id, faults)


def _ports(settings: Settings) -> Ports:
    return wiring.open_ports(settings, objects=open_objects(settings), worker=_worker())


def _waits_for(batch: Batch) -> tuple[type[SourceError], ...]:
    """Return for what this try leaves the batch open."""
    context = get_current_context()
    ti = context["ti"]
    first = ti.get_first_reschedule_date(context)
    waited = wiring.clock().now() - first if first else timedelta(0)
    # Nothing but a backfill itself asks for its window, and the next live window goes on where this one ends.
    limit = (RateLimited, batch.kind is BatchKind.BACKFILL or waited <= LONGEST_WAIT)
    doubt = (NotProvenYet, waited <= LONGEST_DOUBT)
    again = (SourceUnavailable, ti.try_number <= ti.max_tries)
    return tuple(error for error, is_worth_it in (limit, doubt, again) if is_worth_it)


def _worker() -> Worker:
    """Return who works on the run's batches: the run itself, for each of its tasks is a process of its own."""
    run = get_current_context()["dag_run"]
    return SystemWorker(f"airflow {run.dag_id} {run.run_id}", TERM)


def _label(shard: int) -> None:
    """Name the task instance by its shard, as `map_index_template` shows it; first, so that failures are named too."""
    get_current_context()["shard"] = shard


def _numbers(batch: Batch, gaps: int) -> dict[str, Any]:
    counts = batch.counts
    return {
        "batch_id": batch.batch_id,
        "rows": counts.rows,
        "objects": counts.objects,
        "requests": counts.requests,
        "gaps": gaps,
        "dollars": float(price(tweets=counts.tweets_read)),
        "failures": sum(failure.is_fault for failure in batch.failures),
    }


def _newest_partition(manifest: Manifest) -> str:
    """Return `dt=2026-11-22/hour=06`, or nothing when the batch has no rows."""
    newest = max((one.key for one in manifest.objects), default="")
    return newest.removeprefix("tweets/").rpartition("/")[0]


def _push(numbers: Mapping[str, Any]) -> None:
    ti = get_current_context()["ti"]
    for name, number in numbers.items():
        ti.xcom_push(key=name, value=number)
