"""Money: what a budget leaves and until when, and what is said to be the most is never less than what is billed."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from collector.core.money import Budget, Ledger, Spend, price, usd_text

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


@pytest.mark.parametrize(
    ("amount", "text"),
    [(price(tweets=9), "$0.05"), (price(tweets=745), "$3.73"), (Decimal(1250), "$1,250.00"), (Decimal(0), "$0.00")],
)
def test_dollars_are_rounded_up_to_the_cent(amount, text):  # F60
    assert usd_text(amount) == text


def test_dollars_of_any_size_can_be_written():
    assert usd_text(Decimal("1e40")).endswith(",000.00")
