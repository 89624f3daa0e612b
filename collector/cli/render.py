"""How views look: tables for people, JSON documents for programs."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from collector.core.batches import Batch, Failure
from collector.core.gaps import Gap
from collector.core.money import NO_BUDGET, Budget, Spend, price, usd_text
from collector.core.times import duration_text, time_text
from collector.flow.views import CursorRow, Status

if TYPE_CHECKING:
    from collector.flow.audit import Audit


def batch_json(batch: Batch) -> dict[str, Any]:
    """Return a batch as JSON members."""
    return {
        "batch_id": batch.batch_id,
        "kind": str(batch.kind),
        "window_start": time_text(batch.window.start),
        "window_end": time_text(batch.window.end),
        "status": str(batch.status),
        "rows": batch.counts.rows,
        "objects": batch.counts.objects,
        "requests": batch.counts.requests,
        "committed_at": _time(batch.committed_at),
        "failures": [failure_json(failure) for failure in batch.failures],
    }


def failure_json(failure: Failure) -> dict[str, str | None]:
    """Return a failure as JSON members."""
    return {
        "account_id": None if failure.account_id is None else str(failure.account_id),
        "username": failure.username,
        "reason": failure.reason,
        "message": failure.message,
    }


def cursor_json(row: CursorRow) -> dict[str, Any]:
    """Return a cursor as JSON members."""
    return {
        "account_id": str(row.account.account_id),
        "username": row.account.username,
        "status": str(row.account.status),
        "since_id": str(row.cursor.since_id) if row.cursor else None,
        "since_at": _time(row.cursor.since_at if row.cursor else None),
        "lag_seconds": round(row.lag.total_seconds()),
        "gaps": row.gaps,
    }


def gap_json(gap: Gap) -> dict[str, Any]:
    """Return a gap as JSON members."""
    return {
        "account_id": str(gap.account.account_id),
        "username": gap.account.username,
        "after_id": str(gap.ids.after),
        "through_id": str(gap.ids.through),
        "start": time_text(gap.start),
        "end": time_text(gap.end),
        "reason": gap.reason,
    }


def status_json(status: Status, budget: Budget = NO_BUDGET) -> dict[str, Any]:
    """Return the status as JSON members."""
    return {
        "watermark": _time(status.watermark),
        "lag_seconds": None if status.lag is None else round(status.lag.total_seconds()),
        "accounts": status.accounts,
        "gaps": status.gaps,
        "open_batches": status.open_batches,
        "newest_batch": batch_json(status.newest_batch) if status.newest_batch else None,
        "rows": status.rows,
        "requests": status.requests,
        "tweets_read": status.tweets_read,
        "usd": str(price(tweets=status.tweets_read)),
        "spent_today": _spend_json(status.spent.today),
        "spent_this_month": _spend_json(status.spent.month),
        "max_tweets_per_day": budget.tweets_per_day,
        "max_usd_per_month": None if budget.usd_per_month is None else str(budget.usd_per_month),
    }


def _spend_json(spend: Spend) -> dict[str, Any]:
    return {"tweets": spend.tweets, "users": spend.users, "usd": str(spend.usd)}


def spend_text(spend: Spend) -> str:
    """Return what is spent in words."""
    return f"{spend.tweets:,} tweets, {spend.users:,} users ({usd_text(spend.usd)} at most)"


def audit_json(audit: "Audit") -> dict[str, Any]:
    """Return an audit as JSON members."""
    return {
        "ok": audit.ok,
        "batches": audit.batches,
        "objects": audit.objects,
        "rows": audit.rows,
        "problems": [{"kind": one.kind, "key": one.key, "message": one.message} for one in audit.problems],
    }


NO_ACCOUNTS = "no accounts are followed yet: collector accounts add nasa"


def print_batch(batch: Batch) -> None:
    """Print a batch as a line, and its failures as a table."""
    counts = batch.counts
    click.echo(
        f"{batch.batch_id}  {batch.status}  accounts {counts.accounts:,}  rows {counts.rows:,}  "
        f"objects {counts.objects:,}  requests {counts.requests:,}  "
        f"{usd_text(price(tweets=counts.tweets_read))} at most"
    )
    if batch.failures:
        rows = [(one.username, one.reason, one.message) for one in batch.failures]
        print_table(("account", "reason", "what happened"), rows[:50])
        if len(rows) > 50:  # noqa: PLR2004  a screenful
            click.echo(f"... and {len(rows) - 50} more: collector batches --json")


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]], *, if_empty: str = "") -> None:
    """Print rows in aligned columns, numbers to the right; where there are none, `if_empty` instead."""
    cells = [[_text(cell) for cell in row] for row in rows]
    if if_empty and not cells:
        click.echo(if_empty)
        return
    widths = [max(len(row[at]) for row in [list(head), *cells]) for at in range(len(head))]
    numeric = [all(_is_number(row[at]) for row in cells) and bool(cells) for at in range(len(head))]
    for row in [list(head), *cells]:
        line = "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        )
        click.echo(line.rstrip())


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else time_text(moment)


def _text(cell: object) -> str:
    if isinstance(cell, datetime):
        return time_text(cell)
    if isinstance(cell, timedelta):
        return duration_text(cell)
    if isinstance(cell, int):
        return f"{cell:,}"
    return "-" if cell is None else str(cell)


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace("-", "").isdigit() or text == "-"
