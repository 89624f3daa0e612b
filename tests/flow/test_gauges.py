"""Gauges: the numbers are true under failure, on SQLite and on Postgres. F60."""

from decimal import Decimal

import pytest
from fakes.clock import FakeClock
from rooms import ESA, JAXA, NASA, Room, moment, tweet

from collector.adapters.sql_state import SqlState
from collector.adapters.sql_state.migrations import upgrade
from collector.core.errors import CredentialsRefused, RateLimited, SourceUnavailable
from collector.core.money import Budget, Spend
from collector.flow import views
from collector.flow.gauges import gauges

TWEETS = 10


@pytest.fixture(params=["sqlite", "postgres"])
def room(request, tmp_path):
    """Two accounts, one with ten tweets, on a real database."""
    url = f"sqlite:///{tmp_path / 'state.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    else:
        upgrade(url)
    clock = FakeClock()
    made = Room(clock=clock, state=SqlState(url, clock))
    made.follow(NASA, *(tweet(-minutes) for minutes in range(2, 2 + TWEETS)), username="nasa")
    made.follow(ESA, username="esa")
    yield made
    made.state.close()


def told(room, **budget):
    """Return all gauges by name, after checking them against what the views tell."""
    reading = gauges(state=room.state, clock=room.clock, budget=Budget(**budget))
    found = {gauge.name: gauge.value for gauge in reading.gauges}
    status = views.status(state=room.state, clock=room.clock)
    lag = None if status.lag is None else status.lag.total_seconds()
    assert reading.read_at == room.clock.now()
    assert found.get("LagSeconds") == lag
    assert found["Gaps"] == len(views.gaps(state=room.state))
    assert (found["Rows"], found["OpenBatches"]) == (status.rows, status.open_batches)
    assert found["DollarsToday"] == status.spent.today.usd
    return found


def accounts(found):
    return tuple(found[name] for name in ("Accounts", "UnreadableAccounts", "AccountsWithGaps", "FailingAccounts"))


def test_a_collection_that_is_up_to_date_misses_nothing(room):
    room.collect()
    found = told(room)
    assert (found["LagSeconds"], found["Gaps"], found["OpenBatches"], found["Rows"]) == (60, 0, 0, TWEETS)
    assert accounts(found) == (2, 0, 0, 0)


def test_without_an_account_there_is_no_lag_rather_than_a_lag_of_zero():
    found = told(Room())
    assert "LagSeconds" not in found
    assert accounts(found) == (0, 0, 0, 0)


def test_without_an_active_account_there_is_no_lag(room):
    for account_id in (NASA, ESA):
        room.follow(account_id, status="paused")
    assert "LagSeconds" not in told(room)


def test_a_fault_counts_until_what_it_left_out_has_arrived(room):
    room.source.always(ESA, SourceUnavailable("503"))
    room.collect()
    assert accounts(told(room)) == (2, 0, 1, 1)
    room.wait(15)
    room.collect(0, 15)
    assert accounts(told(room)) == (2, 0, 1, 1)
    room.source.always(ESA, None)
    room.wait(15)
    room.collect(15, 30)
    assert accounts(told(room)) == (2, 0, 0, 0)


def test_lag_grows_while_one_account_fails_and_others_do_not(room):
    room.collect()
    room.source.always(ESA, SourceUnavailable("503"))
    for minutes in (15, 30):
        room.wait(15)
        room.collect(minutes - 15, minutes)
        assert told(room)["LagSeconds"] == 60 * (minutes + 1)


@pytest.mark.parametrize("error", [CredentialsRefused("401"), RateLimited("429", reset_at=moment(15))])
def test_what_ends_all_asking_is_a_fault_of_every_account(error, room):
    room.source.always(ESA, error)
    room.source.always(NASA, error)
    room.collect()
    assert accounts(told(room)) == (2, 0, 2, 2)


def test_an_account_that_cannot_be_read_is_no_fault_of_ours(room):
    room.source.hide(ESA, "protected")
    room.collect()
    assert accounts(told(room)) == (2, 1, 1, 0)


def test_what_is_not_asked_yet_is_a_gap_and_no_fault(room):
    room.plan()
    found = told(room)
    assert (found["OpenBatches"], found["Gaps"]) == (1, 2)
    assert accounts(found) == (2, 0, 2, 0)


def test_what_x_no_longer_lists_is_a_gap_and_no_fault_that_could_pass(room):
    room.source.horizon, room.source.provable = 6, 4
    room.collect(-30, -11)
    room.collect(-11, 0)
    found = told(room)
    assert found["LagSeconds"] > 600
    assert accounts(found) == (2, 0, 1, 0)


def test_a_paused_account_is_not_counted(room):
    room.source.always(ESA, SourceUnavailable("503"))
    room.collect()
    room.follow(ESA, username="esa", status="paused")
    room.follow(JAXA, status="paused")
    assert accounts(told(room)) == (1, 0, 0, 0)


def test_money_is_what_x_may_bill_of_the_utc_day_and_month(room):
    yesterday = moment(-24 * 60).date()
    with room.state.writing() as tx:
        tx.add_spend(yesterday, Spend(tweets_settled=1000))
        tx.add_spend(room.clock.now().date(), Spend(tweets_reserved=100, tweets_settled=40, users_settled=3))
    found = told(room)
    assert found["TweetsReadToday"] == 140
    assert (found["DollarsToday"], found["DollarsThisMonth"]) == (Decimal("0.73"), Decimal("5.73"))
    assert {"DayBudgetPercent", "MonthBudgetPercent"} & set(found) == set()


def test_a_share_of_a_budget_is_told_where_it_is_set(room):
    with room.state.writing() as tx:
        tx.add_spend(room.clock.now().date(), Spend(tweets_settled=150))
    found = told(room, tweets_per_day=100, usd_per_month=Decimal(3))
    assert (found["DayBudgetPercent"], found["MonthBudgetPercent"]) == (150, 25)


def test_telling_the_numbers_changes_nothing(room):
    room.source.always(ESA, SourceUnavailable("503"))
    room.collect()
    assert told(room) == told(room)
