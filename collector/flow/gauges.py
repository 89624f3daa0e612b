"""Gauges: the whole collection as numbers for a monitor; read-only."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from collector.core.accounts import AccountStatus
from collector.core.gauges import Gauge, Reading, Unit
from collector.core.money import NO_BUDGET, Budget
from collector.core.ports import Clock, StateStore
from collector.flow.overview import Choice, Overview, Snapshot, overview, snapshot
from collector.flow.views import CursorRow


def gauges(*, state: StateStore, clock: Clock, budget: Budget = NO_BUDGET) -> Reading:
    """Read every gauge. Raises what the state raises.

    There is no lag while no account is active, and no share of a budget that is not set. Money is what X may bill at
    most, as `collector status` tells it.
    """
    seen = snapshot(state=state, clock=clock)
    view = overview(Choice(), seen, budget)
    return Reading(seen.read_at, (*_progress(view), *_accounts(seen, view), *_money(view)))


def _progress(view: Overview) -> Iterator[Gauge]:
    if view.status.lag is not None:
        yield Gauge("LagSeconds", Unit.SECONDS, round(view.status.lag / timedelta(seconds=1)))
    yield Gauge("Gaps", Unit.COUNT, view.status.gaps)
    yield Gauge("OpenBatches", Unit.COUNT, view.status.open_batches)
    yield Gauge("Rows", Unit.COUNT, view.status.rows)


def _accounts(seen: Snapshot, view: Overview) -> Iterator[Gauge]:
    wanted = [row for row in seen.rows if row.account.is_wanted]
    active = [row for row in wanted if row.account.status is AccountStatus.ACTIVE]
    yield Gauge("Accounts", Unit.COUNT, len(wanted))
    yield Gauge("UnreadableAccounts", Unit.COUNT, len(wanted) - len(active))
    yield Gauge("AccountsWithGaps", Unit.COUNT, view.with_gaps)
    yield Gauge("FailingAccounts", Unit.COUNT, sum(_is_failing(row, seen) for row in active))


def _is_failing(row: CursorRow, seen: Snapshot) -> bool:
    """Say whether something of an account is missing because of a fault, and will be asked for again."""
    return row.gaps > 0 and any(gap.is_of_fault for gap in seen.held.gaps(row.account, seen.reasons))


def _money(view: Overview) -> Iterator[Gauge]:
    yield Gauge("TweetsReadToday", Unit.COUNT, view.today.reads.tweets)
    yield Gauge("DollarsToday", Unit.DOLLARS, view.today.reads.usd)
    yield Gauge("DollarsThisMonth", Unit.DOLLARS, view.month.reads.usd)
    yield from _share("DayBudgetPercent", view.today.share)
    yield from _share("MonthBudgetPercent", view.month.share)


def _share(name: str, share: Decimal | None) -> Iterator[Gauge]:
    if share is not None:
        yield Gauge(name, Unit.PERCENT, 100 * share)
