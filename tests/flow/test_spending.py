"""The keeper of the budgets: what is reserved, settled and given back, and when a budget ends.

F55 F56
"""

from datetime import date, timedelta
from decimal import Decimal
from threading import Thread

import pytest
from fakes.clock import NOON, FakeClock
from fakes.source import page_of
from fakes.state import FakeState
from purse import ASK, DAY, HOUR, TOMORROW, Purse

from collector.core.errors import BudgetExhausted, RateLimited, SourceUnavailable, StateUnavailable
from collector.core.money import Budget, Ledger, Spend, ledger_start
from collector.flow.spending import FIRST_CHUNK, MOST_CHUNK, PAGE


def test_a_fetch_reserves_a_chunk_and_settles_what_it_read():
    purse = Purse()
    assert purse.spent() == Spend(FIRST_CHUNK)
    purse.read(30)
    purse.read(0)
    assert purse.spent() == Spend(FIRST_CHUNK)
    purse.settle()
    assert purse.spent() == Spend(0, 30)


def test_answers_without_tweets_reserve_nothing_more():
    purse = Purse()
    for _ in range(3 * MOST_CHUNK // PAGE):
        purse.read(0)
    assert purse.spent() == Spend(FIRST_CHUNK)


def test_chunks_double_up_to_a_few_thousand_and_settle_what_was_read_before():
    purse = Purse()
    reserved = []
    for _ in range(200):
        purse.read(PAGE)
        reserved.append(purse.spent().tweets_reserved)
    assert sorted(set(reserved)) == [FIRST_CHUNK, 2 * FIRST_CHUNK, MOST_CHUNK]
    purse.settle()
    assert purse.spent() == Spend(0, 200 * PAGE)


def test_a_worker_that_dies_leaves_its_chunk_spent():  # F24
    purse = Purse()
    for _ in range(FIRST_CHUNK // PAGE + 3):
        purse.read(PAGE)
    assert purse.spent() == Spend(2 * FIRST_CHUNK, FIRST_CHUNK)
    Purse(state=purse.state).settle()
    assert purse.spent().tweets == 3 * FIRST_CHUNK


@pytest.mark.parametrize(
    ("error", "left"),
    [
        (SourceUnavailable("503"), 0),
        (SourceUnavailable("cut short", may_be_billed=True), PAGE),
        (RateLimited("used up", reset_at=NOON), 0),
        (ZeroDivisionError(), PAGE),
    ],
)
def test_a_request_that_fails_is_free_unless_it_may_be_billed(error, left):
    purse = Purse()
    with pytest.raises(type(error)):
        purse.read(error)
    purse.settle()
    assert purse.spent() == Spend(left)


def test_near_its_end_a_budget_is_reserved_in_whole_pages_and_used_up():
    purse = Purse(Budget(tweets_per_day=350))
    assert purse.spent() == Spend(300)
    for tweets in (100, 20, 80, 60):
        purse.read(tweets)
    with pytest.raises(BudgetExhausted) as raised:
        purse.read(0)
    assert str(raised.value) == (
        "the budget of 350 tweets a day has no room for a page of 100 tweets: 300 of it are spent; "
        "it begins anew at 2026-11-23T00:00:00Z"
    )
    assert raised.value.hint == "wait until then, or raise COLLECTOR_MAX_TWEETS_PER_DAY"
    assert len(purse.source.asks) == 4
    purse.settle()
    assert purse.spent() == Spend(0, 260)


def test_near_the_end_a_request_waits_for_the_one_under_way_which_may_leave_room():
    purse = Purse(Budget(tweets_per_day=PAGE))
    answer, second = purse.source.page, Thread(target=purse.read, args=(0,), daemon=True)

    def while_another_waits(_ask):
        purse.source.page = answer
        second.start()
        second.join(0.1)
        assert second.is_alive()
        return page_of((), None, purse.clock)

    purse.source.page = while_another_waits
    purse.keeper.page(ASK, purse.source)
    second.join(5)
    assert not second.is_alive()
    assert len(purse.source.asks) == 1


def test_a_month_has_its_dollars_and_users_count_too():
    purse = Purse(begins=False)
    with purse.state.writing() as tx:
        tx.add_spend(date(2026, 10, 31), Spend(0, 10**6))
        tx.add_spend(date(2026, 11, 1), Spend(0, 1000, 0, 50))
    purse = Purse(Budget(usd_per_month=Decimal(6)), state=purse.state)
    purse.read(100)
    with pytest.raises(BudgetExhausted, match=r"\$6.00 a month .* \$6.00 of it .* 2026-12-01T00") as raised:
        purse.read(0)
    assert "COLLECTOR_MAX_USD_PER_MONTH" in raised.value.hint


def test_the_limit_that_leaves_less_is_the_one_named():
    budget = Budget(tweets_per_day=1000, usd_per_month=Decimal("0.40"))
    with pytest.raises(BudgetExhausted, match=r"\$0.40 a month"):
        Purse(budget).read(0)


def test_a_new_day_settles_the_old_chunk_and_reserves_anew():
    purse = Purse(Budget(tweets_per_day=500))
    purse.read(100)
    purse.clock.advance(12 * HOUR)
    purse.read(40)
    assert (purse.spent(), purse.spent(TOMORROW)) == (Spend(0, 100), Spend(500))
    purse.settle()
    assert (purse.spent(), purse.spent(TOMORROW)) == (Spend(0, 100), Spend(0, 40))


def test_a_request_open_at_midnight_counts_on_both_days():
    purse = Purse()
    purse.clock.at = NOON + 12 * HOUR - timedelta(seconds=1)
    answer = purse.source.page

    def late(ask):
        purse.clock.advance(timedelta(seconds=2))
        return answer(ask)

    purse.source.page = late
    purse.read(70)
    purse.settle()
    assert (purse.spent(), purse.spent(TOMORROW)) == (Spend(0, 70), Spend(0, 70))


def test_a_request_open_at_midnight_that_others_noticed_counts_on_both_days():
    purse = Purse()
    other = page_of(range(7), None, purse.clock)
    answer = purse.source.page

    def late(_ask):
        purse.source.page = answer
        purse.clock.advance(12 * HOUR)
        purse.read(30)
        assert purse.spent() == Spend(PAGE)
        return other

    purse.source.page = late
    purse.keeper.page(ASK, purse.source)
    purse.settle()
    assert (purse.spent(), purse.spent(TOMORROW)) == (Spend(0, 7), Spend(0, 37))


def test_what_the_day_before_left_reserved_counts_today_and_no_longer():
    Purse(state=(state := FakeState()))
    clock = FakeClock(NOON + DAY)
    with pytest.raises(BudgetExhausted, match="1,000 of it are spent"):
        Purse(Budget(tweets_per_day=FIRST_CHUNK), state=state, clock=clock).read(0)
    clock.advance(DAY)
    Purse(Budget(tweets_per_day=FIRST_CHUNK), state=state, clock=clock).read(0)


def test_what_the_last_day_of_a_month_left_reserved_counts_in_the_new_month_too():
    spent = {date(2026, 11, 29): Spend(50), date(2026, 11, 30): Spend(100, 7, 2, 1), date(2026, 12, 1): Spend(0, 1)}
    assert Ledger.of(date(2026, 12, 1), spent) == Ledger(date(2026, 12, 1), Spend(100, 1, 2), Spend(100, 1, 2))
    assert Ledger.of(date(2026, 11, 30), spent).month == Spend(150, 7, 2, 1), "within a month, once"
    assert Ledger.of(date(2026, 12, 2), spent).month == Spend(0, 1)


def test_a_ledger_needs_the_month_and_the_day_before():
    assert ledger_start(date(2026, 12, 1)) == date(2026, 11, 30)
    assert ledger_start(date(2026, 12, 31)) == date(2026, 12, 1)


def test_a_reservation_that_may_not_have_been_stored_is_not_given_back_but_what_was_read_is_settled(monkeypatch):
    purse = Purse()
    for _ in range(FIRST_CHUNK // PAGE):
        purse.read(60)
    monkeypatch.setattr(FakeState, "writing", refused)
    with pytest.raises(StateUnavailable):
        [purse.read(60) for _ in range(9)]
    monkeypatch.undo()
    purse.settle()
    assert purse.spent() == Spend(40, 16 * 60)


def refused(_state):
    message = "the database is down"
    raise StateUnavailable(message)
