"""Money as text: what is said to be the most is never less than what is billed."""

from decimal import Decimal

import pytest

from collector.core.money import price, usd_text


@pytest.mark.parametrize(
    ("amount", "text"),
    [(price(tweets=9), "$0.05"), (price(tweets=745), "$3.73"), (Decimal(1250), "$1,250.00"), (Decimal(0), "$0.00")],
)
def test_dollars_are_rounded_up_to_the_cent(amount, text):  # F60
    assert usd_text(amount) == text


def test_dollars_of_any_size_can_be_written():
    assert usd_text(Decimal("1e40")).endswith(",000.00")
