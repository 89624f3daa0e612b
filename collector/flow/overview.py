"""Overview: the operator's page as values: accounts chosen, sorted and paged, with their gaps; batches; money."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from math import ceil
from typing import Any

from collector.core.accounts import AccountStatus
from collector.core.batches import Batch
from collector.core.gaps import Gap, Reasons
from collector.core.money import NO_BUDGET, Budget, Spend
from collector.core.ports import Clock, StateReader, StateStore
from collector.core.ranges import Ranges
from collector.flow.views import CursorRow, Holdings, Status, cursor_rows, holdings, known_reasons, status_of

PAGE_SIZE = 50
NEWEST_BATCHES = 20


class Sort(StrEnum):
    """What accounts are sorted by; equal ones stay in order of username."""

    USERNAME = "username"
    STATUS = "status"
    LAG = "lag"
    GAPS = "gaps"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which accounts are shown, and in which order; `username` is any part of one, whatever its case."""

    username: str = ""
    status: AccountStatus | None = None
    only_with_gaps: bool = False
    sort: Sort = Sort.USERNAME
    is_descending: bool = False
    page: int = 1

    def takes(self, row: CursorRow) -> bool:
        """Say whether an account is among those chosen."""
        return (
            self.username.lower() in row.account.username.lower()
            and self.status in {None, row.account.status}
            and (row.gaps > 0 or not self.only_with_gaps)
        )


@dataclass(frozen=True, slots=True)
class Spent:
    """What counts as spent of a UTC day or month, at most, and how much of the budget that is."""

    reads: Spend
    share: Decimal | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one reading of the state told of all accounts; a page is chosen from it."""

    read_at: datetime
    rows: Sequence[CursorRow]
    held: Holdings
    reasons: Reasons
    status: Status
    batches: Sequence[Batch]


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account with what is wanted of it and what of that is missing, oldest first."""

    row: CursorRow
    wanted: Ranges
    gaps: Sequence[Gap]


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page shows; `choice.page` is a page that there is."""

    read_at: datetime
    status: Status
    with_gaps: int
    choice: Choice
    found: int
    pages: int
    accounts: Sequence[AccountRow]
    batches: Sequence[Batch]
    budget: Budget
    today: Spent
    month: Spent


def snapshot(*, state: StateStore, clock: Clock) -> Snapshot:
    """Read all that a page may show, as one moment has it."""
    with state.reading() as tx:
        now, held = clock.now(), holdings(tx)
        rows = cursor_rows(held, now, tx)
        return Snapshot(
            read_at=now,
            rows=rows,
            held=held,
            reasons=_reasons(rows, tx),
            status=status_of(rows, now, tx),
            batches=tx.batches(NEWEST_BATCHES),
        )


def overview(choice: Choice, seen: Snapshot, budget: Budget = NO_BUDGET) -> Overview:
    """Choose, sort and page the accounts of a snapshot; the page after the last is the last."""
    chosen = _sorted([row for row in seen.rows if choice.takes(row)], choice)
    pages = max(1, ceil(len(chosen) / PAGE_SIZE))
    page = min(max(1, choice.page), pages)
    spent = seen.status.spent
    return Overview(
        read_at=seen.read_at,
        status=seen.status,
        with_gaps=sum(row.gaps > 0 for row in seen.rows),
        choice=replace(choice, page=page),
        found=len(chosen),
        pages=pages,
        accounts=[_account(row, seen) for row in chosen[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]],
        batches=seen.batches,
        budget=budget,
        today=Spent(spent.today, _share(spent.today.tweets, budget.tweets_per_day)),
        month=Spent(spent.month, _share(spent.month.usd, budget.usd_per_month)),
    )


_KEYS: dict[Sort, Callable[[CursorRow], Any]] = {
    Sort.STATUS: lambda row: row.account.status,
    Sort.LAG: lambda row: row.lag,
    Sort.GAPS: lambda row: row.gaps,
}


def _sorted(rows: list[CursorRow], choice: Choice) -> list[CursorRow]:
    if choice.sort is Sort.USERNAME:
        return rows[::-1] if choice.is_descending else rows
    return sorted(rows, key=_KEYS[choice.sort], reverse=choice.is_descending)


def _reasons(rows: Sequence[CursorRow], tx: StateReader) -> Reasons:
    return known_reasons(tx) if any(row.gaps for row in rows) else Reasons([])


def _account(row: CursorRow, seen: Snapshot) -> AccountRow:
    wanted = Ranges.of(seen.held.wanted.of(row.account)) if row.account.is_wanted else Ranges()
    return AccountRow(row, wanted, list(seen.held.gaps(row.account, seen.reasons)))


def _share(amount: Decimal | int, limit: Decimal | int | None) -> Decimal | None:
    if limit is None:
        return None
    return Decimal(amount) / limit if limit else Decimal(1)
