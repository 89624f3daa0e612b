"""Plan reserves what is wanted and not held."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import few
from rooms import ESA, NASA, Room, assert_once, at, proven, tweet, whole, window

from collector.core.batches import BatchKind
from collector.core.errors import SourceUnavailable, StoreUnavailable
from collector.core.ranges import IdRange, Ranges
from collector.flow.plan import PlanRequest, plan
from collector.flow.publish import manifest_key
from collector.flow.views import gaps


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


def test_a_plan_first_closes_what_was_abandoned(room):  # F24
    abandoned = room.plan(-30, -15)
    batch = room.plan(-15, 0)
    assert not room.batch(abandoned).is_open
    assert room.reasons(abandoned) == {NASA: "interrupted"}
    assert room.spans(batch) == [(NASA, IdRange(at(-60), at(-1)))]


def test_what_an_abandoned_batch_has_landed_is_published(room):
    abandoned = room.plan(-30, -15)
    room.source.script(NASA, None, RuntimeError("killed"))
    room.set(part_bytes=1)
    room.source.page_size = 1
    room.source.post(NASA, tweet(-20))
    with pytest.raises(RuntimeError):
        room.fetch(abandoned)
    batch = room.plan(-15, 0)
    assert_once(room, tweet(-20))
    assert room.spans(batch) == [(NASA, IdRange(at(-60), tweet(-20) - 1)), (NASA, IdRange(at(-15), at(-1)))]


def test_an_open_batch_of_other_accounts_is_left_alone(room):
    room.follow(ESA, shard=1)
    other = room.plan(shard=1)
    room.plan(-15, 0)
    room.plan(-20, 0)
    assert room.batch(other).is_open


def test_an_abandoned_batch_that_holds_nothing_is_closed_too(room):
    room.collect()
    empty = room.plan(-15, -14)
    assert room.spans(empty) == []
    room.plan(-15, 15)
    assert not room.batch(empty).is_open


def test_a_close_that_fails_does_not_stop_the_plan_and_keeps_what_it_reserved(room):
    stuck = room.plan(-30, -15)
    create, room.objects.create = room.objects.create, _refuse
    batch = room.plan(-15, 0)
    room.objects.create = create
    assert room.batch(stuck).is_open
    assert room.spans(stuck) == [(NASA, IdRange(at(-60), at(-15)))]
    assert room.spans(batch) == [(NASA, IdRange(at(-15), at(-1)))]
    room.finish(batch)
    room.close(stuck)
    assert room.verify().ok


def _refuse(key, _body):
    message = f"cannot write {key}"
    raise StoreUnavailable(message)


def test_a_damaged_raw_part_is_named_left_out_and_fetched_again(room, events):
    room.set(part_bytes=1)
    stuck = room.plan(-30, -15)
    room.source.script(NASA, RuntimeError("killed"))
    with pytest.raises(RuntimeError):
        room.fetch(stuck)
    part = f"raw/{stuck.batch_id}/20261122T120000.000000Z-1.ndjson.gz"
    room.objects.bodies[part] = b"damaged"
    room.finish(room.plan(-15, 0))
    assert not room.batch(stuck).is_open
    assert any(one["event"] == "part.damaged" and one["key"] == part for one in events)
    assert not gaps(state=room.state)


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
