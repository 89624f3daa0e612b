"""Rounds: one micro-batch a shard, again and again; what the service without Airflow does."""

from datetime import timedelta

import structlog

from collector.core.batches import Batch, BatchKind, Window
from collector.core.errors import SourceError
from collector.core.ports import Clock, StateStore
from collector.flow.accounts import refresh, reshard
from collector.flow.collect import Ports, collect
from collector.flow.fetch import Progress, quiet
from collector.flow.plan import PlanRequest

log = structlog.get_logger(__name__)

FIRST_WINDOW = timedelta(minutes=15)
LOOK_BACK = 100
"""So many batches back, a shard's newest live window is found; further back, the window's start is only a label."""


def live_window(shard: int, *, state: StateStore, clock: Clock) -> Window:
    """Return the window from the end of the shard's newest live window until now, in whole seconds."""
    now = clock.now().replace(microsecond=0)
    with state.reading() as tx:
        ends = [batch.window.end for batch in tx.batches(LOOK_BACK, shard=shard) if batch.kind is BatchKind.LIVE]
    start = max((end for end in ends if end < now), default=now - FIRST_WINDOW)
    return Window(start, now)


def keep_accounts(shards: int, username_check: timedelta, ports: Ports) -> None:
    """Spread the accounts over the shards, and read again the usernames that are due; a failure waits for next time."""
    reshard(shards, state=ports.state)
    if username_check:
        try:
            budget = ports.policy.budget
            refresh(username_check, state=ports.state, source=ports.source, clock=ports.clock, budget=budget)
        except SourceError as error:
            log.warning("accounts.not_refreshed", error=type(error).__name__, message=str(error))


def collect_round(window: Window | None, shards: int, ports: Ports, progress: Progress = quiet) -> list[Batch]:
    """Collect one live batch for each shard: of the given window, or of the time since the newest one."""
    return [
        collect(
            PlanRequest(BatchKind.LIVE, window or live_window(shard, state=ports.state, clock=ports.clock), shard),
            ports,
            progress,
        )
        for shard in range(shards)
    ]
