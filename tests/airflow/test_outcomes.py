"""What an error of the collector means to Airflow."""

from datetime import UTC, datetime, timedelta

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowRescheduleException

from collector.airflow.outcomes import failure_table, outcomes, refuse_closed, refuse_faults
from collector.core.batches import Batch, BatchKind, Failure, Window
from collector.core.errors import (
    BudgetExhausted,
    ConfigError,
    CredentialsRefused,
    CreditsExhausted,
    RateLimited,
    SourceUnavailable,
    StateConflict,
    StateUnavailable,
    StoreRefused,
    StoreUnavailable,
)
from collector.core.ids import TweetId

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NAME = "live-20261122T120000Z-s00"
DOWN, WRONG, LIMITED = "it is down", "it is wrong", "used up"


def batch(*failures):
    window = Window(NOON, NOON + timedelta(minutes=15))
    return Batch(NAME, BatchKind.LIVE, window, 0, 1, "plan", TweetId(9), NOON, failures=failures)


# F7 F8
def test_a_rate_limit_waits_for_the_reset():
    with pytest.raises(AirflowRescheduleException) as raised, outcomes():
        raise RateLimited(LIMITED, reset_at=NOON)
    assert NOON < raised.value.reschedule_date <= NOON + timedelta(seconds=5)


@pytest.mark.parametrize("error", [StoreUnavailable, StateUnavailable, SourceUnavailable])
def test_an_outage_is_tried_again(error):
    with pytest.raises(AirflowException, match="it is down") as raised, outcomes():
        raise error(DOWN)
    assert not isinstance(raised.value, AirflowFailException)


@pytest.mark.parametrize(
    "error", [ConfigError, CredentialsRefused, CreditsExhausted, BudgetExhausted, StateConflict, StoreRefused]
)
def test_what_no_time_mends_fails_at_once_and_says_what_to_do(error):
    with pytest.raises(AirflowFailException, match=r"it is wrong \(mend it\)"), outcomes():
        raise error(WRONG, hint="mend it")


def test_a_fault_of_ours_is_left_as_it_is():
    with pytest.raises(ZeroDivisionError), outcomes():
        _ = 1 / 0


@pytest.mark.parametrize("kind", [CredentialsRefused, CreditsExhausted, BudgetExhausted])
def test_a_batch_whose_asking_ended_fails_the_fetch(kind):
    refused = Failure(12, "nasa", kind.reason, "there is no more to have")
    with pytest.raises(AirflowFailException, match="there is no more to have"):
        refuse_closed(batch(refused))


# F5
def test_one_account_that_fails_does_not_fail_the_fetch():
    refuse_closed(batch(Failure(12, "nasa", "outage", "503"), Failure(7, "esa", "protected", "it is protected")))


# F4
def test_an_outage_is_left_to_the_check():
    refuse_closed(batch(Failure(12, "nasa", "outage", "503"), Failure(None, "(40 accounts)", "outage", "503")))


def test_faults_fail_the_check_with_a_table():
    failures = Failure(12, "nasa", "outage", "X answered 503"), Failure(7, "esa_long_name", "protected", "hidden")
    with pytest.raises(AirflowFailException) as raised:
        refuse_faults(NAME, failures)
    assert str(raised.value).splitlines() == [
        "batch live-20261122T120000Z-s00 is not complete:",
        "  account        reason     what happened",
        "  nasa           outage     X answered 503",
        "  esa_long_name  protected  hidden",
    ]


def test_a_batch_without_faults_passes_the_check():
    refuse_faults(NAME, [])


def test_a_long_table_is_cut_and_says_so():
    lines = failure_table([Failure(one, f"user{one}", "outage", "503") for one in range(1000)]).splitlines()
    assert len(lines) == 52
    assert lines[-1] == "  ... and 950 more: collector batches --json"
