"""`collector collect`, `run` and `backfill`: whole batches."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import click
import structlog

from collector.cli.frame import (
    DURATION,
    TIME,
    exit_code_of,
    json_option,
    print_json,
    progress_bar,
    settings,
    stop_signal,
    window_of,
)
from collector.cli.render import batch_json, print_batch, print_table
from collector.core.batches import Batch, BatchKind, Window
from collector.core.errors import ConfigError, CredentialsRefused, RetryableError, SecretRefused, StoreRefused
from collector.core.money import usd_text
from collector.core.ports import StateStore
from collector.core.times import time_text
from collector.settings import Settings

log = structlog.get_logger("collector.run")

_WRONG_AT_FIRST = (ConfigError, StoreRefused, SecretRefused, CredentialsRefused)
"""What a wrong setting raises at once; once a round has gone well, it is the world that has changed, and may again."""


@click.command()
@click.option("--window-start", type=TIME, help="Start of the window, UTC; default: the end of the newest one.")
@click.option("--window-end", type=TIME, help="End of the window, UTC; default: now.")
@json_option
def collect(*, window_start: datetime | None, window_end: datetime | None, as_json: bool) -> None:
    """Collect one batch: plan, fetch, publish, commit.

    It reaches back to every account's cursor, so nothing between two calls is missed. A batch that another call left
    unfinished is finished first.
    """
    from collector import wiring  # noqa: PLC0415  help must not wait for pandas
    from collector.flow.rounds import collect_round, keep_accounts  # noqa: PLC0415

    found = settings()
    window = window_of(window_start, window_end)
    ports = wiring.open_ports(found)
    keep_accounts(found.shards, found.username_check, ports)
    with progress_bar("accounts") as progress:
        batches = collect_round(window, found.shards, ports, progress)
    _warn_without_accounts(ports.state)
    _report(batches, as_json=as_json)


@click.command()
@click.option("--every", type=DURATION, default="5m", show_default=True, help="How often.")
def run(*, every: timedelta) -> None:
    """Collect again and again until stopped.

    A service without Airflow. SIGTERM and Ctrl-C end it after the current batch. An outage of X, of the object store or
    of the state database is logged, and the next batch catches up.
    """
    from collector import wiring  # noqa: PLC0415
    from collector.flow.rounds import collect_round, keep_accounts  # noqa: PLC0415

    if not timedelta(seconds=1) <= every <= timedelta(days=365):
        message = "--every must be 1s to 365d"
        raise click.UsageError(message)
    found, clock = settings(), wiring.clock()
    log.info("run.started", every_seconds=every.total_seconds(), output=found.output)
    rounds, ports = 0, None
    with stop_signal() as stopped:
        while not stopped.is_set():
            begun = clock.now()
            try:
                ports = ports or wiring.open_ports(found)
                keep_accounts(found.shards, found.username_check, ports)
                _log_faults(collect_round(None, found.shards, ports))
                rounds += 1
            except (RetryableError, *_WRONG_AT_FIRST) as error:
                if isinstance(error, _WRONG_AT_FIRST) and not rounds:
                    raise
                log.warning("run.waiting", error=type(error).__name__, message=str(error), hint=error.hint)
            stopped.wait(max(0.0, (every - (clock.now() - begun)).total_seconds()))
    log.info("run.stopped", rounds=rounds)


@click.command()
@click.option("--from", "start", type=TIME, required=True, help="Start of the window, UTC, inclusive.")
@click.option("--to", "end", type=TIME, required=True, help="End of the window, UTC, exclusive.")
@click.option("--dry-run", is_flag=True, help="Only price it: requests, tweets (a bound) and dollars.")
@json_option
def backfill(*, start: datetime, end: datetime, dry_run: bool, as_json: bool) -> None:
    """Collect a past window, each tweet once.

    Fetches what of the window is not covered yet.

    X lists about the newest 3,200 tweets of an account: what lies deeper cannot be had, and shows as a gap. Collect
    first (`collector collect`), for newer tweets must be known before the end of a list proves anything.
    """
    from collector import wiring  # noqa: PLC0415
    from collector.flow.collect import collect as collect_batch  # noqa: PLC0415
    from collector.flow.plan import PlanRequest  # noqa: PLC0415

    found = settings()
    window = Window(start, end)
    if dry_run:
        _print_price(window, found, as_json=as_json)
        return
    ports = wiring.open_ports(found)
    if start >= ports.clock.now():
        message = f"--from {time_text(start)} lies in the future"
        raise ConfigError(message, hint="a backfill fetches the past")
    with progress_bar("accounts") as progress:
        requests = [PlanRequest(BatchKind.BACKFILL, window, shard) for shard in range(found.shards)]
        batches = [collect_batch(request, ports, progress) for request in requests]
    _report(batches, as_json=as_json)


def _warn_without_accounts(state: StateStore) -> None:
    with state.reading() as tx:
        if not tx.accounts():
            log.warning("accounts.none", hint="whom to follow: collector accounts add nasa")


def _log_faults(batches: Sequence[Batch]) -> None:
    for batch in batches:
        faults = [failure for failure in batch.failures if failure.is_fault]
        if faults:
            reasons = dict(Counter(fault.reason for fault in faults))
            log.warning("batch.incomplete", batch_id=batch.batch_id, reasons=reasons, message=faults[0].message)


def _print_price(window: Window, found: Settings, *, as_json: bool) -> None:
    from collector import wiring  # noqa: PLC0415
    from collector.flow.pricing import price_backfill  # noqa: PLC0415

    price = price_backfill(window, state=wiring.open_state(found), clock=wiring.clock(), policy=wiring.policy(found))
    if as_json:
        print_json(
            {
                "accounts": price.accounts,
                "spans": price.spans,
                "requests": price.requests,
                "tweets": price.tweets,
                "usd": str(price.usd),
                "expected_tweets": price.expected_tweets,
                "expected_usd": str(price.expected_usd),
                "tweets_left": None if price.limit is None else price.limit.tweets_left,
            }
        )
        return
    print_table(
        ("", "requests", "tweets", "dollars"),
        [
            ("at most", price.requests, price.tweets, usd_text(price.usd)),
            ("at the rate seen so far", None, price.expected_tweets, usd_text(price.expected_usd)),
        ],
    )
    click.echo(f"{price.accounts} accounts, {price.spans} spans; nothing was asked")
    if price.limit is not None and price.is_over:
        click.echo(
            f"that is more than the budget of {price.limit.most} leaves: {price.limit.tweets_left:,} tweets "
            f"until {time_text(price.limit.renewed_at)} ({price.limit.setting})"
        )


def _report(batches: Sequence[Batch], *, as_json: bool) -> None:
    if as_json:
        documents = [batch_json(batch) for batch in batches]
        print_json(documents[0] if len(documents) == 1 else documents)
    else:
        for batch in batches:
            print_batch(batch)
    raise click.exceptions.Exit(exit_code_of([failure for batch in batches for failure in batch.failures]))
