"""Leases: what every state store promises of the right to work on a batch: the fake, SQLite and Postgres."""

import time
from datetime import timedelta

import pytest
from state_values import batch

HOUR = timedelta(hours=1)


def held(state):
    with state.reading() as reader:
        return {batch_id: lease.worker for batch_id, lease in reader.leases().items()}


def take(state, batch_id, worker, term):
    with state.writing() as writer:
        writer.take_lease(batch_id, worker, term)


def test_a_lease_lasts_for_its_term_and_no_longer(state):
    assert held(state) == {}
    take(state, "a", "host:1", HOUR)
    take(state, "b", "host:2", timedelta(0))
    take(state, "c", "host:3", timedelta(days=-1))
    assert held(state) == {"a": "host:1"}


def test_a_renewed_lease_lasts_from_now_and_bears_the_newest_name(state):
    take(state, "a", "host:1", timedelta(0))
    take(state, "a", "host:1", HOUR)
    assert held(state) == {"a": "host:1"}
    with state.reading() as reader:
        before = reader.leases()["a"].expires_at
    time.sleep(0.001)
    take(state, "a", "host:2", 2 * HOUR)
    with state.reading() as reader:
        (lease,) = reader.leases().values()
    assert (lease.worker, lease.expires_at.utcoffset()) == ("host:2", timedelta(0))
    assert HOUR <= lease.expires_at - before < HOUR + timedelta(minutes=5)


def test_an_ended_lease_is_gone_and_may_be_ended_again(state):
    take(state, "a", "host:1", HOUR)
    take(state, "b", "host:1", HOUR)
    for _ in range(2):
        with state.writing() as writer:
            writer.end_lease("a")
            assert list(writer.leases()) == ["b"]
    assert held(state) == {"b": "host:1"}


def test_a_lease_is_taken_in_the_transaction_that_plans_its_batch_or_not_at_all(state):
    planned = batch()

    def plan_and_crash(writer):
        writer.open_batch(planned, [])
        writer.take_lease(planned.batch_id, "host:1", HOUR)
        raise KeyboardInterrupt  # F24

    with pytest.raises(KeyboardInterrupt), state.writing() as writer:
        plan_and_crash(writer)
    assert held(state) == {}
