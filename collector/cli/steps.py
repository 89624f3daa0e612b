"""`collector plan`, `fetch`, `publish` and `commit`: one step of one batch."""

from datetime import datetime

import click

from collector.cli.frame import BATCH_ID, TIME, exit_code_of, progress_bar, settings, window_of
from collector.core.batches import BatchKind
from collector.core.errors import StateConflict

_BATCH = click.argument("batch_id", type=BATCH_ID)


@click.command()
@click.option("--window-start", type=TIME, help="Start of the window, UTC; default: the end of the newest one.")
@click.option("--window-end", type=TIME, help="End of the window, UTC; default: now.")
@click.option(
    "--kind", type=click.Choice(["live", "backfill"]), default="live", show_default=True, help="What the batch is for."
)
@click.option("--shard", type=click.IntRange(min=0), default=0, show_default=True, help="Whose accounts, from 0 on.")
def plan(*, window_start: datetime | None, window_end: datetime | None, kind: str, shard: int) -> None:
    """Plan a batch and print its id.

    Planning a window again gives the same batch. A batch that is in its way, and that nobody works on, is closed first.
    """
    from collector import wiring  # noqa: PLC0415  help must not wait for pandas
    from collector.flow import plan as flow  # noqa: PLC0415
    from collector.flow.accounts import reshard  # noqa: PLC0415
    from collector.flow.rounds import live_window  # noqa: PLC0415

    found = settings()
    if shard >= found.shards:
        message = f"--shard {shard} is not below COLLECTOR_SHARDS ({found.shards})"
        raise click.UsageError(message)
    state, clock = wiring.open_state(found), wiring.clock()
    reshard(found.shards, state=state)
    window = window_of(window_start, window_end) or live_window(shard, state=state, clock=clock)
    batch = flow.plan(
        flow.PlanRequest(BatchKind(kind), window, shard),
        state=state,
        objects=wiring.open_objects(found),
        press=wiring.press(),
        clock=clock,
        policy=wiring.policy(found),
        worker=wiring.this_worker(),
    )
    click.echo(batch.batch_id)


@click.command()
@_BATCH
def fetch(batch_id: str) -> None:
    """Fetch what a batch planned and has not landed, and seal it. A sealed batch asks X nothing."""
    from collector import wiring  # noqa: PLC0415
    from collector.flow.collect import fetch_batch  # noqa: PLC0415

    ports = wiring.open_ports(settings())
    with progress_bar("accounts") as progress:
        seal = fetch_batch(batch_id, ports, progress)
    click.echo(f"seal {seal.number}: {len(seal.parts)} raw parts, {len(seal.batch.failures)} failures")
    raise click.exceptions.Exit(exit_code_of(seal.batch.failures))


@click.command()
@_BATCH
def publish(batch_id: str) -> None:
    """Publish a sealed batch.

    Of a published one, put back what is missing and report what differs.
    """
    from collector import wiring  # noqa: PLC0415
    from collector.flow import publish as flow  # noqa: PLC0415
    from collector.flow.seal import seal_of  # noqa: PLC0415

    found = settings()
    objects = wiring.open_objects(found)
    seal = seal_of(batch_id, state=wiring.open_state(found), objects=objects)
    if seal is None:
        message = f"batch {batch_id} is not sealed"
        raise StateConflict(message, hint=f"collector fetch {batch_id}")
    manifest = flow.publish(seal, objects=objects, press=wiring.press())
    click.echo(f"{len(manifest.objects)} objects, {sum(one.rows for one in manifest.objects)} rows")


@click.command()
@_BATCH
def commit(batch_id: str) -> None:
    """Commit a published batch.

    Coverage grows, cursors advance, the batch closes. Committing it again does nothing.
    """
    from collector import wiring  # noqa: PLC0415
    from collector.cli.render import print_batch  # noqa: PLC0415
    from collector.flow import commit as flow  # noqa: PLC0415
    from collector.flow.publish import read_manifest  # noqa: PLC0415

    found = settings()
    manifest = read_manifest(batch_id, objects=wiring.open_objects(found))
    print_batch(flow.commit(manifest, state=wiring.open_state(found), clock=wiring.clock()))
