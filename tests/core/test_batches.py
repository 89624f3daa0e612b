"""Batches: windows, names, and which failures are faults."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from collector.core.batches import Batch, BatchKind, BatchStatus, Failure, Window, batch_name
from collector.core.errors import ConfigError
from collector.core.ids import AccountId, TweetId

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
WINDOW = Window(NOON, NOON + timedelta(minutes=15))
moments = st.integers(0, 10**9).map(lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))


@pytest.mark.parametrize("length", [0, -1])
def test_a_window_ends_after_it_starts(length):
    with pytest.raises(ConfigError, match="2026-11-22T12:00:00Z"):
        Window(NOON, NOON + timedelta(seconds=length))


def test_the_first_batch_of_a_window_bears_no_number():
    assert batch_name(BatchKind.LIVE, WINDOW, 0, 1) == "live-20261122T120000Z-s00"
    assert batch_name(BatchKind.BACKFILL, WINDOW, 7, 2) == "backfill-20261122T120000Z-s07.2"


@laws
@given(st.lists(st.tuples(st.sampled_from(BatchKind), moments, st.integers(0, 99), st.integers(1, 99)), unique=True))
def test_different_batches_have_different_names(batches):
    names = [batch_name(kind, Window(at, at + timedelta(1)), *rest) for kind, at, *rest in batches]
    assert len(set(names)) == len(batches)


@pytest.mark.parametrize(("status", "is_open"), [("planned", True), ("sealed", True), ("committed", False)])
def test_a_batch_is_open_until_it_is_committed(status, is_open):
    batch = Batch("b", BatchKind.LIVE, WINDOW, 0, 1, "p", TweetId(1), NOON, BatchStatus(status))
    assert batch.is_open is is_open


@pytest.mark.parametrize(
    ("reason", "is_fault", "may_pass"),
    [
        ("outage", True, False),
        ("unproven", True, False),
        ("rate_limited", True, True),
        ("credits_exhausted", True, True),
        ("not_proven_yet", False, False),
        ("baseline_raised", False, False),
    ],
)
def test_a_statement_is_no_fault_and_a_limit_may_pass(reason, is_fault, may_pass):
    failure = Failure(AccountId(12), "nasa", reason, "")
    assert (failure.is_fault, failure.may_pass) == (is_fault, may_pass)
