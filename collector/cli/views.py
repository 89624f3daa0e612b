"""`collector cursors`, `batches`, `gaps` and `status`: read-only."""

from decimal import Decimal

import click

from collector.cli.frame import json_option, print_json, settings
from collector.cli.render import (
    NO_ACCOUNTS,
    batch_json,
    cursor_json,
    gap_json,
    print_table,
    spend_text,
    status_json,
)
from collector.core.money import price, usd_text
from collector.core.times import duration_text, time_text


@click.command()
@json_option
def cursors(*, as_json: bool) -> None:
    """Show how far every account is collected: since_id, lag, gaps."""
    from collector import wiring  # noqa: PLC0415  help must not wait for pandas
    from collector.flow import views  # noqa: PLC0415

    rows = views.cursors(state=wiring.open_state(settings()), clock=wiring.clock())
    if as_json:
        print_json([cursor_json(row) for row in rows])
        return
    print_table(
        ("username", "account_id", "status", "since_id", "since_at", "lag", "gaps"),
        [
            (
                row.account.username,
                str(row.account.account_id),
                str(row.account.status),
                str(row.cursor.since_id) if row.cursor else "-",
                row.cursor.since_at if row.cursor else "-",
                row.lag,
                row.gaps,
            )
            for row in rows
        ],
        if_empty=NO_ACCOUNTS,
    )


@click.command()
@click.option(
    "--limit", type=click.IntRange(1, 1_000_000), default=20, show_default=True, help="How many, newest first."
)
@json_option
def batches(*, limit: int, as_json: bool) -> None:
    """Show the newest batches: rows, objects, requests, failures."""
    from collector import wiring  # noqa: PLC0415
    from collector.flow import views  # noqa: PLC0415

    rows = views.batches(limit, state=wiring.open_state(settings()))
    if as_json:
        print_json([batch_json(row) for row in rows])
        return
    print_table(
        ("batch_id", "status", "window_start", "window_end", "rows", "objects", "requests", "dollars", "failures"),
        [
            (
                row.batch_id,
                str(row.status),
                row.window.start,
                row.window.end,
                row.counts.rows,
                row.counts.objects,
                row.counts.requests,
                usd_text(price(tweets=row.counts.tweets_read)),
                len(row.failures),
            )
            for row in rows
        ],
        if_empty="no batches yet: collector collect",
    )


@click.command()
@json_option
def gaps(*, as_json: bool) -> None:
    """Show what is wanted and not proven complete, and why."""
    from collector import wiring  # noqa: PLC0415
    from collector.flow import views  # noqa: PLC0415

    rows = views.gaps(state=wiring.open_state(settings()))
    if as_json:
        print_json([gap_json(row) for row in rows])
        return
    print_table(
        ("username", "start", "end", "length", "reason"),
        [
            (
                row.account.username,
                row.start,
                row.end,
                row.end - row.start,
                row.reason,
            )
            for row in rows
        ],
        if_empty="no gaps",
    )


@click.command()
@json_option
def status(*, as_json: bool) -> None:
    """Show the whole collection at a glance.

    Accounts by status, the moment before which every active account is complete, gaps, open batches, rows, money.
    """
    from collector import wiring  # noqa: PLC0415
    from collector.flow import views  # noqa: PLC0415

    chosen = settings()
    budget = wiring.budget(chosen)
    found = views.status(state=wiring.open_state(chosen), clock=wiring.clock())
    if as_json:
        print_json(status_json(found, budget))
        return
    newest = found.newest_batch
    accounts = ", ".join(f"{count:,} {name}" for name, count in sorted(found.accounts.items())) or "none"
    lines = {
        "accounts": accounts,
        "complete until": f"{time_text(found.watermark)} (lag {duration_text(found.lag)})" if found.watermark else "-",
        "gaps": f"{found.gaps:,}",
        "open batches": f"{found.open_batches:,}",
        "newest batch": f"{newest.batch_id}  {newest.status}" if newest else "-",
        "rows": f"{found.rows:,}",
        "requests": f"{found.requests:,}",
        "tweets read": f"{found.tweets_read:,} ({usd_text(price(tweets=found.tweets_read))} at most)",
        "spent today": spend_text(found.spent.today) + _allowed("{:,} tweets", budget.tweets_per_day),
        "this month": spend_text(found.spent.month) + _allowed("${:,.2f}", budget.usd_per_month),
    }
    width = max(map(len, lines))
    for name, text in lines.items():
        click.echo(f"{name:<{width}}  {text}")


def _allowed(words: str, limit: int | Decimal | None) -> str:
    return "" if limit is None else f" of {words.format(limit)} allowed"
