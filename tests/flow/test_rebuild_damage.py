"""Rebuild with what it may find: a state half filled, documents and objects lost, rewritten or not ours."""

from contextlib import contextmanager
from dataclasses import replace

import pytest
from crashing import Fuse, fused
from fakes.state import FakeState
from rebuilding import Reads, rebuilt, told
from rooms import ESA, NASA, Room, nothing_written, tweet

from collector.core.documents import encode_manifest, manifest_key, seal_key
from collector.core.errors import ConfigError, ObjectMissing, StateConflict, StoreUnavailable
from collector.flow.rebuild import rebuild


@pytest.fixture
def room():
    made = Room()
    made.follow(NASA, *(tweet(-minutes) for minutes in range(1, 100, 7)), baseline=-120)
    made.follow(ESA, tweet(-5, 9))
    return made


def test_what_is_published_is_not_read_again(room):
    room.collect()
    room.state, room.objects = FakeState(), Reads(room.objects)
    room.rebuild()
    assert {key.partition("/")[0] for key in room.objects.read_keys} == {"seals", "manifests"}


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


def test_a_manifest_of_another_plan_is_a_conflict(room):
    manifest = room.manifest(room.collect())
    strange = replace(manifest, batch=replace(manifest.batch, plan_id="another"))
    room.objects.bodies[manifest_key(manifest.batch.batch_id)] = encode_manifest(strange)
    with pytest.raises(StateConflict, match="names the same batch"):
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
