"""What X may bill is never more than what counts as spent, nor that than the budget, whatever workers do.

F55 F56
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Condition

from fakes.clock import FakeClock
from fakes.state import FakeState
from hypothesis import given
from hypothesis import strategies as st
from laws import laws
from purse import HOUR, Purse

from collector.core.errors import BudgetExhausted
from collector.core.money import Budget, Ledger, Spend, price
from collector.flow.spending import PAGE, ledger_of


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
