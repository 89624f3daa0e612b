"""Pricing: what a backfill would ask and cost at most, before anything is paid."""

from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from collector.core.batches import BatchKind, Window
from collector.core.ids import end_of
from collector.core.money import Limit, price
from collector.core.planning import plan_spans, planned_through, wanted_of
from collector.core.ports import Clock, StateStore
from collector.core.ranges import IdRange
from collector.flow.policy import Policy
from collector.flow.spending import PAGE, ledger_of

LISTED = 3200
"""X lists about the newest 3,200 tweets of an account ..."""
TWEETS_PER_DAY = 2400
"""... and lets an account post 2,400 a day."""


@dataclass(frozen=True, slots=True)
class Price:
    """An upper bound for a backfill, with `expected_tweets` at the rate seen so far, where there is one."""

    accounts: int
    spans: int
    requests: int
    tweets: int
    usd: Decimal
    expected_tweets: int
    expected_usd: Decimal
    limit: Limit | None = None
    """What leaves the fewest tweets of the budget, where there is one."""

    @property
    def is_over(self) -> bool:
        """Say whether the bound is more than the budget leaves."""
        return self.limit is not None and self.tweets > self.limit.tweets_left


def price_backfill(window: Window, *, state: StateStore, clock: Clock, policy: Policy) -> Price:
    """Return what a backfill of a window would take, over all shards."""
    now = clock.now()
    through = planned_through(window, now, policy.settle)
    with state.reading() as tx:
        accounts = [account for account in tx.accounts() if account.is_wanted]
        coverage, reserved = tx.coverage(), tx.reserved()
        limit = policy.budget.for_tweets(ledger_of(now, tx))
    wanted = {one.account_id: wanted_of(one, BatchKind.BACKFILL, window, through) for one in accounts}
    spans = plan_spans(wanted, coverage, reserved)
    bounds = [_bound(span.ids) for span in spans]
    rates = {account_id: _rate([(row.ids, row.tweets) for row in held.rows]) for account_id, held in coverage.items()}
    expected = round(sum(min(_bound(one.ids), rates.get(one.account_id, 0.0) * _days(one.ids)) for one in spans))
    return Price(
        accounts=len({span.account_id for span in spans}),
        spans=len(spans),
        requests=sum(ceil(bound / PAGE) + 1 for bound in bounds),
        tweets=sum(bounds),
        usd=price(tweets=sum(bounds)),
        expected_tweets=expected,
        expected_usd=price(tweets=expected),
        limit=limit,
    )


def _bound(ids: IdRange) -> int:
    return min(LISTED, ceil(_days(ids) * TWEETS_PER_DAY))


def _days(ids: IdRange) -> float:
    return (end_of(ids.through) - end_of(ids.after)).total_seconds() / 86400


def _rate(rows: list[tuple[IdRange, int]]) -> float:
    days = sum(_days(ids) for ids, _ in rows)
    return sum(tweets for _, tweets in rows) / days if days else 0.0
