"""Commit: one transaction, once."""

from contextlib import contextmanager
from dataclasses import replace

import pytest
from rooms import ESA, NASA, Room, assert_cursors_follow_from_coverage, assert_once, at, tweet

from collector.core.accounts import AccountStatus
from collector.core.batches import BatchStatus
from collector.core.coverage import Covered, Evidence
from collector.core.errors import RateLimited, SourceUnavailable, StateConflict
from collector.core.ids import end_of
from collector.core.ranges import IdRange
from collector.flow.commit import commit
from collector.flow.seal import note

TWEETS = [tweet(-minutes) for minutes in (5, 15, 25, 35)]


@pytest.fixture
def room():
    made = Room()
    made.follow(NASA, *TWEETS)
    made.follow(ESA)
    return made


def published(room):
    batch = room.plan()
    return batch, room.publish(room.fetch(batch))


def snapshot(room):
    with room.state.reading() as tx:
        batches = [(batch, tx.spans(batch.batch_id)) for batch in tx.batches()]
        return tx.accounts(), tx.coverage(), tx.cursors(), batches, tx.last_seal()


def test_coverage_cursor_and_batch_move_together(room):
    batch, manifest = published(room)
    committed = room.commit(manifest)
    assert [row.ids for row in room.coverage().rows] == [IdRange(at(-60), at(-1))]
    assert (committed.status, committed.seal) == (BatchStatus.COMMITTED, 1)
    assert (committed.counts.rows, committed.counts.objects, committed.counts.accounts) == (4, 1, 2)
    assert room.spans(batch) == []
    with room.state.reading() as tx:
        cursor = tx.cursors()[NASA]
    assert (cursor.since_id, cursor.since_at, cursor.batch_id) == (at(-1), end_of(at(-1)), batch.batch_id)


class Breaking:
    """A transaction that breaks off at one of its changes."""

    def __init__(self, tx, allowed):
        self._tx, self._allowed = tx, allowed

    def __getattr__(self, name):
        if name.startswith("save_"):
            if not self._allowed:
                message = f"broken at {name}"
                raise RuntimeError(message)
            self._allowed -= 1
        return getattr(self._tx, name)


class BreakingState:
    def __init__(self, state, allowed):
        self._state, self._allowed = state, allowed

    @contextmanager
    def writing(self):
        with self._state.writing() as tx:
            yield Breaking(tx, self._allowed)


@pytest.mark.parametrize("allowed", range(4))
def test_a_commit_is_all_or_nothing(room, allowed):  # F26
    _, manifest = published(room)
    before = snapshot(room)
    with pytest.raises(RuntimeError, match="broken"):
        commit(manifest, state=BreakingState(room.state, allowed), clock=room.clock)
    assert snapshot(room) == before
    room.commit(manifest)
    assert room.cursor() == at(-1)


def test_committing_twice_is_committing_once(room):  # F46
    _, manifest = published(room)
    room.commit(manifest)
    once = snapshot(room)
    room.wait(5)
    room.commit(manifest)
    assert snapshot(room) == once


def test_a_range_is_committed_once(room):  # F27, F44
    batch, manifest = published(room)
    strange = replace(manifest, ranges=((NASA, Covered(IdRange(at(-2), at(-1)), Evidence.PROVEN, 0)),))
    room.commit(manifest)
    room.wait(15)
    later = room.plan(0, 15)
    before = snapshot(room)
    with pytest.raises(StateConflict, match=r"account 12: ids .* are covered already") as caught:
        room.commit(replace(strange, batch=later))
    assert caught.value.hint == "collector rebuild"
    assert snapshot(room) == before
    assert room.batch(batch).status is BatchStatus.COMMITTED


def test_the_manifest_of_an_unknown_plan_is_refused(room):  # F32
    _, manifest = published(room)
    before = snapshot(room)
    for strange in (
        replace(manifest.batch, plan_id="another"),
        replace(manifest.batch, batch_id="live-20200101T000000Z-s00"),
    ):
        with pytest.raises(StateConflict, match="of a plan that this state does not know"):
            room.commit(replace(manifest, batch=strange))
    assert snapshot(room) == before


def test_a_cursor_stays_below_a_gap(room):
    room.source.script(NASA, None, RateLimited("429", reset_at=room.clock.now()))
    room.collect()
    assert room.cursor() is None
    assert room.coverage().rows
    assert_cursors_follow_from_coverage(room)
    room.wait(15)
    room.collect(0, 15)
    assert room.cursor() == at(14)
    assert_cursors_follow_from_coverage(room)


def test_a_backfill_moves_no_cursor_over_a_gap(room):  # F25
    room.source.always(NASA, SourceUnavailable("503"))
    room.collect(-60, -40)
    room.source.always(NASA, None)
    room.collect_backfill(-30, -10)
    assert room.cursor() is None
    room.collect_backfill(-60, -30)
    assert room.cursor() == at(-10)
    assert_cursors_follow_from_coverage(room)
    assert_once(room, *TWEETS[1:])


def test_a_baseline_raised_to_what_is_held_lets_the_cursor_pass_at_once(room):
    room.collect_backfill(-40, 0)
    room.source.provable = room.source.horizon = 4
    room.collect_backfill(-50, -49)
    room.source.delete(NASA, TWEETS[3])
    room.source.post(NASA, tweet(-4))
    batch = room.collect(-60, -1)
    assert room.reasons(batch)[NASA] == "baseline_raised"
    assert_cursors_follow_from_coverage(room)
    assert room.cursor() == at(-1)


def test_a_baseline_never_moves_back(room):  # F28
    manifest = room.publish(room.fetch(room.plan()))
    room.follow(NASA, *TWEETS, baseline=-30)
    room.commit(manifest)
    assert room.account(NASA).baseline == at(-30)


def test_a_failure_that_says_nothing_of_the_account_leaves_its_status(room):
    room.follow(NASA, status="protected")
    room.source.always(NASA, SourceUnavailable("503"))
    room.collect()
    assert room.account(NASA).status is AccountStatus.PROTECTED


def test_a_rename_after_the_plan_is_kept(room):  # F14
    _, manifest = published(room)
    room.follow(NASA, username="renamed")
    room.commit(manifest)
    assert room.account(NASA).username == "renamed"
    with room.state.reading() as tx:
        assert tx.cursors()[NASA].username == "renamed"


def test_a_zombie_that_finishes_after_its_retry_changes_nothing(room):  # F28, F46
    batch = room.plan()
    seal = room.fetch(batch)
    manifest = room.publish(seal)
    room.finish(batch)
    room.wait(15)
    room.collect(0, 15)
    before, bodies = snapshot(room), dict(room.objects.bodies)
    note(seal, state=room.state, objects=room.objects)
    assert room.commit(room.publish(seal)) == room.batch(batch)
    assert room.publish(seal) == manifest
    assert (snapshot(room), room.objects.bodies) == (before, bodies)
