"""The keeper of the budgets: what may have been read is never more than what counts as spent, nor that than the budget.

F55 F56
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Condition, Thread

import pytest
from fakes.clock import NOON, FakeClock
from fakes.source import FakeSource, page_of
from fakes.state import FakeState
from hypothesis import given
from hypothesis import strategies as st
from laws import laws
from rooms import NASA, at

from collector.core.errors import BudgetExhausted, RateLimited, SourceUnavailable, StateUnavailable
from collector.core.money import NO_BUDGET, Budget, Ledger, Spend, ledger_start, price
from collector.core.pages import Ask
from collector.core.ranges import IdRange
from collector.flow.spending import FIRST_CHUNK, MOST_CHUNK, PAGE, SpendingKeeper, ledger_of, look_up

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ASK = Ask(NASA, IdRange(at(-60), at(0)))
TODAY, TOMORROW = NOON.date(), NOON.date() + DAY


class Purse:
    """A worker's keeper, a source that reads as many tweets as a test says, and the ledger."""

    def __init__(self, budget=NO_BUDGET, *, state=None, clock=None, begins=True):
        self.clock = clock or FakeClock()
        self.state = state or FakeState(self.clock)
        self.source = FakeSource(self.clock)
        self.keeper = SpendingKeeper(budget, state=self.state, clock=self.clock)
        if begins:
            with self.state.writing() as tx:
                reserved = self.keeper.reserve(tx)
            self.keeper.take(reserved)

    def read(self, tweets):
        """Make a request that reads so many tweets, or fails."""
        answer = tweets if isinstance(tweets, Exception) else page_of(range(tweets), None, self.clock)
        self.source.script(NASA, answer)
        return self.keeper.page(ASK, self.source)

    def settle(self):
        with self.state.writing() as tx:
            self.keeper.settle(tx)

    def spent(self, day=TODAY):
        with self.state.reading() as tx:
            return tx.spend_since(day).get(day, Spend())


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


class WouldWait(Exception):
    """Others' answers are waited for."""


class Impatient(Condition):
    def wait(self):
        raise WouldWait


class World:
    """Workers at one state, whose requests X bills on the day they begin or the day they end, as it likes."""

    def __init__(self, budget):
        self.budget, self.clock = budget, FakeClock(datetime(2026, 11, 29, 20, tzinfo=UTC))
        self.state = FakeState(self.clock)
        self.billed = {}
        self.counted_twice = 0
        self.workers = {}
        for name in "ab":
            self.hire(name)

    def hire(self, name):
        purse = Purse(self.budget, state=self.state, clock=self.clock)
        purse.keeper._turn = Impatient()
        self.workers[name] = (purse, [])

    def begin(self, name, _):
        purse, requests = self.workers[name]
        try:
            requests.append(purse.keeper._begin_request())
        except (BudgetExhausted, WouldWait):
            if not requests:
                self.leave(name, 0)

    def end(self, name, number):
        purse, requests = self.workers[name]
        if requests:
            day = requests.pop(number % len(requests))
            self.bill(day, number)
            tweets = None if number % 7 == 0 else number % (PAGE + 1)
            self.counted_twice += (tweets or 0) * (day != self.clock.now().date())
            purse.keeper._end_request(day, tweets)

    def leave(self, name, _):
        purse, requests = self.workers[name]
        while requests:
            self.end(name, 3)
        purse.settle()
        self.hire(name)

    def crash(self, name, number):
        for day in self.workers[name][1]:
            self.bill(day, number)
        self.hire(name)

    def wait(self, _, number):
        is_late = any(day < self.clock.now().date() for _, requests in self.workers.values() for day in requests)
        if not is_late:
            self.clock.advance((number % 9) * HOUR)

    def bill(self, began, number):
        day = began if number % 2 else self.clock.now().date()
        self.billed[day] = self.billed.get(day, 0) + number % (PAGE + 1)

    def check(self):
        today = self.clock.now().date()
        with self.state.reading() as tx:
            ledger, spent = ledger_of(self.clock.now(), tx), tx.spend_since(date(2026, 11, 1))
        owed = Spend()
        for purse, _ in self.workers.values():
            owed = owed.plus(purse.keeper._owed[today])
        may_be_open = PAGE * sum(len(requests) for _, requests in self.workers.values())
        assert self.billed.get(today, 0) + may_be_open <= ledger.today.tweets + owed.tweets_settled
        assert ledger.today.tweets <= self.budget.tweets_per_day
        assert ledger.month.usd <= self.budget.usd_per_month + price(tweets=self.counted_twice)
        of_month = sum(tweets for day, tweets in self.billed.items() if day.month == today.month)
        assert price(tweets=of_month + may_be_open) <= self.budget.usd_per_month
        for day, tweets in self.billed.items():
            assert tweets <= Ledger.of(day, spent).today.tweets + owed.tweets_settled


ACTS = st.sampled_from(["begin"] * 4 + ["end"] * 3 + ["leave", "crash", "wait"])
ACTIONS = st.tuples(ACTS, st.sampled_from("ab"), st.integers(0, 500))


@laws
@given(
    limit=st.integers(50, 3000),
    dollars=st.integers(1, 30),
    actions=st.lists(ACTIONS, max_size=80),
)
def test_what_x_may_bill_never_exceeds_what_is_spent_nor_that_the_budget(limit, dollars, actions):
    world = World(Budget(tweets_per_day=limit, usd_per_month=Decimal(dollars)))
    for action, name, number in actions:
        getattr(world, action)(name, number)
        world.check()
