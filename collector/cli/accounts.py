"""`collector accounts`: whom to follow."""

from collections.abc import Sequence
from pathlib import Path

import click

from collector.cli.frame import FAILED, json_option, print_json, settings
from collector.cli.render import NO_ACCOUNTS, print_table
from collector.core.account_list import accounts_in_csv
from collector.core.accounts import Account, AccountStatus
from collector.core.errors import ConfigError
from collector.core.times import time_text


@click.group()
def accounts() -> None:
    """Follow accounts, list them, pause and resume them."""


@accounts.command()
@click.argument("account", nargs=-1, required=True)
def add(account: tuple[str, ...]) -> None:
    """Follow accounts: names, @names, profile URLs or numeric ids.

    Costs one user read ($0.010) each. A name of digits only is written @123.
    """
    _follow(account)


@accounts.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(file: Path) -> None:
    """Follow the accounts of a CSV file.

    Its column account, username or account_id holds names, @names, profile URLs or ids; without such a header the
    first column does. Blank lines, and lines that start with #, are passed over. Costs one user read ($0.010) each.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        message = f"{file} is not UTF-8 text: {error.reason} at byte {error.start}"
        raise ConfigError(message, hint="save it as CSV in UTF-8") from error
    written = [word for _, word in accounts_in_csv(text)]
    if not written:
        message = f"{file} names no account"
        raise ConfigError(message, hint="write one name, @name, profile URL or numeric id a line")
    _follow(written)


@accounts.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the accounts."""
    from collector import wiring  # noqa: PLC0415  help must not wait for pandas

    with wiring.open_state(settings()).reading() as tx:
        known = tx.accounts()
    if as_json:
        print_json([_json(one) for one in known])
        return
    rows = [(one.username, str(one.account_id), str(one.status), one.status_at, one.shard) for one in known]
    print_table(("username", "account_id", "status", "status_at", "shard"), rows, if_empty=NO_ACCOUNTS)


@accounts.command()
@click.argument("account", nargs=-1, required=True)
def pause(account: tuple[str, ...]) -> None:
    """Stop asking for accounts.

    What is collected stays; what is missed meanwhile is fetched after `resume`.
    """
    _change(account, AccountStatus.PAUSED)


@accounts.command()
@click.argument("account", nargs=-1, required=True)
def resume(account: tuple[str, ...]) -> None:
    """Ask for paused accounts again, from their cursors on."""
    _change(account, AccountStatus.ACTIVE)


@accounts.command()
def refresh() -> None:
    """Read all usernames again now, and note who was renamed.

    Costs one user read ($0.010) each; `collect` and `run` do it by themselves every COLLECTOR_USERNAME_CHECK.
    """
    from datetime import timedelta  # noqa: PLC0415

    from collector import wiring  # noqa: PLC0415
    from collector.flow import accounts as flow  # noqa: PLC0415

    found = settings()
    ports = wiring.open_ports(found)
    renamed = flow.refresh(
        timedelta(0),
        state=ports.state,
        source=ports.source,
        clock=ports.clock,
        budget=ports.policy.budget,
        most=None,
    )
    for before, after in renamed:
        click.echo(f"{before.username} is {after.username} now ({after.account_id})")
    click.echo(f"{len(renamed)} renamed")


def _follow(written: Sequence[str]) -> None:
    from collector import wiring  # noqa: PLC0415
    from collector.flow.follow import follow  # noqa: PLC0415

    found = settings("warning")
    outcomes = follow(
        written,
        wiring.following(found),
        state=wiring.open_state(found),
        source=wiring.open_source(found),
        clock=wiring.clock(),
        budget=wiring.budget(found),
    )
    _report([(one.written, one.account, one.note, one.fault) for one in outcomes])


def _change(written: Sequence[str], status: AccountStatus) -> None:
    from collector import wiring  # noqa: PLC0415
    from collector.flow.accounts import change_status  # noqa: PLC0415

    outcomes = change_status(written, status, state=wiring.open_state(settings("warning")), clock=wiring.clock())
    _report([(one.written, one.account, one.note, one.fault) for one in outcomes])


def _report(outcomes: Sequence[tuple[str, Account | None, str, str]]) -> None:
    for written, account, note, fault in outcomes:
        if fault:
            click.echo(f"collector: {fault}", err=True)
        else:
            click.echo(f"{account.username} ({account.account_id}) {note}" if account else f"{written} {note}")
    if any(fault for _, _, _, fault in outcomes):
        raise click.exceptions.Exit(FAILED)


def _json(account: Account) -> dict[str, object]:
    return {
        "account_id": str(account.account_id),
        "username": account.username,
        "status": str(account.status),
        "status_at": time_text(account.status_at),
        "baseline": str(account.baseline),
        "shard": account.shard,
    }
