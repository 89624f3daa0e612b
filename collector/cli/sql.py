"""`collector sql`: how each engine reads the copy; standard output holds SQL and nothing else."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import click

from collector.adapters.dialects import Copy, athena_table, athena_view, duckdb_view, postgres_load, spark_view
from collector.adapters.dialects.athena import FIRST_TWEET
from collector.cli.frame import settings
from collector.core.errors import ConfigError
from collector.settings import PREFIX, Settings

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,50}")


class _Name(click.ParamType[str]):
    name = "NAME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401
        if not _NAME.fullmatch(value):
            self.fail(f"{value!r} is no name: take a to z, digits and _, as in tweets", param, ctx)
        return str(value)


class _Day(click.ParamType[date]):
    name = "DAY"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:  # noqa: ANN401
        if isinstance(value, date):
            return value
        try:
            return datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007  a day has no zone
        except ValueError:
            self.fail(f"{value!r} is no day: it looks like 2026-11-22", param, ctx)


_NAMES, _DAYS = _Name(), _Day()
_output = click.option("--output", help="The copy: s3://bucket/prefix or file:///folder; default: COLLECTOR_OUTPUT.")
_name = click.option(
    "--name", type=_NAMES, default="tweets", show_default=True, help="What to call it; the CSV's own is NAME_csv."
)


@click.group()
def sql() -> None:
    """Print the SQL by which an engine reads the tweets.

    All give the same columns, with types, times in UTC and the original text. Nothing is read, asked or written.
    """


@sql.command()
@_output
@_name
@click.option("--database", type=_NAMES, help="Create this database and use it; default: the query's own.")
@click.option(
    "--since",
    type=_DAYS,
    default=FIRST_TWEET,
    show_default=True,
    help="The first day to look for tweets; a later one makes queries without a condition on dt cheaper.",
)
@click.option("--only", type=click.Choice(["table", "view"]), help="One statement, as Athena takes them one by one.")
def athena(*, output: str | None, name: str, database: str | None, since: date, only: str | None) -> None:
    """Print a Glue table with projected partitions, and a view.

    Needs no crawler and no MSCK. An empty text cannot be told from an absent one there: both are NULL.
    """
    found = settings("warning")
    _require_escaped(found)
    full_name = f"{database}.{name}" if database else name
    if only == "view":
        _write(athena_view(full_name))
        return
    table = athena_table(_bucket(found, output), full_name, since)
    if only == "table":
        _write(table)
        return
    making = [f"CREATE DATABASE IF NOT EXISTS `{database}`;\n"] if database else []
    notes = [
        "For Amazon Athena, engine version 3, which takes one statement at a time.",
        "Put dt into every condition, as in: WHERE dt >= '2026-11-22'",
    ]
    _print(notes, *making, table, athena_view(full_name))


@sql.command()
@_output
@_name
def duckdb(*, output: str | None, name: str) -> None:
    """Print a view for DuckDB.

    Keep it in a file and begin every session with it: duckdb -init FILE.
    """
    _print(["For DuckDB 1.2 or newer; begin a session with it: duckdb -init FILE"], duckdb_view(_copy(output), name))


@sql.command()
@_output
@_name
def spark(*, output: str | None, name: str) -> None:
    """Print temporary views for Spark SQL.

    Keep them in a file and begin every session with it: spark-sql -i FILE.
    """
    notes = ["For Spark 3.4 or newer; begin a session with it: spark-sql -i FILE"]
    _print(notes, spark_view(_copy(output), name))


@sql.command()
@_output
@_name
def postgres(*, output: str | None, name: str) -> None:
    """Print a table for Postgres, and psql's command that loads what is new.

    Run it as often as you like: collector sql postgres | psql DATABASE. A NUL in a text becomes U+FFFD, as Postgres
    stores none.
    """
    copy = _copy(output)
    notes = ["For psql and Postgres 14 or newer; run it again to load what is new: psql DATABASE < FILE"]
    notes += ["psql reads the objects where it runs, with find and gzip" + (" and the AWS CLI" * copy.is_on_s3)]
    _print(notes, postgres_load(copy, name))


def _copy(output: str | None) -> Copy:
    return Copy.at(output or settings("warning").output)


def _bucket(found: Settings, output: str | None) -> Copy:
    copy = Copy.at(output or found.output)
    if not copy.is_on_s3:
        message = f"Athena reads from S3, and the output is {output or found.output}"
        raise ConfigError(message, hint="name the bucket: --output s3://bucket/prefix")
    return copy


def _require_escaped(found: Settings) -> None:
    if found.csv_newlines == "keep":
        message = f"{PREFIX}CSV_NEWLINES is keep, and Athena takes each line for a row: it would answer wrongly"
        hint = f"collect with {PREFIX}CSV_NEWLINES=escape into a new prefix, or read with duckdb, spark or postgres"
        raise ConfigError(message, hint=hint)


def _print(notes: Sequence[str], *statements: str) -> None:
    _write("".join(f"-- {note}\n" for note in notes) + "\n" + "\n".join(statements))


def _write(statements: str) -> None:
    # Every engine reads its SQL as UTF-8, whatever the locale here.
    click.echo(statements.encode(errors="surrogateescape"), nl=False)
