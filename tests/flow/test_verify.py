"""Verify finds each kind of damage, and nothing else."""

from dataclasses import replace
from hashlib import sha256

import pytest
from rooms import ESA, NASA, Room, at, nothing_written, tweet

from collector.core.coverage import Coverage, Covered, Evidence
from collector.core.documents import Recipe, encode_manifest, manifest_key
from collector.core.errors import SourceUnavailable
from collector.core.ranges import IdRange
from collector.core.rows import HEADER
from collector.flow.verify import verify

NASAS = [tweet(-minutes) for minutes in (5, 15, 70)]
ESAS = [tweet(-8)]


def room_with(compression):
    room = Room()
    room.set(recipe=Recipe(csv_version=1, compression=compression, newlines="escape"))
    room.follow(NASA, *NASAS, baseline=-90)
    room.follow(ESA, *ESAS, baseline=-90)
    room.first = room.collect(-30, -10)
    room.second = room.collect(-10, 0)
    return room


@pytest.fixture
def room():
    return room_with("none")


def put(room, key, body):
    """Put other bytes in the place of an object, and let its manifest know them: the checksum is right."""
    room.objects.bodies[key] = body
    batch = room.first if room.first.batch_id in key else room.second
    manifest = room.manifest(batch)
    changed = [_described(one, body) if one.key == key else one for one in manifest.objects]
    save(room, replace(manifest, objects=tuple(changed)))


def _described(one, body):
    return replace(one, bytes=len(body), sha256=sha256(body).hexdigest())


def save(room, manifest):
    room.objects.bodies[manifest_key(manifest.batch.batch_id)] = encode_manifest(manifest)


def key_of(room, batch, number=0):
    return room.manifest(batch).objects[number].key


def line_of(room, tweet_id):
    lines = [line for key in room.csv_keys() for line in room.csv(key).splitlines(keepends=True)]
    return next(line for line in lines if line.startswith(b"%d," % tweet_id))


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_healthy_prefix_has_no_problem_and_is_not_touched(compression):
    room = room_with(compression)
    with nothing_written(room):
        audit = room.verify()
    assert (audit.ok, audit.problems) == (True, [])
    assert (audit.batches, audit.objects, audit.rows) == (2, 3, 4)


def test_an_empty_prefix_is_healthy():
    assert Room().verify().ok


def test_an_open_batch_is_no_damage(room):
    room.wait(15)
    room.plan(0, 15)
    room.wait(15)
    room.fetch(room.plan(15, 30))
    assert room.damage() == []


def test_a_missing_object_is_found(room):
    key = key_of(room, room.first)
    del room.objects.bodies[key]
    assert room.damage() == [("missing_object", key)]


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_changed_byte_is_found(compression):
    room = room_with(compression)
    key = key_of(room, room.first)
    body = room.csv(key).replace(b'"tweet ', b'"Tweet ')
    room.objects.bodies[key] = body if compression == "none" else room.press.compression.compress(body)
    assert room.damage() == [("changed_object", key)]


@pytest.mark.parametrize("body", [b"", b"no csv of ours\n", b"\x1f\x8b"])
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_garbage_is_found(compression, body):
    room = room_with(compression)
    key = key_of(room, room.first)
    room.objects.bodies[key] = body
    assert room.damage() == [("changed_object", key), ("unreadable", key)]


def test_a_tweet_that_stands_in_another_object_too_is_found(room):
    key = key_of(room, room.second)
    put(room, key, room.csv(key) + line_of(room, NASAS[1]))
    found = [one for one in room.verify().problems if one.kind == "duplicate_row"]
    assert [one.key for one in found] == [key]
    assert key_of(room, room.first, 1) in found[0].message


def test_a_tweet_that_stands_twice_in_one_object_is_found(room):
    key = key_of(room, room.second)
    put(room, key, room.csv(key) + line_of(room, NASAS[0]))
    assert room.damage() == [("row_count", key), ("duplicate_row", key)]


def test_a_lost_row_is_found(room):
    key = key_of(room, room.second)
    put(room, key, HEADER)
    assert room.damage() == [("row_count", key)]


def test_a_row_of_another_hour_is_found(room):
    key = key_of(room, room.second)
    put(room, key, HEADER + line_of(room, NASAS[2]) + line_of(room, NASAS[0]))
    kinds = room.damage()
    assert ("misplaced_row", key) in kinds
    assert {kind for kind, _ in kinds} == {"misplaced_row"}


def test_ranges_that_two_batches_publish_are_found(room):
    manifest = room.manifest(room.second)
    again = (NASA, Covered(IdRange(at(-40), at(-35)), Evidence.PROVEN, 0))
    save(room, replace(manifest, ranges=(*manifest.ranges, again)))
    assert [kind for kind, _ in room.damage()] == ["overlapping_ranges"]


def test_the_ids_that_are_published_twice_are_named_and_the_rest_counts(room):
    manifest = room.manifest(room.second)
    past_the_end = at(50)
    more = Covered(IdRange(at(-40), past_the_end), Evidence.PROVEN, 0)
    save(room, replace(manifest, ranges=((NASA, more), *manifest.ranges)))
    key = manifest_key(room.second.batch_id)
    assert room.damage() == [("overlapping_ranges", key)] * 2 + [("state_behind", "account 12")]
    overlap, _, behind = room.verify().problems
    assert f"ids ({at(-40)}, {at(-10)}] are" in overlap.message
    assert f"({at(-1)}, {past_the_end}]" in behind.message


def test_an_object_that_no_manifest_lists_is_found(room):
    key = "tweets/dt=2026-11-22/hour=11/mine.csv"
    room.objects.bodies[key] = b"x"
    assert room.damage() == [("object_not_listed", key)]


def coverage_becomes(room, change):
    with room.state.writing() as tx:
        before = tx.coverage()[NASA]
        tx.save_coverage({NASA: (before, change(before))})


def evidence_becomes(room, change):
    def changed(before):
        return Coverage(tuple(replace(one, evidence=change.get(one.evidence, one.evidence)) for one in before.rows))

    coverage_becomes(room, changed)


def test_a_state_behind_the_manifests_is_found(room):
    coverage_becomes(room, lambda _: Coverage())
    assert room.damage() == [("state_behind", "account 12")]


def test_a_state_ahead_of_the_manifests_is_found(room):
    extra = Covered(IdRange(at(10), at(20)), Evidence.PROVEN, 0)
    coverage_becomes(room, lambda before: before.add([extra]))
    assert room.damage() == [("state_ahead", "account 12")]


def test_a_claim_with_better_evidence_than_published_is_found(room):
    coverage_becomes(
        room, lambda before: Coverage(tuple(replace(one, evidence=Evidence.UNPROVEN) for one in before.rows))
    )
    assert sorted(room.damage()) == [("state_ahead", "account 12"), ("state_behind", "account 12")]


def test_an_accepted_loss_is_no_damage():  # F3
    room = Room()
    room.source.horizon, room.source.provable = 6, 4
    room.follow(NASA, *NASAS, baseline=-90)
    room.collect(-30, -10)
    room.source.post(NASA, *(tweet(-2, extra) for extra in range(9)))
    room.collect(-10, 0)
    assert room.coverage().of(Evidence.UNPROVEN)
    assert room.damage() == []
    evidence_becomes(room, {Evidence.UNPROVEN: Evidence.LOST})
    assert room.damage() == []


def test_batches_that_the_state_does_not_know_are_found(room):  # F32
    room.lose_state()
    kinds = {kind for kind, _ in room.damage()}
    assert kinds == {"unknown_batch", "manifest_without_commit", "state_behind"}
    room.rebuild()
    assert room.damage() == []


def test_gaps_are_no_damage(room):
    room.wait(15)
    room.source.always(NASA, SourceUnavailable("503"))
    room.collect(0, 15)
    assert room.damage() == []


def test_progress_counts_the_objects(room):
    told = []
    verify(
        state=room.state,
        objects=room.objects,
        compression=room.press.compression,
        progress=lambda done, of: told.append((done, of)),
    )
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_batch_that_another_state_planned_under_the_same_name_is_found():  # F27
    room = Room()
    room.follow(NASA)
    batch = room.plan()
    other = Room(clock=room.clock, objects=room.objects)
    other.follow(NASA)
    other.fetch(other.plan())
    assert ("unknown_batch", batch.batch_id) in room.damage()
