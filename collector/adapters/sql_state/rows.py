"""Rows: the values of the core as rows of the tables, and back."""

import json
from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Row

from collector.core.accounts import Account, AccountStatus, Cursor
from collector.core.batches import Batch, BatchKind, BatchStatus, Counts, Failure, Span, Window
from collector.core.coverage import Coverage, Covered, Evidence
from collector.core.ids import AccountId
from collector.core.ranges import IdRange
from collector.core.rates import RateWindow

AnyRow = Row[*tuple[Any, ...]]

_STATUS = {status.value: status for status in AccountStatus}
_EVIDENCE = {evidence.value: evidence for evidence in Evidence}


def account_row(account: Account) -> tuple[object, ...]:
    """Return the row of `accounts`."""
    return (
        account.account_id,
        account.username,
        account.status.value,
        account.status_at,
        account.baseline,
        account.shard,
        account.username_at,
    )


def account_of(row: AnyRow) -> Account:
    """Read a row of `accounts`."""
    account_id, username, status, status_at, baseline, shard, username_at = row
    return Account(account_id, username, _STATUS[status], status_at, baseline, shard, username_at)


def cursor_row(cursor: Cursor) -> tuple[object, ...]:
    """Return the row of `cursors`."""
    return (
        cursor.account_id,
        cursor.username,
        cursor.since_id,
        cursor.since_at,
        cursor.batch_id,
        cursor.updated_at,
    )


def cursor_of(row: AnyRow) -> Cursor:
    """Read a row of `cursors`."""
    return Cursor(*row)


def coverage_by_account(rows: Iterable[AnyRow]) -> dict[AccountId, Coverage]:
    """Read rows of `coverage`, which come by account and id."""
    found: dict[AccountId, Coverage] = {}
    for account_id, own in groupby(rows, key=itemgetter(0)):
        covered = [Covered(IdRange(row[1], row[2]), _EVIDENCE[row[3]], row[4]) for row in own]
        found[account_id] = Coverage(tuple(covered))
    return found


def span_row(batch_id: str, position: int, span: Span) -> tuple[object, ...]:
    """Return the row of `spans`."""
    return batch_id, position, span.account_id, span.ids.after, span.ids.through


def rate_row(window: RateWindow) -> tuple[object, ...]:
    """Return the row of `rate_windows`."""
    return window.endpoint, window.credential, window.limit, window.remaining, window.reset_at


def rate_of(row: AnyRow) -> RateWindow:
    """Read a row of `rate_windows`."""
    return RateWindow(*row)


def batch_row(batch: Batch) -> dict[str, object]:
    """Return the row of `batches`, by column."""
    return {
        "batch_id": batch.batch_id,
        "kind": batch.kind.value,
        "window_start": batch.window.start,
        "window_end": batch.window.end,
        "shard": batch.shard,
        "number": batch.number,
        "plan_id": batch.plan_id,
        "through_id": batch.through_id,
        "status": batch.status.value,
        "seal": batch.seal,
        "failures": _failures_text(batch.failures),
        "created_at": batch.created_at,
        "committed_at": batch.committed_at,
        **_counts_row(batch.counts),
    }


def batch_of(row: AnyRow) -> Batch:
    """Read a row of `batches`."""
    cells: Mapping[str, Any] = dict(row._mapping)  # noqa: SLF001  the public way to a row's columns by name
    return Batch(
        batch_id=cells["batch_id"],
        kind=BatchKind(cells["kind"]),
        window=Window(cells["window_start"], cells["window_end"]),
        shard=cells["shard"],
        number=cells["number"],
        plan_id=cells["plan_id"],
        through_id=cells["through_id"],
        created_at=cells["created_at"],
        status=BatchStatus(cells["status"]),
        seal=cells["seal"],
        counts=_counts_of(cells),
        failures=_failures_of(cells["failures"]),
        committed_at=cells["committed_at"],
    )


def _counts_row(counts: Counts) -> dict[str, object]:
    return {
        "requests": counts.requests,
        "tweets_read": counts.tweets_read,
        "rows": counts.rows,
        "objects": counts.objects,
        "accounts": counts.accounts,
    }


def _counts_of(cells: Mapping[str, Any]) -> Counts:
    return Counts(
        requests=cells["requests"],
        tweets_read=cells["tweets_read"],
        rows=cells["rows"],
        objects=cells["objects"],
        accounts=cells["accounts"],
    )


NO_FAILURES = "[]"
"""The text of an empty list of failures."""


def _failures_text(failures: Iterable[Failure]) -> str:
    return json.dumps(
        [
            {
                "account_id": None if failure.account_id is None else str(failure.account_id),
                "username": failure.username,
                "reason": failure.reason,
                "message": failure.message,
            }
            for failure in failures
        ],
    )


def _failures_of(text: str) -> tuple[Failure, ...]:
    return tuple(
        Failure(
            None if cells["account_id"] is None else AccountId(int(cells["account_id"])),
            cells["username"],
            cells["reason"],
            cells["message"],
        )
        for cells in json.loads(text)
    )
