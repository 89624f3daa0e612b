"""The real steps hold every law on every schedule tried, and schedules notice when one of their rules is gone."""

import logging
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
import structlog
from fakes.objects import FakeObjects
from fakes.state import FakeReader

from collector.core import walk
from collector.core.errors import ObjectConflict, StateConflict
from collector.flow import plan as planning
from collector.flow import publish as publishing
from collector.flow import seal as sealing
from collector.flow.store import part_keys
from protocol.laws import Law
from protocol.model import LONG, SHORT
from protocol.real_steps import RealSteps
from protocol.schedules import BACKFILLS, LIVE, Conflict, quiet
from protocol.searching import search
from protocol.world import SETTLE, World

STEPS = 300
TWEETS = list(range(21, 28))


@pytest.fixture(autouse=True)
def _no_log():
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


def real(listed):
    return lambda choose: RealSteps(choose, World(listed))


@pytest.mark.parametrize("listed", [SHORT, LONG])
@pytest.mark.parametrize("first", range(0, 30, 10))
def test_no_random_schedule_breaks_a_law(first, listed):  # F1 F3 F12 F24 F26 F27 F28 F32 F34 F43 F44 F46
    assert search(real(listed), range(first, first + 10), STEPS).by_law == {}


@pytest.fixture
def begun():
    """Make rooms in which a worker has had some effects on a live batch."""
    rooms = []

    def make(effects):
        room = RealSteps(quiet, World(LONG))
        rooms.append(room)
        for _ in TWEETS:
            room.world.post(0)
        room.world.wait(SETTLE)
        worker = room.work(*LIVE[0])
        return room, worker, advance(room, worker, effects)

    yield make
    for room in rooms:
        room.close()


def advance(room, worker, effects=10**9):
    """Let a worker have so many effects, or as many as it takes; return how many it had."""
    for number in range(effects):
        try:
            next(worker)
        except (StopIteration, Conflict):
            return number
        finally:
            room.check()
    return effects


def assert_complete(room):
    assert sorted(room.published()) == TWEETS
    room.check_rest([])


def test_a_worker_killed_before_any_of_its_effects_leaves_nothing_that_a_retry_does_not_mend(begun):  # F24 F26
    _, _, all_of_them = begun(10**9)
    assert all_of_them > 20
    for effects in range(all_of_them + 1):
        room, worker, _ = begun(effects)
        worker.close()
        advance(room, room.work(*LIVE[0]))
        assert_complete(room)


@pytest.mark.parametrize("meanwhile", [5, 12, 20, 10**9])
def test_a_worker_that_wakes_up_while_its_retry_works_changes_nothing(meanwhile, begun):  # F28 F46
    _, _, all_of_them = begun(10**9)
    for effects in range(0, all_of_them + 1, 2):
        room, paused, _ = begun(effects)
        retry = room.work(*LIVE[0])
        if advance(room, retry, meanwhile) == meanwhile:
            advance(room, paused)
            advance(room, retry)
        else:
            advance(room, paused)
        assert_complete(room)


BEGUN = 10
JOBS = (LIVE[0], BACKFILLS[0], BACKFILLS[1])


def living(label, _number):
    """Choose what disturbs nothing, while no lease ends before its batch is committed."""
    return {"term": 2, "close": 0}.get(label, 0)


def work_in_turns(room, jobs):
    """Let a worker for each job begin while those before it are at work, then all have one effect after the other."""
    workers = [room.work(*job) for job in jobs]
    for worker in workers:
        advance(room, worker, BEGUN)
    while workers:
        for worker in tuple(workers):
            if advance(room, worker, 1) == 0:
                workers.remove(worker)


def reasons(room):
    with room.state.reading() as tx:
        return {failure.reason for batch in tx.batches() for failure in batch.failures}


@pytest.mark.parametrize("jobs", list(permutations(JOBS)))
def test_a_live_batch_and_two_backfills_at_once_leave_each_other_alone_while_their_leases_live(jobs, begun):
    room, _, _ = begun(0)
    room.choose = living
    work_in_turns(room, jobs)
    assert "interrupted" not in reasons(room)
    with room.state.reading() as tx:
        assert sorted(batch.number for batch in tx.batches()) == [1, 1, 2]  # two windows start together
    room.choose = quiet
    for job in JOBS:
        advance(room, room.work(*job))
    assert_complete(room)


@pytest.mark.parametrize("jobs", list(permutations(JOBS)))
def test_a_live_batch_and_two_backfills_at_once_that_close_each_other_lose_nothing(jobs, begun):
    room, _, _ = begun(0)
    work_in_turns(room, jobs)
    assert "interrupted" in reasons(room)
    for job in JOBS:
        advance(room, room.work(*job))
    assert_complete(room)


def without_reservation(patch):
    patch.setattr(FakeReader, "reserved", lambda _reader: {})


def without_seal(patch):
    pressed = publishing._pressed

    def pressed_as_landed(seal, objects, press):
        return pressed(replace(seal, parts=tuple(part_keys(seal.batch.batch_id, objects))), objects, press)

    patch.setattr(publishing, "_pressed", pressed_as_landed)


def without_one_log(patch):
    note = sealing.note

    def note_all(standing, *, state, objects):
        try:
            note(standing, state=state, objects=objects)
        except StateConflict:
            with state.writing() as tx:
                tx.note_seal(standing.number)

    patch.setattr(sealing, "note", note_all)


def without_create_only(patch):
    patch.setattr(FakeObjects, "create", lambda objects, key, body: objects.bodies.update({key: body}))


def without_adoption(patch):
    def refuse(key, *_bodies):
        raise ObjectConflict(key)

    patch.setattr(publishing, "_adopt", refuse)


def without_closing(patch):
    patch.setattr(planning, "_in_the_way", lambda *_: [])


def without_x_clock(patch):
    def started(one, _date):
        return one if one.top is not None else replace(one, top=one.ids.through, low=one.ids.through)

    patch.setattr(walk.Walk, "_started", started)


def without_order(patch):
    seeing = walk.Walk._seeing

    def seeing_order(one, page):
        seen = seeing(one, page)
        inside = [each for each in page.tweet_ids if each <= seen.low]
        return replace(seen, is_ordered=True, low=min(inside) - 1 if inside else seen.low)

    patch.setattr(walk.Walk, "_seeing", seeing_order)


def without_proof(patch):
    patch.setattr(walk.Walk, "_proof", lambda *_: walk.Proof.HOLDS)


def without_freshness(patch):
    patch.setattr(walk, "FRESH", timedelta(days=1000))


@pytest.mark.parametrize(
    ("without", "listed", "seeds", "law"),
    [
        (without_reservation, LONG, (1, 3, 5), Law.TWICE),
        (without_seal, LONG, (25, 53), Law.TWICE),
        (without_one_log, LONG, (2, 3), Law.TWICE),
        (without_create_only, LONG, (2, 6), Law.MANIFEST),
        (without_adoption, LONG, (36, 40), Law.STUCK),
        (without_closing, LONG, (16, 27), Law.OPEN),
        (without_x_clock, LONG, (24, 93), Law.LOST),
        (without_order, LONG, (3, 17), Law.LOST),
        (without_proof, SHORT, (2, 3), Law.LOST),
        (without_freshness, SHORT, (2, 4), Law.LOST),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_schedules_notice_when_the_steps_lack_a_rule(without, listed, seeds, law, monkeypatch):
    without(monkeypatch)
    assert law in search(real(listed), seeds, STEPS).by_law


def test_a_disorderly_list_at_the_horizon_loses_nothing():  # F3
    assert search(real(SHORT), [2773, 2898], STEPS).by_law == {}
