"""Users that are looked up count against the month's budget.

F55
"""

from decimal import Decimal

import pytest
from purse import HOUR, TOMORROW, Purse

from collector.core.errors import BudgetExhausted, SourceUnavailable
from collector.core.money import NO_BUDGET, Budget, Spend
from collector.flow.spending import look_up


def lookup(purse, asked, found, budget=NO_BUDGET):
    names = [f"user{number}" for number in range(asked)]
    for number, name in enumerate(names[:found]):
        purse.source.add(number + 1, name)
    return look_up(asked, lambda: purse.source.users_named(names), budget, purse.state, purse.clock)


def test_users_found_are_spent_and_those_missing_are_not():
    purse = Purse(begins=False)
    assert len(lookup(purse, 5, 3).found) == 3
    assert purse.spent() == Spend(0, 0, 0, 3)


def test_users_are_refused_when_the_month_has_no_room_for_all():
    purse = Purse(begins=False)
    budget = Budget(tweets_per_day=1, usd_per_month=Decimal("0.06"))
    with pytest.raises(BudgetExhausted, match=r"no room for 7 users at \$0.010 each: \$0.00 of it"):
        lookup(purse, 7, 7, budget)
    assert purse.source.lookups == []
    lookup(purse, 6, 6, budget)
    with pytest.raises(BudgetExhausted):
        lookup(purse, 1, 1, budget)


def test_users_asked_for_at_midnight_count_on_both_days():
    purse = Purse(begins=False)
    answer = purse.source.users_named

    def late(names):
        purse.clock.advance(12 * HOUR)
        return answer(names)

    purse.source.users_named = late
    lookup(purse, 3, 2)
    assert (purse.spent(), purse.spent(TOMORROW)) == (Spend(0, 0, 0, 2), Spend(0, 0, 0, 2))


@pytest.mark.parametrize(("may_be_billed", "left"), [(False, 0), (True, 4)])
def test_a_lookup_that_fails_is_free_unless_it_may_be_billed(may_be_billed, left):
    purse = Purse(begins=False)
    purse.source.lookup_error = SourceUnavailable("down", may_be_billed=may_be_billed)
    with pytest.raises(SourceUnavailable):
        lookup(purse, 4, 4)
    assert purse.spent() == Spend(0, 0, left)
