"""Money: what a budget leaves, and until when."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from collector.core.money import Budget, Ledger, Spend

DAY = date(2026, 11, 22)


def left(dollars, spent, day=DAY):
    return Budget(usd_per_month=Decimal(dollars)).for_tweets(Ledger.of(day, {day: spent}))


def test_part_of_a_tweet_is_not_left():  # F55
    assert left("0.014", Spend()).tweets_left == 2


def test_a_month_that_has_cost_more_than_it_may_leaves_nothing():
    assert left("1", Spend(tweets_settled=201)).tweets_left == 0


@pytest.mark.parametrize(
    ("day", "renewed_at"),
    [
        (date(2026, 1, 31), datetime(2026, 2, 1, tzinfo=UTC)),
        (date(2026, 2, 1), datetime(2026, 3, 1, tzinfo=UTC)),
        (date(2026, 12, 31), datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_month_begins_anew_on_the_first_of_the_next(day, renewed_at):  # F48
    assert left("1", Spend(), day).renewed_at == renewed_at
