"""Plan reserves what is wanted and not held."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import few
from rooms import ESA, NASA, Room, at, moment, proven, tweet, whole, window

from collector.core.batches import BatchKind
from collector.core.errors import SourceUnavailable, StoreUnavailable
from collector.core.ranges import IdRange, Ranges
from collector.flow.plan import PlanRequest, plan
from collector.flow.publish import manifest_key


@pytest.fixture
def room():
    made = Room()
    made.follow(NASA, tweet(-10), tweet(-50))
    return made


def test_a_first_plan_reaches_from_the_baseline_to_what_has_settled(room):
    assert room.spans(room.plan()) == [(NASA, IdRange(at(-60), at(-1)))]


def test_a_plan_does_not_reach_beyond_its_window(room):
    batch = room.plan(-30, -15)
    assert room.spans(batch) == [(NASA, IdRange(at(-60), at(-15)))]
    assert batch.through_id == at(-15)


def test_a_retry_keeps_the_first_plan(room):
    first = room.plan()
    room.wait(5)
    room.follow(ESA)
    assert room.plan() == first
    assert room.spans(first) == [(NASA, IdRange(at(-60), at(-1)))]


def test_a_sealed_batch_is_planned_no_more(room):
    first = room.plan()
    room.fetch(first)
    assert room.plan() == room.batch(first)


def test_an_empty_window_is_a_batch_too(room):  # F47
    room.collect()
    batch = room.plan(-15, 0, BatchKind.LIVE, shard=3)
    assert room.spans(batch) == []
    assert not room.finish(batch).is_open
    assert room.manifest(batch).objects == ()


def test_a_closed_window_with_nothing_left_returns_its_batch(room):
    closed = room.collect(-30, -15)
    room.wait(60)
    assert room.asked() == [NASA]
    assert room.plan(-30, -15) == closed == room.collect(-30, -15)
    assert room.asked() == []


def test_a_closed_window_with_something_left_gets_the_next_number(room):
    room.source.always(NASA, SourceUnavailable("503"))
    first = room.collect(-30, -15)
    second = room.plan(-30, -15)
    assert (first.number, second.number) == (1, 2)
    assert second.batch_id == f"{first.batch_id}.2"
    assert room.spans(second) == [(NASA, IdRange(at(-60), at(-15)))]


def test_what_failed_is_planned_again_although_doubts_are_not_repeated(room):
    room.source.always(NASA, SourceUnavailable("503"))
    room.collect(-30, -15)
    request = PlanRequest(BatchKind.LIVE, window(-30, -15), repeats_doubts=False)
    assert plan(request, **room.closers, worker=room.worker).number == 2


def test_a_batch_is_made_at_a_whole_second_as_its_documents_say(room):
    room.clock.advance(timedelta(seconds=0.7))
    assert room.plan().created_at == moment(0)


def test_the_kind_is_a_label_and_no_part_of_the_lookup(room):
    live = room.plan(-30, -15)
    assert room.plan(-30, -15, BatchKind.BACKFILL) == live


def test_windows_that_start_together_share_their_numbers(room):
    first = room.collect(-15, -10)
    second = room.collect(-15, -5)
    assert [first.number, second.number] == [1, 2]
    assert first.window != second.window


def test_numbers_go_on_after_the_highest_known():
    room = Room()
    room.follow(NASA)
    room.collect(-15, -10)
    second = room.collect(-15, -9)
    with room.state.writing() as tx:
        lost = tx.batches_starting(second.window.start, 0)[0]
        tx.save_batch(replace(lost, number=5, batch_id="live-older", plan_id="older"))
    assert room.plan(-15, -5).number == 6


def test_a_paused_account_is_not_planned(room):
    room.follow(ESA, status="paused")
    assert {account_id for account_id, _ in room.spans(room.plan())} == {NASA}


@pytest.mark.parametrize("status", ["protected", "suspended", "not_found"])
def test_an_unreadable_account_is_planned_again(room, status):  # F13
    room.follow(NASA, status=status)
    assert room.spans(room.plan())


def test_a_plan_holds_the_accounts_of_its_shard_alone(room):
    room.follow(ESA, shard=1)
    assert {account_id for account_id, _ in room.spans(room.plan(shard=1))} == {ESA}


def _refuse(key, _body):
    message = f"cannot write {key}"
    raise StoreUnavailable(message)


requests = st.tuples(
    st.integers(-120, -1), st.integers(1, 60), st.sampled_from([BatchKind.LIVE, BatchKind.BACKFILL]), st.integers(0, 1)
)


@few
@given(st.lists(requests, min_size=2, max_size=6), st.integers(-100, -10))
def test_no_id_is_reserved_twice_whatever_the_shard_and_kind(wishes, baseline):  # F27, F44
    room = Room()
    room.follow(NASA, baseline=baseline)
    room.follow(ESA, baseline=baseline, shard=1)
    room.objects.create = _refuse
    for start, length, kind, shard in wishes:
        room.follow(NASA, baseline=baseline, shard=shard)
        room.plan(start, min(start + length, 0), kind, shard)
    with room.state.reading() as tx:
        reserved = tx.reserved()
    for some in reserved.values():
        assert sum(part.through - part.after for part in some) == sum(
            part.through - part.after for part in Ranges.of(some)
        )


@few
@given(st.lists(requests, min_size=1, max_size=6))
def test_planning_again_returns_the_same_batch(wishes):
    room = Room()
    room.follow(NASA)
    for start, length, kind, shard in wishes:
        planned = room.plan(start, start + length, kind, shard)
        room.wait(1)
        assert room.plan(start, start + length, kind, shard) == planned


def test_a_backfill_asks_for_its_window_less_what_is_held(room):  # F44
    room.collect(-15, 0)
    batch = room.backfill(-90, -30)
    assert room.spans(batch) == [(NASA, IdRange(at(-90), at(-60)))]
    assert batch.batch_id.startswith("backfill-")
    assert manifest_key(batch.batch_id) not in room.objects.bodies
    assert batch.window == window(-90, -30)


@pytest.mark.parametrize(
    ("repeats_doubts", "name"), [(True, "backfill-20261122T102000Z-s00.2"), (False, "backfill-20261122T102000Z-s00")]
)
def test_a_window_is_planned_again_for_its_doubts_only_when_asked(repeats_doubts, name):
    room = Room()
    room.follow(NASA, tweet(-2), tweet(-95), baseline=-10)
    room.collect()
    doubted = room.collect_backfill(-100, -90)
    assert room.reasons(doubted) == {NASA: "not_proven_yet"}
    request = PlanRequest(BatchKind.BACKFILL, window(-100, -90), repeats_doubts=repeats_doubts)
    assert plan(request, **room.closers, worker=room.worker).batch_id == name
    room.collect_backfill(-90, -10)
    settled = plan(request, **room.closers, worker=room.worker)
    room.finish(settled)
    assert proven(room) == whole(-100, -1)
