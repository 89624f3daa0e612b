"""Pricing: what a backfill costs at most, before it is paid."""

from decimal import Decimal

import pytest
from rooms import ESA, NASA, Room, tweet, window

from collector.core.money import price
from collector.flow.pricing import LISTED, TWEETS_PER_DAY, price_backfill

DAY = 24 * 60


@pytest.fixture
def room():
    made = Room()
    made.follow(NASA, *(tweet(-minutes) for minutes in range(2, 62, 6)))
    made.follow(ESA, shard=1)
    return made


def priced(room, start, end):
    return price_backfill(window(start, end), state=room.state, clock=room.clock, policy=room.policy)


def test_reads_have_their_published_price():
    assert price(tweets=1000) == Decimal("5.000")
    assert price(users=100) == Decimal("1.000")
    assert price() == 0


def test_a_backfill_is_bounded_by_what_an_account_may_post(room):
    bound = priced(room, -DAY, -DAY // 2)
    assert (bound.accounts, bound.spans) == (2, 2)
    assert bound.tweets == TWEETS_PER_DAY
    assert bound.requests == 2 * (12 + 1)
    assert bound.usd == Decimal("12.000")


def test_a_long_backfill_is_bounded_by_the_horizon(room):
    assert priced(room, -365 * DAY, 0).tweets == 2 * LISTED


def test_only_what_is_not_held_is_priced(room):
    room.collect()
    room.collect(shard=1)
    assert priced(room, -60, -1).tweets == priced(room, -60, -1).requests == 0
    assert priced(room, -60 - DAY, -1) == priced(room, -60 - DAY, -60)


def test_what_other_batches_reserve_is_not_priced_twice(room):
    room.backfill(-DAY, -DAY // 2)
    assert priced(room, -DAY, -DAY // 2).accounts == 1


def test_paused_accounts_cost_nothing(room):
    room.follow(ESA, status="paused", shard=1)
    assert priced(room, -DAY, -DAY // 2).accounts == 1


def test_the_rate_seen_so_far_tells_what_to_expect(room):
    room.collect()
    bound = priced(room, -60 - DAY, -60)
    assert bound.expected_tweets == pytest.approx(10 * DAY / 59, abs=1)
    assert bound.expected_usd == price(tweets=bound.expected_tweets) < bound.usd


def test_no_more_is_expected_than_can_come(room):
    room.source.post(NASA, *(tweet(-30, extra) for extra in range(200)))
    room.collect()
    bound = priced(room, -60 - DAY, -60)
    assert bound.expected_tweets == bound.tweets // 2 == TWEETS_PER_DAY


def test_without_a_rate_nothing_is_expected(room):
    assert priced(room, -DAY, 0).expected_tweets == 0


def test_pricing_plans_nothing(room):
    priced(room, -DAY, 0)
    with room.state.reading() as tx:
        assert tx.batches() == []


def test_a_price_is_an_upper_bound_of_what_is_paid(room):
    bound = priced(room, -60, -1)
    batch = room.collect_backfill(-60, -1)
    assert batch.counts.tweets_read <= bound.tweets
