"""Verify finds no damage where there is none while others work."""

import pytest
from crashing import Fuse, FusedObjects, FusedState
from rooms import NASA, Room, tweet

from collector.core.documents import manifest_key
from collector.flow.audit import Audit
from collector.flow.verify import verify


def room_in_use():
    room = Room()
    room.follow(NASA, tweet(-5), tweet(-15), tweet(3), tweet(7), baseline=-90)
    room.collect(-30, -10)
    room.collect(-10, 0)
    room.wait(15)
    return room


def verified(room: Room, fuse: Fuse) -> Audit:
    state, objects = FusedState(room, fuse), FusedObjects(room.objects, fuse)
    return verify(state=state, objects=objects, compression=room.press.compression)


def looks() -> range:
    fuse = Fuse()
    verified(room_in_use(), fuse)
    assert fuse.effects > 8
    return range(1, fuse.effects + 1)


def test_a_batch_that_is_collected_meanwhile_is_no_damage():
    for number in looks():
        room = room_in_use()
        audit = verified(room, Fuse(number, lambda room=room: room.collect(0, 15)))
        assert audit.problems == []


def test_a_batch_that_is_finished_meanwhile_is_no_damage():
    for number in looks():
        room = room_in_use()
        batch = room.plan(0, 15)
        room.fetch(batch)
        audit = verified(room, Fuse(number, lambda room=room, batch=batch: room.finish(batch)))
        assert audit.problems == []


@pytest.mark.parametrize("name", ["", "-001"])
def test_what_an_open_batch_has_published_so_far_is_no_damage(name):
    room = room_in_use()
    batch = room.plan(0, 15)
    key = room.publish(room.fetch(batch)).objects[0].key
    del room.objects.bodies[manifest_key(batch.batch_id)]
    room.objects.bodies[key.replace(".csv", f"{name}.csv")] = room.objects.bodies.pop(key)
    assert room.damage() == []
