"""A purse: the keeper of a budget with a source and a ledger at hand."""

from datetime import timedelta

from fakes.clock import NOON, FakeClock
from fakes.source import FakeSource, page_of
from fakes.state import FakeState
from rooms import NASA, at

from collector.core.money import NO_BUDGET, Spend
from collector.core.pages import Ask
from collector.core.ranges import IdRange
from collector.flow.spending import SpendingKeeper

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TODAY, TOMORROW = NOON.date(), NOON.date() + DAY
ASK = Ask(NASA, IdRange(at(-60), at(0)))


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
