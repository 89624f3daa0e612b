"""A crash before and after every single effect, and then a clean run: nothing lost, nothing twice."""

from functools import cache

import pytest
from crashing import Crash, Fuse, LostReplies, fused
from rooms import (
    ESA,
    NASA,
    Room,
    assert_cursors_follow_from_coverage,
    assert_once,
    at,
    nothing_written,
    tweet,
    window,
)

from collector.core.batches import BatchKind
from collector.core.errors import RateLimited
from collector.flow.collect import collect
from collector.flow.plan import PlanRequest

NASAS = [tweet(-minutes) for minutes in (3, 6, 9, 50, 70)]
ESAS = [tweet(-minutes, 7) for minutes in (4, 30, 58)]
LATER = [tweet(5), tweet(7), tweet(9)]


@cache
def room_in_use():
    """Return a room with a batch that a limit cut short, one that was abandoned, and tweets that no batch saw."""
    room = Room()
    room.source.page_size = 2
    room.set(part_bytes=500)
    room.follow(NASA, *NASAS, baseline=-90)
    room.follow(ESA, *ESAS, baseline=-90)
    room.source.script(ESA, None, RateLimited("429", reset_at=room.clock.now()))
    room.collect()
    room.wait(15)
    room.source.post(NASA, *LATER)
    abandoned = room.plan(0, 10)
    room.source.script(NASA, None, RuntimeError("killed"))
    with pytest.raises(RuntimeError):
        room.fetch(abandoned)
    room.asked()
    return room


def fresh_room():
    room, used = Room(), room_in_use()
    room.set(part_bytes=500)
    room.clock.at = used.clock.at
    room.objects.bodies.update(used.objects.bodies)
    room.state._tables = used.state._tables.copy()
    room.source.page_size = 2
    for account_id, user in used.source.users_by_id.items():
        room.source.add(account_id, user.username, used.source.tweets[account_id])
    return room


def run(room, fuse):
    """Collect with a fuse; say whether it ended."""
    try:
        collect(PlanRequest(BatchKind.LIVE, window(10, 15)), fused(room, fuse))
    except Crash:
        return False
    return True


def recover(room):
    room.collect(10, 15)
    room.wait(15)
    room.collect(15, 30)


def assert_all_is_well(room):
    assert_once(room, *NASAS, *ESAS, *LATER)
    assert room.damage() == []
    assert room.cursor(NASA) == room.cursor(ESA) == at(29)
    assert_cursors_follow_from_coverage(room)
    with room.state.reading() as tx:
        assert tx.open_batches() == []
        assert tx.reserved() == {}
    with nothing_written(room):
        room.collect(15, 30)


@cache
def effects():
    """Return how many effects a run has that nothing disturbs."""
    fuse = Fuse()
    run(fresh_room(), fuse)
    return fuse.effects


def rooms_after_a_crash():
    """Yield a room for each effect of a run, with a crash before it, and one whose run ended."""
    assert effects() > 40
    for number in range(1, effects() + 2):
        room = fresh_room()
        assert run(room, Fuse(number)) is (number > effects())
        yield room


def test_a_crash_at_any_effect_loses_nothing_and_repeats_nothing():  # F24, F26, F34
    for room in rooms_after_a_crash():
        recover(room)
        assert_all_is_well(room)


def test_a_state_lost_at_any_effect_is_rebuilt_and_goes_on():  # F24, F32
    for room in rooms_after_a_crash():
        room.lose_state()
        room.rebuild()
        room.follow(NASA, baseline=-90)
        room.follow(ESA, baseline=-90)
        recover(room)
        assert_all_is_well(room)


def test_a_crash_in_the_recovery_is_recovered_from_too():  # F24
    for number in range(2, effects(), 5):
        room = fresh_room()
        assert not run(room, Fuse(number))
        assert not run(room, Fuse(max(1, effects() - 7 - number)))
        recover(room)
        assert_all_is_well(room)


def test_a_crash_pays_x_again_for_one_part_at_most():  # F45
    whole = fresh_room()
    run(whole, Fuse())
    pages = len(whole.asked())
    for room in rooms_after_a_crash():
        room.collect(10, 15)
        assert len(room.asked()) <= pages + 3  # a part holds three pages here


def test_replies_that_get_lost_at_every_put_do_no_harm():  # F34
    room = fresh_room()
    kept, room.objects = room.objects, LostReplies(room.objects)
    recover(room)
    room.objects = kept
    assert_all_is_well(room)


def test_a_worker_that_sleeps_while_its_batch_is_finished_does_no_harm():  # F28, F46
    for number in range(1, effects(), 3):
        room = fresh_room()
        assert run(room, Fuse(number, lambda room=room: room.collect(10, 15)))
        recover(room)
        assert_all_is_well(room)


def test_a_worker_that_sleeps_through_the_next_batch_does_no_harm():  # F28, F46
    for number in range(2, effects(), 4):
        room = fresh_room()
        run(room, Fuse(number, lambda room=room: recover(room)))
        room.collect(30, 45)
        assert_all_is_well(room)
