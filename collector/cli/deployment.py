"""`collector deployment`: where the package keeps what a machine needs besides code."""

import click

from collector.cli.render import print_table
from collector.deployment import PARTS, path_of


@click.command()
@click.argument("part", required=False, type=click.Choice(tuple(PARTS)))
def deployment(*, part: str | None) -> None:
    """Print where DAGs, airflow.cfg and locked requirements lie.

    With the name of one of them, its path alone: cp "$(collector deployment dags)"/*.py ...
    """
    if part:
        click.echo(path_of(part))
    else:
        print_table(("part", "path"), [(name, str(path_of(name))) for name in PARTS])
