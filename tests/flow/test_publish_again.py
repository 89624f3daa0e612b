"""Publishing a window again puts back what is missing, reports what differs, and asks X nothing."""

import pytest
from rooms import ESA, NASA, Room, assert_once, nothing_written, tweet

from collector.core.documents import manifest_key
from collector.core.errors import ObjectConflict, SourceUnavailable, StateConflict
from collector.flow.publish_again import publish_again

NASAS = [tweet(-minutes) for minutes in (5, 6, 70)]
ESAS = [tweet(-minutes, 9) for minutes in (4, 8, 75)]


@pytest.fixture
def room():
    made = Room()
    made.set(part_bytes=1)
    made.follow(NASA, *NASAS, baseline=-90)
    made.follow(ESA, *ESAS, baseline=-90)
    return made


@pytest.fixture
def twice(room):
    """Two closed batches of one window: the second holds what an outage kept from the first."""
    room.source.always(ESA, SourceUnavailable("503"))
    first = room.collect()
    room.source.always(ESA, None)
    second = room.collect()
    assert [first.number, second.number] == [1, 2]
    room.asked()
    return first, second


def again(room, batch):
    found = publish_again(batch.batch_id, state=room.state, objects=room.objects, press=room.press, policy=room.policy)
    assert room.asked() == []
    return found


def csv_of(room, batch):
    return [key for key in room.csv_keys() if key.endswith(f"/{batch.batch_id}.csv")]


@pytest.mark.parametrize("given", [0, 1])
def test_a_whole_window_that_stands_is_left_as_it_is(room, twice, given):
    with nothing_written(room):
        assert again(room, twice[given]) == room.manifest(twice[given])


def test_an_open_batch_of_the_same_window_is_left_to_its_worker(room):
    room.source.always(ESA, SourceUnavailable("503"))
    closed, opened = room.collect(), room.plan()
    room.asked()
    again(room, closed)
    assert opened.number == 2
    assert room.seal(opened) is None


@pytest.mark.parametrize("given", [0, 1])
def test_every_missing_object_of_the_window_is_put_back_with_the_same_bytes(room, twice, given):
    before = dict(room.objects.bodies)
    for batch in twice:
        assert len(csv_of(room, batch)) == 2
        for key in [*csv_of(room, batch), manifest_key(batch.batch_id)]:
            del room.objects.bodies[key]
    again(room, twice[given])
    assert room.objects.bodies == before
    assert_once(room, *NASAS, *ESAS)


def test_other_windows_and_shards_are_left_alone(room, twice):
    room.follow(900, tweet(-3, 1), shard=1)
    beside = room.collect(shard=1)
    longer = room.collect(-15, 5)
    room.wait(5)
    room.source.post(NASA, tweet(1))
    later = room.collect(-15, 4)
    room.asked()
    lost = [key for batch in (beside, longer, later) for key in csv_of(room, batch)]
    assert len(lost) == 2
    for key in lost:
        del room.objects.bodies[key]
    again(room, twice[1])
    assert not set(lost) & room.objects.bodies.keys()


@pytest.mark.parametrize("given", [0, 1])
def test_an_object_that_differs_is_reported_after_all_the_others_were_put_back(room, twice, given):
    spoilt, lost = csv_of(room, twice[0])[0], csv_of(room, twice[1])[0]
    was = room.objects.bodies.pop(lost)
    room.objects.bodies[spoilt] = b"other\n"
    with pytest.raises(ObjectConflict, match=spoilt):
        again(room, twice[given])
    assert room.objects.bodies[lost] == was
    assert room.objects.bodies[spoilt] == b"other\n"


def test_a_failed_fetch_does_not_hold_back_what_has_landed(room):  # F24
    batch = room.plan()
    room.source.script(NASA, RuntimeError("killed"))
    with pytest.raises(RuntimeError):
        room.fetch(batch)
    room.asked()
    manifest = again(room, batch)
    assert room.reasons(batch) == {NASA: "interrupted"}
    assert_once(room, *ESAS)
    assert not room.commit(manifest).is_open
    with nothing_written(room):
        again(room, batch)


def test_an_open_batch_is_published_beside_the_closed_ones_of_its_window(room):
    room.source.always(ESA, SourceUnavailable("503"))
    closed = room.collect()
    room.source.always(ESA, None)
    batch = room.plan()
    room.fetch(batch)
    room.asked()
    (lost, _) = csv_of(room, closed)
    was = room.objects.bodies.pop(lost)
    assert again(room, batch) == room.manifest(batch)
    assert room.objects.bodies[lost] == was
    assert_once(room, *NASAS, *ESAS)
    assert room.batch(batch).is_open


def test_an_unknown_batch_is_not_published(room, twice):
    room.lose_state()
    with pytest.raises(StateConflict, match="not known"):
        again(room, twice[0])
