"""`collector metrics`: the state as numbers for CloudWatch."""

import click

from collector.cli.frame import settings


@click.command()
@click.option("--namespace", default="Collector", show_default=True, help="The CloudWatch namespace of the metrics.")
@click.option(
    "--name", help="Their dimension `Name`, which tells one collection from another; default: COLLECTOR_NAME."
)
def metrics(*, namespace: str, name: str | None) -> None:
    """Print metrics for CloudWatch, as one line.

    The line is in embedded metric format: lag, gaps, failing accounts, rows, tweets and dollars. Run it each minute
    with its output in a log file that the CloudWatch agent sends. Read-only; it fails when the state cannot be read,
    and there is no LagSeconds while no account is active: let an alarm treat a missing lag as breaching.
    """
    from collector import wiring  # noqa: PLC0415  help must not wait for the database
    from collector.adapters.embedded_metrics import metric_line  # noqa: PLC0415
    from collector.flow.gauges import gauges  # noqa: PLC0415

    chosen = settings()
    reading = gauges(state=wiring.open_existing_state(chosen), clock=wiring.clock(), budget=wiring.budget(chosen))
    click.echo(metric_line(reading, namespace=namespace, name=chosen.name if name is None else name))
