"""The overview: which accounts a page shows, in which order, and what it cost."""

from datetime import timedelta
from decimal import Decimal

import pytest
from collection import Collection
from fakes.clock import FakeClock
from fakes.state import FakeState

from collector.core.accounts import AccountStatus
from collector.core.money import Budget
from collector.flow import views
from collector.flow.overview import NEWEST_BATCHES, PAGE_SIZE, Choice, Sort, overview, snapshot


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def collection(clock):
    return Collection(FakeState(), clock.now())


@pytest.fixture
def see(collection, clock):
    """Return the overview of a choice."""
    return lambda choice=None, **budget: overview(
        choice or Choice(), snapshot(state=collection.state, clock=clock), Budget(**budget)
    )


def names(view):
    return [account.row.account.username for account in view.accounts]


def test_the_overview_tells_what_the_views_tell(see, collection, clock):
    collection.follow("nasa", 1, gaps=[(3, 2)])
    collection.follow("esa", 2, until=20)
    batch = collection.collect(0)
    view = see()
    state = collection.state
    assert [account.row for account in view.accounts] == views.cursors(state=state, clock=clock)
    assert [gap for account in view.accounts for gap in account.gaps] == views.gaps(state=state)
    assert view.status == views.status(state=state, clock=clock)
    assert view.batches == [batch]
    assert view.with_gaps == 2


def test_a_paused_account_wants_nothing_and_misses_nothing(see, collection):
    collection.follow("nasa", 1, status="paused", until=20)
    collection.collect(0)
    (account,) = see().accounts
    assert (list(account.wanted), list(account.gaps)) == ([], [])


def test_what_is_wanted_holds_every_gap(see, collection):
    collection.follow("nasa", 1, gaps=[(3, 2)])
    collection.collect(0)
    collection.collect(40, kind="backfill", of=timedelta(hours=2))
    (account,) = see().accounts
    assert len(account.gaps) == 2
    assert list(account.wanted.minus(gap.ids for gap in account.gaps).minus(account.wanted)) == []
    assert all(list(account.wanted.within([gap.ids])) == [gap.ids] for gap in account.gaps)


def test_equal_accounts_stay_in_order_of_username_whichever_way_they_are_sorted(see, collection):
    for number, name in enumerate(("c", "a", "b")):
        collection.follow(name, number + 1)
    for is_descending in (False, True):
        for sort in (Sort.GAPS, Sort.LAG, Sort.STATUS):
            assert names(see(Choice(sort=sort, is_descending=is_descending))) == ["a", "b", "c"]


def test_a_filter_and_a_page_work_together(see, collection):
    for number in range(PAGE_SIZE + 2):
        collection.follow(f"A{number:03}", number + 1)
    collection.follow("other", 9999, status="suspended")
    view = see(Choice(username="a0", page=2))
    assert (names(view), view.found, view.pages) == ([f"A0{PAGE_SIZE}", f"A0{PAGE_SIZE + 1}"], PAGE_SIZE + 2, 2)
    assert names(see(Choice(status=AccountStatus.SUSPENDED))) == ["other"]


@pytest.mark.parametrize(("asked", "shown"), [(-1, 1), (0, 1), (2, 2), (3, 2), (10**9, 2)])
def test_a_page_that_there_is_not_is_the_nearest_one(asked, shown, see, collection):
    for number in range(PAGE_SIZE + 1):
        collection.follow(f"user{number}", number + 1)
    assert see(Choice(page=asked)).choice.page == shown


def test_no_account_is_one_empty_page(see):
    view = see(Choice(page=3))
    assert (view.found, view.pages, view.choice.page, list(view.accounts)) == (0, 1, 1, [])


def test_only_the_newest_batches_are_told(see, collection):
    made = [collection.collect(hours) for hours in range(NEWEST_BATCHES + 3, 0, -1)]
    assert see().batches == made[: -NEWEST_BATCHES - 1 : -1]


def test_cost_is_what_is_spent_of_the_utc_day_and_month(see, collection):
    for hours, tweets in ((0, 1), (11.9, 10), (12.1, 100), (21 * 24 + 11.9, 1000), (22 * 24, 10000)):
        collection.spend(hours, tweets, users=1)
    view = see()
    assert (view.today.reads.tweets, view.today.reads.usd) == (11, Decimal("0.075"))
    assert (view.month.reads.tweets, view.month.reads.users) == (1111, 4)


@pytest.mark.parametrize(("limit", "share"), [(None, None), (100, Decimal("0.5")), (25, Decimal(2)), (0, Decimal(1))])
def test_cost_is_a_share_of_the_budget(limit, share, see, collection):
    collection.spend(0, 20, reserved=30)
    assert see(tweets_per_day=limit).today.share == share
    assert see(usd_per_month=None if limit is None else limit * Decimal("0.005")).month.share == share


def test_reasons_are_not_read_when_nothing_is_missing(see, collection, monkeypatch):
    collection.follow("nasa", 1)
    monkeypatch.setattr("collector.flow.overview.known_reasons", None)
    assert see().status.gaps == 0
