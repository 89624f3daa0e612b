"""Fetch inside its budgets: what arrives is published, the rest is a gap, and a dead worker's reservation is spent."""

from decimal import Decimal

import pytest
from crashing import Crash, Fuse, fused
from fakes.clock import NOON
from following import WEEK, follow_in, refresh_in, shared_room
from rooms import EIGHT, ESA, NASA, Room, assert_once, window

from collector.core.accounts import Account
from collector.core.batches import Failure
from collector.core.errors import BudgetExhausted, SourceUnavailable
from collector.core.money import Budget, Spend
from collector.flow.collect import finish
from collector.flow.follow import follow
from collector.flow.pricing import price_backfill
from collector.flow.spending import FIRST_CHUNK
from collector.flow.views import status

TODAY = NOON.date()
LITTLE = Budget(tweets_per_day=103)


@pytest.fixture
def room():
    """Return a room with two accounts of eight tweets each, three a page."""
    made = Room()
    made.follow(ESA, *(one + ESA for one in EIGHT), baseline=-61)
    made.follow(NASA, *EIGHT)
    return made


def spent(room, day=TODAY):
    with room.state.reading() as tx:
        return tx.spend_since(day).get(day, Spend())


def test_a_batch_settles_what_it_has_read(room):  # F56
    room.collect()
    assert spent(room) == Spend(0, 16)


def test_a_batch_at_the_end_of_its_budget_publishes_what_arrived_and_leaves_a_gap(room):  # F55
    room.set(budget=LITTLE)
    batch = room.collect()
    assert spent(room) == Spend(0, 6)
    assert not batch.is_open
    assert [(one.username, one.reason) for one in batch.failures] == [
        ("user7", "budget_exhausted"),
        ("(1 accounts)", "budget_exhausted"),
    ]
    assert all(one.may_pass and one.ends_asking for one in batch.failures if one.account_id)
    assert "103 tweets a day" in batch.failures[0].message
    assert_once(room, *(one + ESA for one in EIGHT[:6]))
    assert room.damage() == []


def test_the_next_day_goes_on_where_the_budget_ended(room):
    room.set(budget=LITTLE)
    room.collect()
    room.wait(24 * 60)
    room.set(budget=Budget(tweets_per_day=200))
    room.collect(0, 24 * 60)
    assert spent(room, room.clock.now().date()) == Spend(0, 10)
    assert_once(room, *EIGHT, *(one + ESA for one in EIGHT))


def test_without_room_nothing_is_asked(room):
    room.set(budget=Budget(tweets_per_day=99))
    batch = room.collect()
    assert (room.asked(), spent(room), batch.counts.requests) == ([], Spend(), 0)


def test_a_sealed_batch_reserves_nothing(room):
    batch = room.plan()
    room.fetch(batch)
    before = spent(room)
    room.fetch(batch)
    assert spent(room) == before == Spend(0, 16)


def test_wherever_a_worker_dies_what_was_read_is_spent():  # F24 F56
    fuse, number = Fuse(), 0
    while not number or fuse.is_dead:
        number += 1
        room = Room()
        room.follow(NASA, *EIGHT)
        batch, fuse = room.plan(), Fuse(number)
        try:
            finish(batch.batch_id, fused(room, fuse))
        except Crash:
            read = 3 * len(room.asked())
            assert spent(room).tweets <= FIRST_CHUNK + read
            assert spent(room).tweets >= min(read, len(EIGHT))
            room.finish(room.batch(batch))
    assert number > 8
    assert spent(room) == Spend(0, len(EIGHT))


def test_an_answer_that_may_be_billed_stays_reserved(room):
    room.source.script(NASA, SourceUnavailable("cut short", may_be_billed=True))
    room.collect()
    assert spent(room) == Spend(100, 8)


def test_status_tells_what_is_spent(room):
    room.collect()
    ledger = status(state=room.state, clock=room.clock).spent
    assert ledger.today == ledger.month == Spend(0, 16)


def test_a_dry_run_says_when_its_bound_is_more_than_a_budget_leaves(room):
    room.collect()
    day = window(-24 * 60 - 60, -60)
    room.set(budget=Budget(tweets_per_day=4800, usd_per_month=Decimal(100)))
    bound = price_backfill(day, state=room.state, clock=room.clock, policy=room.policy)
    assert (bound.is_over, bound.limit.tweets_left, bound.limit.setting) == (True, 4784, "COLLECTOR_MAX_TWEETS_PER_DAY")
    room.set(budget=Budget(tweets_per_day=5000))
    assert not price_backfill(day, state=room.state, clock=room.clock, policy=room.policy).is_over
    room.set(budget=Budget())
    assert not price_backfill(day, state=room.state, clock=room.clock, policy=room.policy).is_over


def test_accounts_that_are_followed_and_refreshed_are_users_spent():
    room = shared_room()
    follow_in(room, "nasa", "esa", "nobody")
    assert spent(room) == Spend(0, 0, 0, 2)
    refresh_in(room)
    assert spent(room) == Spend(0, 0, 0, 4)


def test_accounts_beyond_the_budget_are_not_looked_up():
    room = shared_room()
    budget = Budget(usd_per_month=Decimal("0.01"))
    ports = {"state": room.state, "source": room.source, "clock": room.clock, "budget": budget}
    with pytest.raises(BudgetExhausted):
        follow(["nasa", "esa"], WEEK, **ports)
    outcomes = follow(["nasa", "7"], WEEK, **ports)
    assert isinstance(outcomes[0].account, Account)
    assert "no room for 1 users" in outcomes[1].fault
    with pytest.raises(BudgetExhausted):
        refresh_in(room, budget=budget)
    assert len(room.source.lookups) == 1


def test_a_budget_that_is_exhausted_may_pass():
    assert Failure(None, "(2 accounts)", BudgetExhausted.reason, "").may_pass
