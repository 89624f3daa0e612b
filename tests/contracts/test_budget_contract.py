"""Budgets of two workers at one state: whatever the store, together they never read more than they may."""

import random
import time
from datetime import date, timedelta
from threading import Lock, Thread

import pytest
from fakes.clock import NOON, FakeClock
from fakes.source import page_of

from collector.core.errors import BudgetExhausted
from collector.core.ids import AccountId, TweetId
from collector.core.money import Budget
from collector.core.pages import Ask
from collector.core.ranges import IdRange
from collector.flow.spending import PAGE, SpendingKeeper, ledger_of

ASK = Ask(AccountId(12), IdRange(TweetId(0), TweetId(9)))
THREADS = 4
LIMIT = 5 * 1000 + 50


class Reading:
    """A source that reads any number of tweets, and looks at the ledger now and then while it does."""

    def __init__(self, state, clock):
        self.state, self.clock, self.lock = state, clock, Lock()
        self.read, self.open, self.asked, self.most = 0, 0, 0, 0
        self.chance = random.Random(7)  # noqa: S311  the same every time

    def page(self, _ask):
        with self.lock:
            self.asked += 1
            self.open += PAGE
            tweets = self.chance.choice([0, 0, 3, PAGE])
            looks = self.asked % 5 == 0
        time.sleep(0.0005)
        if looks:
            with self.lock:
                sure = self.read + self.open
                with self.state.reading() as tx:
                    spent = ledger_of(self.clock.now(), tx).today.tweets
                assert spent <= LIMIT
                assert self.read <= spent
                self.most = max(self.most, sure)
        with self.lock:
            self.open -= PAGE
            self.read += tweets
        return page_of(range(tweets), None, self.clock)


def work(state, clock, source, ends):
    """Be a worker: fetch in four threads until the budget ends."""
    keeper = SpendingKeeper(Budget(tweets_per_day=LIMIT), state=state, clock=clock)
    with state.writing() as tx:
        reserved = keeper.reserve(tx)
    keeper.take(reserved)

    def ask():
        try:
            while True:
                keeper.page(ASK, source)
        except BudgetExhausted as end:
            ends.append(end)

    run(ask for _ in range(THREADS))
    with state.writing() as tx:
        keeper.settle(tx)


def run(works):
    threads = [Thread(target=one) for one in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_with_one_budget_never_read_more_than_it_and_use_it_up(state, workers):  # F55 F27
    clock, ends = FakeClock(), []
    source = Reading(state, clock)
    run((lambda: work(state, clock, source, ends)) for _ in range(workers))
    assert len(ends) == workers * THREADS
    with state.reading() as tx:
        ledger = ledger_of(clock.now(), tx)
    assert (ledger.today.tweets_reserved, ledger.today.tweets_settled) == (0, source.read)
    assert LIMIT - 3 * PAGE <= source.read <= LIMIT
    assert source.most <= LIMIT


def test_a_dead_worker_leaves_the_others_what_it_had_not_reserved(state):  # F55
    clock = FakeClock()
    dead = SpendingKeeper(Budget(tweets_per_day=LIMIT), state=state, clock=clock)
    with state.writing() as tx:
        dead.reserve(tx)
    work(state, clock, source := Reading(state, clock), [])
    assert LIMIT - 1000 - 2 * PAGE <= source.read <= LIMIT - 1000
    clock.advance(timedelta(days=1))
    with state.reading() as tx:
        assert ledger_of(clock.now(), tx).today.tweets == 1000
        assert tx.spend_since(date(2026, 11, 22))[NOON.date()].tweets_reserved == 1000
