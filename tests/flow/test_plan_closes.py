"""Plan first closes what others have left open."""

import pytest
from rooms import ESA, NASA, Room, assert_once, at, tweet

from collector.core.errors import ObjectConflict, StoreRefused, StoreUnavailable
from collector.core.ranges import IdRange
from collector.flow.views import gaps


@pytest.fixture
def room():
    made = Room()
    made.follow(NASA, tweet(-10), tweet(-50))
    return made


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


def test_a_batch_of_the_same_window_that_holds_an_account_from_another_shard_is_closed(room):
    before = room.plan()
    room.follow(NASA, shard=1)
    batch = room.plan(shard=1)
    assert not room.batch(before).is_open
    assert room.spans(batch) == [(NASA, IdRange(at(-60), at(-1)))]


def test_an_abandoned_batch_that_holds_nothing_is_closed_too(room):
    room.collect()
    empty = room.plan(-15, -14)
    assert room.spans(empty) == []
    room.plan(-15, 15)
    assert not room.batch(empty).is_open


@pytest.mark.parametrize("error", [StoreUnavailable, StoreRefused, ObjectConflict])
def test_a_close_that_fails_does_not_stop_the_plan_and_keeps_what_it_reserved(room, error):
    def refuse(key, _body):
        message = f"cannot write {key}"
        raise error(message)

    stuck = room.plan(-30, -15)
    create, room.objects.create = room.objects.create, refuse
    batch = room.plan(-15, 0)
    room.objects.create = create
    assert room.batch(stuck).is_open
    assert room.spans(stuck) == [(NASA, IdRange(at(-60), at(-15)))]
    assert room.spans(batch) == [(NASA, IdRange(at(-15), at(-1)))]
    room.finish(batch)
    room.close(stuck)
    assert room.verify().ok


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
