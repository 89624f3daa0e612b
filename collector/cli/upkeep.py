"""`collector verify`, `rebuild` and `migrate`: keep state and objects true."""

import click

from collector.cli.frame import FAILED, json_option, print_json, progress_bar, settings
from collector.cli.render import audit_json, print_table


@click.command()
@json_option
def verify(*, as_json: bool) -> None:
    """Audit objects, seals and manifests against the state.

    Reads every object once; exit 1 when anything is wrong.
    """
    from collector import wiring  # noqa: PLC0415  help must not wait for pandas
    from collector.flow import verify as flow  # noqa: PLC0415

    found = settings()
    with progress_bar("objects") as progress:
        audit = flow.verify(
            state=wiring.open_state(found),
            objects=wiring.open_objects(found),
            compression=wiring.press().compression,
            progress=progress,
        )
    if as_json:
        print_json(audit_json(audit))
    else:
        if audit.problems:
            print_table(("kind", "where", "what"), [(one.kind, one.key, one.message) for one in audit.problems])
        verdict = "all is as recorded" if audit.ok else f"{len(audit.problems)} problems"
        click.echo(f"{audit.batches:,} batches, {audit.objects:,} objects, {audit.rows:,} rows: {verdict}")
    raise click.exceptions.Exit(0 if audit.ok else FAILED)


@click.command()
def rebuild() -> None:
    """Fill an empty state database from the output.

    Reads its seals and manifests. For a lost or old database: name a new one in COLLECTOR_STATE_URL first. Accounts
    that never had a batch, and pauses, are not in the output: add them again.
    """
    from collector import wiring  # noqa: PLC0415
    from collector.flow import rebuild as flow  # noqa: PLC0415

    found = settings()
    wiring.migrate(found)
    result = flow.rebuild(
        state=wiring.open_state(found),
        objects=wiring.open_objects(found),
        press=wiring.press(),
        clock=wiring.clock(),
        shards=found.shards,
    )
    click.echo(f"rebuilt {result.batches:,} batches, {result.accounts:,} accounts, {result.rows:,} rows")


@click.command()
def migrate() -> None:
    """Bring the state database to the newest schema.

    A new SQLite file does so by itself.
    """
    from collector import wiring  # noqa: PLC0415

    found = settings("warning")
    wiring.migrate(found)
    click.echo("the state database is at the newest schema")
