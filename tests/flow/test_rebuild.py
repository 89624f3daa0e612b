"""Rebuild: the state follows from seals and manifests alone."""

import pytest
from crashing import Crash, Fuse, fused
from fakes.state import FakeState
from hypothesis import given
from hypothesis import strategies as st
from laws import few
from rebuilding import rebuilt, told
from rooms import ESA, NASA, Room, assert_cursors_follow_from_coverage, at, moment, nothing_written, tweet, window

from collector.core.accounts import shard_of
from collector.core.batches import BatchKind
from collector.core.documents import manifest_key
from collector.core.errors import RateLimited, SourceUnavailable, StateConflict
from collector.flow.collect import collect
from collector.flow.plan import PlanRequest

TWEETS = [tweet(-minutes, minutes % 3) for minutes in range(1, 180, 7)]


@pytest.fixture
def room():
    made = Room()
    made.follow(NASA, *TWEETS, baseline=-120)
    made.follow(ESA, tweet(-5, 9))
    return made


def test_a_rebuild_counts_what_it_found(room):
    room.collect()
    room.collect_backfill(-180, -120)
    found = rebuilt(room)
    assert (found.batches, found.accounts, found.rows) == (2, 2, len([one for one in TWEETS if one <= at(-1)]) + 1)


trouble = st.sampled_from(
    [None, None, SourceUnavailable("503"), RateLimited("429", reset_at=moment(0)), "protected", "crash", "horizon"]
)
steps = st.tuples(
    st.integers(-170, -1), st.integers(1, 90), st.sampled_from([BatchKind.LIVE, BatchKind.BACKFILL]), trouble
)


@few
@given(st.lists(steps, min_size=1, max_size=6), st.integers(1, 40))
def test_any_history_is_rebuilt_as_it_was(history, crash_at):  # F32
    room = Room()
    room.follow(NASA, *TWEETS, baseline=-120)
    for start, length, kind, fault in history:
        _live_through(room, PlanRequest(kind, window(start, start + length)), fault, crash_at)
    room.collect(-1, 0)
    assert_cursors_follow_from_coverage(room)
    before = told(room)
    with nothing_written(room):
        rebuilt(room)
    assert told(room) == before
    assert_cursors_follow_from_coverage(room)
    assert room.damage() == []


def _live_through(room, request, fault, crash_at):
    if isinstance(fault, Exception):
        room.source.script(NASA, None, fault)
    if fault == "protected":
        room.source.hide(NASA, fault)
    if fault == "horizon":
        room.source.horizon, room.source.provable = 6, 4
    try:
        collect(request, fused(room, Fuse(crash_at if fault == "crash" else None)))
    except Crash:
        room.wait(1)
    room.source.show(NASA)
    room.source._scripts.clear()


def test_a_rebuilt_state_goes_on_where_the_lost_one_was(room):  # F32
    first = room.collect(-30, -15)
    rebuilt(room)
    room.asked()
    assert room.collect(-30, -15).batch_id == first.batch_id
    assert room.asked() == []
    second = room.collect(-15, 0)
    assert (second.number, second.seal) == (1, 2)
    assert room.damage() == []


def test_numbers_of_a_window_go_on_after_a_rebuild(room):
    room.source.always(NASA, SourceUnavailable("503"))
    room.collect(-30, -15)
    rebuilt(room)
    room.source.always(NASA, None)
    assert room.collect(-30, -15).batch_id.endswith("-s00.2")


def test_a_seal_that_was_not_published_is_published(room):  # F24
    batch = room.plan()
    room.fetch(batch)
    rebuilt(room)
    assert manifest_key(batch.batch_id) in room.objects.bodies
    assert not room.batch(batch).is_open
    assert room.damage() == []


def test_a_batch_that_landed_and_was_not_sealed_is_forgotten_and_asked_again(room):
    room.set(part_bytes=1)
    batch = room.plan()
    room.source.script(NASA, None, RuntimeError("killed"))
    with pytest.raises(RuntimeError):
        room.fetch(batch)
    rebuilt(room)
    room.follow(NASA, baseline=-120)
    room.follow(ESA)
    room.collect()
    assert room.damage() == []
    assert set(room.published().values()) == {1}
    assert len(room.published()) == len([one for one in TWEETS if at(-120) < one <= at(-1)]) + 1


def test_a_raised_baseline_survives(room):  # F3
    room.source.horizon, room.source.provable = 6, 4
    room.collect()
    before = room.account(NASA).baseline
    rebuilt(room)
    assert room.account(NASA).baseline == before > at(-120)


def test_the_newest_username_and_status_survive(room):  # F13, F14
    room.collect()
    room.follow(NASA, username="renamed", baseline=-120)
    room.source.hide(ESA, "suspended")
    room.wait(15)
    room.collect(0, 15)
    rebuilt(room)
    assert room.account(NASA).username == "renamed"
    assert room.account(ESA).status == "suspended"


def test_an_empty_prefix_rebuilds_an_empty_state():
    room = Room()
    found = room.rebuild()
    assert (found.batches, found.accounts, found.rows) == (0, 0, 0)


def test_accounts_spread_over_the_shards_they_are_rebuilt_for(room):
    room.collect()
    room.lose_state()
    room.rebuild(shards=8)
    with room.state.reading() as tx:
        shards = {account.account_id: account.shard for account in tx.accounts()}
    assert shards == {one: shard_of(one, 8) for one in (NASA, ESA)}


def test_an_old_state_is_refused_until_it_is_rebuilt(room):  # F32
    room.collect()
    backup = room.state._tables.copy()
    room.wait(15)
    room.collect(0, 15)
    room.state = FakeState()
    room.state._tables = backup
    room.asked()
    with pytest.raises(StateConflict, match="never planned"):
        room.collect(0, 15)
    assert room.asked() == []
    rebuilt(room)
    room.collect(15, 16)
    assert room.damage() == []
