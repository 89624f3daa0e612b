"""Leases: who works is left to work, who is gone is closed, and losing a lease costs work, never truth."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from fakes.state import FakeState
from fakes.worker import FakeWorker
from rooms import EIGHT, ESA, NASA, Room, assert_once, at, room_of, tweet

from collector.core.errors import StateUnavailable
from collector.core.ranges import IdRange
from collector.flow import fetch as fetching
from collector.flow.collect import finish

MINUTE = timedelta(minutes=1)


@pytest.fixture
def other(room):
    """The same room as another worker sees it."""
    return replace(room, worker=FakeWorker("other"))


class CountedState(FakeState):
    """A state that counts its transactions, and refuses to be written as often as it is told to."""

    reads = writes = refusals = 0

    @contextmanager
    def reading(self):
        self.reads += 1
        with super().reading() as tx:
            yield tx

    @contextmanager
    def writing(self):
        self.writes += 1
        if self.refusals:
            self.refusals -= 1
            message = "the database is down"
            raise StateUnavailable(message)
        with super().writing() as tx:
            yield tx


def counted(room):
    state = CountedState(room.clock)
    state._tables = room.state._tables
    room.state = state
    return state


def leases(room):
    with room.state.reading() as tx:
        return {batch_id: lease.worker for batch_id, lease in tx.leases().items()}


def expiries(room):
    with room.state.reading() as tx:
        return [lease.expires_at - room.clock.now() for lease in tx.leases().values()]


def before_page(room, number, act):
    """Let something happen before the source is asked for its page number so and so, counted from 1."""
    answer, told = room.source.page, []

    def told_then_answered(ask):
        told.append(ask)
        if len(told) == number:
            act()
        return answer(ask)

    room.source.page = told_then_answered


def slowly(room, each):
    answer = room.source.page

    def waited(ask):
        room.clock.advance(each)
        return answer(ask)

    room.source.page = waited


def test_a_batch_that_somebody_works_on_is_left_open_and_keeps_its_spans(room, other, events):
    held = room.plan(-30, -15)
    batch = other.plan(-15, 0)
    assert room.batch(held).is_open
    assert room.spans(held) == [(NASA, IdRange(at(-60), at(-15)))]
    assert room.spans(batch) == [(NASA, IdRange(at(-15), at(-1)))]
    left = [one for one in events if one["event"] == "batch.left_open"]
    assert left == [
        {"event": "batch.left_open", "batch_id": held.batch_id, "worker": "worker", "log_level": "info"},
    ]


def test_a_batch_that_holds_nothing_is_left_open_too_while_somebody_works_on_it(room, other):
    room.collect()
    empty = room.plan(-15, -14)
    other.plan(-15, 15)
    assert room.batch(empty).is_open
    assert room.spans(empty) == []


def test_a_batch_whose_worker_is_gone_is_closed_by_the_next_plan(room, other):  # F24
    held = room.plan(-30, -15)
    other.worker.gone.add("worker")
    batch = other.plan(-15, 0)
    assert not room.batch(held).is_open
    assert room.spans(batch) == [(NASA, IdRange(at(-60), at(-1)))]


def test_a_batch_whose_lease_has_expired_is_closed_by_the_next_plan(room, other):
    held = room.plan(-30, -15)
    room.clock.advance(room.worker.term - timedelta(microseconds=1))
    other.plan(-15, 0)
    assert room.batch(held).is_open
    room.clock.advance(timedelta(microseconds=1))
    other.plan(-15, 5)
    assert not room.batch(held).is_open


def test_a_worker_closes_what_it_left_open_itself(room):
    held = room.plan(-30, -15)
    room.plan(-15, 0)
    assert not room.batch(held).is_open


def test_planning_again_renews_the_lease_and_takes_it_over(room, other):
    batch = room.plan()
    room.clock.advance(MINUTE)
    room.plan()
    assert (leases(room), expiries(room)) == ({batch.batch_id: "worker"}, [2 * MINUTE])
    assert other.plan() == batch
    assert leases(room) == {batch.batch_id: "other"}


def test_a_sealed_batch_keeps_its_lease_and_a_committed_one_has_none(room):
    batch = room.plan()
    manifest = room.publish(room.fetch(batch))
    assert leases(room) == {batch.batch_id: "worker"}
    room.commit(manifest)
    assert room.state._tables.leases == {}
    room.fetch(batch)
    room.plan()
    assert room.state._tables.leases == {}


def test_after_a_fetch_there_is_a_whole_term_to_publish_in(room):
    batch = room.plan()
    slowly(room, timedelta(seconds=5))
    room.fetch(batch)
    assert expiries(room) == [2 * MINUTE]


def test_a_fetch_takes_the_lease_before_it_asks(room, other):
    batch = room.plan()
    room.clock.advance(10 * MINUTE)
    assert leases(room) == {}
    before_page(room, 1, lambda: seen.update(leases(room)))
    seen = {}
    other.fetch(batch)
    assert seen == {batch.batch_id: "other"}


def test_a_fetch_that_takes_long_keeps_its_lease(room, other):
    batch = room.plan(-60, -15)
    room.follow(NASA, *(tweet(-minutes) for minutes in range(16, 59)))
    slowly(room, MINUTE)
    planned = []
    before_page(room, 9, lambda: planned.append(other.plan(-15, 0)))
    room.fetch(batch)
    assert len(room.asked()) > 9
    assert room.batch(batch).failures == ()
    assert room.spans(planned[0]) == [(NASA, IdRange(at(-15), at(0)))]


def test_a_lease_is_renewed_once_in_a_quarter_of_its_term(room):
    room.source.post(NASA, *(tweet(-10, number) for number in range(22)))
    batch = room.plan()
    state = counted(room)
    slowly(room, timedelta(seconds=10))
    room.fetch(batch)
    assert len(room.asked()) == 10
    assert state.writes == 3 + 3  # what every fetch takes, and one for every thirty of its hundred seconds


def test_a_fetch_without_delay_costs_the_state_what_it_did_without_leases():
    room = room_of(60)
    batch = room.plan()
    state = counted(room)
    room.fetch(batch)
    assert len(room.asked()) == 60
    assert (state.reads, state.writes) == (5, 3)


def test_a_worker_that_wakes_up_after_its_batch_was_closed_asks_no_more(room, other):  # F28 F46
    room.set(part_bytes=1)
    batch = room.plan()
    closed = []

    def be_late():
        room.clock.advance(3 * MINUTE)
        closed.append(other.collect(0, 15))

    before_page(room, 2, be_late)
    assert not finish(batch.batch_id, room.ports).is_open
    assert [ask.ids.through for ask in room.source.asks] == [at(-1), at(2), EIGHT[2] - 1, EIGHT[2] - 1, at(-1)]
    assert room.batch(batch).seal == 1
    assert room.reasons(batch) == {NASA: "interrupted"}
    assert_once(room, *EIGHT)
    assert room.damage() == []
    assert leases(room) == {}


def test_a_worker_that_wakes_up_after_its_batch_was_sealed_returns_the_seal_that_stands(room, other, events):
    room.set(part_bytes=1)
    batch = room.plan()
    stands = []

    def be_late():
        room.clock.advance(3 * MINUTE)
        stands.append(other.fetch(batch))

    before_page(room, 2, be_late)
    sealed = room.fetch(batch)
    assert sealed == stands[0]
    assert len(room.asked()) == 2 + 2
    assert [one["batch_id"] for one in events if one["event"] == "batch.lost"] == [batch.batch_id]


def test_a_batch_sealed_between_the_first_look_and_the_lease_is_not_asked_for(room, other, monkeypatch):
    batch = room.plan()
    works = fetching._works

    def works_while_another_seals(*found):
        monkeypatch.setattr(fetching, "_works", works)
        other.fetch(batch)
        room.asked()
        return works(*found)

    monkeypatch.setattr(fetching, "_works", works_while_another_seals)
    assert room.fetch(batch) == room.seal(batch)
    assert room.asked() == []


def test_a_lost_lease_stops_all_threads():  # F27
    room = room_of(8, concurrency=4)
    room.source.page_size = 1
    for number in range(1, 9):
        room.source.post(number, *(tweet(-minutes, number) for minutes in (6, 7, 8)))
    batch = room.plan()
    other = replace(room, worker=FakeWorker("other"))

    def be_late():
        room.clock.advance(3 * MINUTE)
        other.close(batch)

    answer, all_ask = room.source.page, Barrier(4, be_late)

    def together(ask):
        all_ask.wait(20)
        return answer(ask)

    room.source.page = together
    room.fetch(batch)
    assert len(room.asked()) == 4  # what was on its way


def test_a_state_that_does_not_answer_meanwhile_does_not_stop_the_asking(room, events):  # F26
    batch = room.plan()
    state = counted(room)
    slowly(room, MINUTE)
    before_page(room, 1, lambda: setattr(state, "refusals", 1))
    room.finish(batch)
    assert_once(room, *EIGHT)
    assert [one["batch_id"] for one in events if one["event"] == "lease.not_renewed"] == [batch.batch_id]


def test_two_backfills_and_a_live_batch_at_once_do_not_close_each_other():
    shared = Room()
    shared.set(part_bytes=1)
    everything = [tweet(-minutes) for minutes in range(2, 120, 3)]
    for account_id in (NASA, ESA):
        shared.follow(account_id, *(one + account_id for one in everything), baseline=-30)
    slowly(shared, timedelta(seconds=10))
    live, one, two = (replace(shared, worker=FakeWorker(name)) for name in ("live", "one", "two"))
    works = [(live, live.plan(-30, 0)), (one, one.backfill(-80, -30)), (two, two.backfill(-120, -60))]
    two_of_each = [(room, batch) for room, batch in works for _ in range(2)]
    for room, batch in two_of_each:
        room.fetch(batch)
        assert shared.batch(batch).failures == ()
    for room, batch in works:
        room.finish(batch)
    batches = [shared.batch(batch) for _, batch in works]
    assert [batch.number for batch in batches] == [1, 1, 1]
    assert shared.damage() == []
    assert_once(shared, *(id_ + account_id for id_ in everything for account_id in (NASA, ESA)))
