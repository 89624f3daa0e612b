"""Verify finds seals and manifests that are missing, unreadable, or not ours, and holds one of them at a time."""

import gc

import pytest
from rooms import NASA, Room, tweet

from collector.core.documents import Manifest, Seal, manifest_key, seal_key
from collector.flow.verify import verify


@pytest.fixture
def room():
    made = Room()
    made.follow(NASA, tweet(-5), tweet(-15), baseline=-90)
    made.first = made.collect(-30, -10)
    made.second = made.collect(-10, 0)
    return made


def test_a_hole_in_the_log_is_found(room):
    del room.objects.bodies[seal_key(1)]
    assert room.damage() == [("hole_in_log", seal_key(1))]


def test_a_lost_end_of_the_log_is_found(room):
    del room.objects.bodies[seal_key(2)]
    assert room.damage() == [("hole_in_log", seal_key(2))]


@pytest.mark.parametrize("body", [b"{", b"{}", b"[]", b'"text"', b"\xff"])
def test_an_unreadable_seal_is_found(room, body):
    room.objects.bodies[seal_key(1)] = body
    assert room.damage() == [("unreadable", seal_key(1))]


@pytest.mark.parametrize("body", [b"{", b"{}", b"[]", b'"text"', b"\xff"])
def test_an_unreadable_manifest_is_found(room, body):
    key = manifest_key(room.first.batch_id)
    room.objects.bodies[key] = body
    kinds = {kind for kind, where in room.damage() if where == key}
    assert kinds == {"unreadable"}


def test_a_manifest_without_commit_is_found(room):  # F26
    room.wait(15)
    batch = room.plan(0, 15)
    room.publish(room.fetch(batch))
    key = manifest_key(batch.batch_id)
    assert ("manifest_without_commit", key) in room.damage()
    room.finish(batch)
    assert room.damage() == []


def test_a_missing_manifest_is_found(room):
    key = manifest_key(room.second.batch_id)
    object_key = room.manifest(room.second).objects[0].key
    del room.objects.bodies[key]
    damage = room.damage()
    assert ("missing_manifest", key) in damage
    assert ("object_not_listed", object_key) in damage


@pytest.mark.parametrize(
    "key",
    [
        *("seals/", "seals/.DS_Store", "seals/1.json", "seals/0000000001.json.bak", "seals/sub/0000000009.json"),
        *("manifests/", "manifests/.DS_Store", "manifests/notes.txt", "manifests/sub/x.json"),
    ],
)
def test_an_object_that_is_not_ours_is_found(room, key):
    room.objects.bodies[key] = b"x"
    assert room.damage() == [("foreign_object", key)]


def test_documents_are_read_one_at_a_time():
    room = Room()
    room.follow(NASA, tweet(-5), tweet(-15), baseline=-90)
    for minutes in range(-4, 0):
        room.collect(minutes, minutes + 1)
    watched = Watched(room.objects)
    verify(state=room.state, objects=watched, compression=room.press.compression)
    assert watched.most["seals"] <= 1
    assert watched.most["manifests"] <= 1
    assert watched.most["tweets"] <= 1


class Watched:
    """Objects that count, whenever one of them is read, how many seals and manifests are in memory."""

    def __init__(self, objects):
        self._objects, self._before, self.most = objects, _documents(), {}

    def read(self, key):
        folder = key.partition("/")[0]
        self.most[folder] = max(self.most.get(folder, 0), _documents() - self._before)
        return self._objects.read(key)

    def __getattr__(self, name):
        return getattr(self._objects, name)


def _documents():
    return sum(type(one) in {Seal, Manifest} for one in gc.get_objects())
