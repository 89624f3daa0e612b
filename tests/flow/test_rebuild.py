"""Rebuild: the state follows from seals and manifests alone."""

from contextlib import contextmanager
from dataclasses import replace

import pytest
from crashing import Crash, Fuse, fused
from fakes.state import FakeState
from hypothesis import given
from hypothesis import strategies as st
from laws import few
from rooms import ESA, NASA, Room, assert_cursors_follow_from_coverage, at, moment, nothing_written, tweet, window

from collector.core.accounts import shard_of
from collector.core.batches import BatchKind
from collector.core.documents import encode_manifest, manifest_key, seal_key
from collector.core.errors import (
    ConfigError,
    ObjectMissing,
    RateLimited,
    SourceUnavailable,
    StateConflict,
    StoreUnavailable,
)
from collector.flow import views
from collector.flow.collect import collect
from collector.flow.plan import PlanRequest
from collector.flow.rebuild import rebuild

TWEETS = [tweet(-minutes, minutes % 3) for minutes in range(1, 180, 7)]


@pytest.fixture
def room():
    made = Room()
    made.follow(NASA, *TWEETS, baseline=-120)
    made.follow(ESA, tweet(-5, 9))
    return made


def told(room):
    """Return what a rebuild must tell as it was; of times, owners and batches only what documents hold."""
    with room.state.reading() as tx:
        accounts = [(one.account_id, one.username, one.status, one.baseline) for one in tx.accounts()]
        cursors = {account_id: (one.since_id, one.since_at) for account_id, one in tx.cursors().items()}
        batches = {
            (one.batch_id, one.plan_id, one.number, one.seal, one.through_id, one.failures, one.status)
            for one in tx.batches()
        }
        gaps = [(one.account.account_id, one.ids, one.reason) for one in views.gaps(state=room.state)]
        return accounts, cursors, tx.coverage(), batches, gaps, tx.last_seal(), tx.backfills(), tx.newest_planned()


def rebuilt(room):
    room.lose_state()
    return room.rebuild()


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


def test_what_is_published_is_not_read_again(room):
    room.collect()
    room.state, room.objects = FakeState(), Reads(room.objects)
    room.rebuild()
    assert {key.partition("/")[0] for key in room.objects.read_keys} == {"seals", "manifests"}


class Reads:
    """Objects that note which of them are read."""

    def __init__(self, objects):
        self._objects, self.read_keys = objects, []

    def read(self, key):
        self.read_keys.append(key)
        return self._objects.read(key)

    def __getattr__(self, name):
        return getattr(self._objects, name)


def test_an_object_rewritten_for_a_deletion_does_not_stop_a_rebuild(room):
    room.collect()
    before = told(room)
    key = room.csv_keys()[-1]
    header, _, *rest = room.objects.bodies[key].splitlines(keepends=True)
    room.objects.bodies[key] = b"".join([header, *rest])
    with nothing_written(room):
        rebuilt(room)
    assert told(room) == before


def test_a_missing_object_is_left_to_publish(room):
    batch = room.collect()
    before = dict(room.objects.bodies)
    del room.objects.bodies[room.csv_keys()[0]]
    with nothing_written(room):
        rebuilt(room)
    room.publish(room.seal(batch))
    assert room.objects.bodies == before


def test_an_unpublished_batch_that_lost_a_raw_part_is_named_with_it(room):
    room.collect(-30, -15)
    batch = room.plan()
    (part,) = room.fetch(batch).parts
    body = room.objects.bodies.pop(part)
    with pytest.raises(ObjectMissing, match=rf"batch {batch.batch_id} .*{part}") as raised:
        rebuilt(room)
    assert "restore" in raised.value.hint
    assert "\n" not in f"{raised.value}{raised.value.hint}"
    room.objects.bodies[part] = body
    assert room.rebuild().batches == 2
    assert room.damage() == []


def test_a_manifest_of_another_seal_is_a_conflict(room):
    manifest = room.manifest(room.collect())
    room.objects.bodies[manifest_key(manifest.batch.batch_id)] = encode_manifest(replace(manifest, seal=7))
    with pytest.raises(StateConflict, match=r"is of seal 7, not of seal 1"):
        rebuilt(room)


@pytest.fixture
def long_room(room):
    """A room with two published batches, and one that is only sealed."""
    room.collect(-30, -15)
    room.collect(-15, 0)
    room.wait(15)
    room.fetch(room.plan(0, 15))
    return room


def test_a_rebuild_that_broke_anywhere_goes_on_from_there(long_room):  # F24
    whole, at_effect = rebuilt(long_room), 0
    expected, breaks = told(long_room), 0
    while breaks == at_effect:
        at_effect += 1
        long_room.lose_state()
        try:
            broken_off(long_room, at_effect)
        except StoreUnavailable:
            breaks += 1
        assert long_room.rebuild() == whole
        assert told(long_room) == expected
    assert breaks > 10
    assert long_room.damage() == []


def broken_off(room, at_effect):
    ports = fused(room, Fuse(at_effect, no_answer))
    rebuild(state=ports.state, objects=ports.objects, press=ports.press, clock=ports.clock)


def no_answer():
    message = "the store does not answer"
    raise StoreUnavailable(message)


def test_a_rebuild_that_goes_on_does_not_begin_anew(long_room):
    long_room.lose_state()
    with pytest.raises(StoreUnavailable):
        broken_off(long_room, 12)
    with long_room.state.reading() as tx:
        restored = tx.last_seal()
    assert 0 < restored < 3
    long_room.objects = Reads(long_room.objects)
    long_room.rebuild()
    assert [seal_key(number) for number in range(1, restored)] not in long_room.objects.read_keys
    assert min(key for key in long_room.objects.read_keys if key.startswith("seals/")) == seal_key(restored)


def test_a_whole_state_is_rebuilt_to_what_it_is(room):
    room.collect()
    tables = room.state._tables
    with nothing_written(room):
        assert room.rebuild().batches == 1
    assert room.state._tables == tables


def test_a_state_of_another_log_is_not_rebuilt(room):
    other = Room()
    for one in (room, other):
        one.collect(-30, -15)
        one.collect(-15, 0)
    with pytest.raises(ConfigError, match="holds batches already"):
        rebuild(state=room.state, objects=other.objects, press=room.press, clock=room.clock)
    other.objects.bodies.clear()
    with pytest.raises(ConfigError, match="holds batches already"):
        rebuild(state=room.state, objects=other.objects, press=room.press, clock=room.clock)


@pytest.mark.parametrize("batches", [1, 4])
def test_accounts_are_read_once_however_many_batches(room, batches):
    for minutes in range(batches):
        room.collect(minutes - 10, minutes - 9)
    room.state = Counting()
    room.rebuild()
    assert room.state.accounts_read == 1


class Counting(FakeState):
    """A state that counts how often all accounts are read."""

    accounts_read = 0

    @contextmanager
    def reading(self):
        with super().reading() as tx:
            yield self._counted(tx)

    @contextmanager
    def writing(self):
        with super().writing() as tx:
            yield self._counted(tx)

    def _counted(self, tx):
        read = tx.accounts

        def accounts(shard=None):
            self.accounts_read += 1
            return read(shard)

        tx.accounts = accounts
        return tx


@pytest.mark.parametrize("name", ["", ".DS_Store", "zzz", "1.json", "9999999999.json.bak", "sub/0000000009.json"])
def test_objects_that_are_not_ours_do_not_stop_a_rebuild(room, name):
    room.collect()
    before = told(room)
    room.objects.bodies |= {f"seals/{name}": b"x", f"manifests/{name}": b"x"}
    with nothing_written(room):
        rebuilt(room)
    assert told(room) == before


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


def test_a_hole_in_the_log_is_a_conflict(room):
    for minutes in (0, 15, 30):
        room.collect(minutes, minutes + 15)
        room.wait(15)
    del room.objects.bodies[seal_key(2)]
    with pytest.raises(StateConflict, match=r"seal 2 is missing .* the log has a hole"):
        rebuilt(room)


@pytest.mark.parametrize("committed", [0, 1])
def test_a_state_in_use_is_not_rebuilt(room, committed):
    for _ in range(committed):
        room.collect(-30, -15)
    room.plan()
    with pytest.raises(ConfigError, match="holds batches already"):
        room.rebuild()


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
