"""A fetch claims no more than the source has shown."""

from dataclasses import replace
from datetime import timedelta

import pytest
from fakes.worker import FakeWorker
from rooms import (
    EIGHT,
    ESA,
    NASA,
    Room,
    assert_cursors_follow_from_coverage,
    assert_once,
    at,
    moment,
    proven,
    tweet,
    whole,
)

from collector.core.coverage import Evidence
from collector.core.errors import PageTokenExpired, SourceUnavailable
from collector.core.ranges import IdRange

OUTAGE = SourceUnavailable("503")


@pytest.mark.parametrize("reason", ["protected", "suspended", "not_found"])
def test_an_unreadable_account_keeps_its_coverage_and_comes_back(room, reason):  # F6, F13
    room.collect()
    room.source.hide(NASA, reason)
    room.wait(15)
    batch = room.collect(0, 15)
    assert room.reasons(batch) == {NASA: reason}
    assert (room.account(NASA).status, room.account(NASA).status_at) == (reason, batch.committed_at)
    assert proven(room) == whole()
    room.source.post(NASA, tweet(5))
    room.source.show(NASA)
    room.wait(15)
    room.collect(15, 30)
    assert room.account(NASA).status == "active"
    assert proven(room) == whole(end=29)
    assert_once(room, *EIGHT, tweet(5))


def test_an_account_that_comes_back_beyond_the_horizon_is_active_again():  # F13
    room = Room()
    room.source.provable = 4
    room.source.horizon = 4
    room.follow(NASA, *EIGHT, status="protected")
    assert room.reasons(room.collect()) == {NASA: "baseline_raised"}
    assert room.account(NASA).status == "active"


@pytest.mark.parametrize("unreadable", [False, True])
def test_a_paused_account_stays_paused_when_its_open_batch_ends(room, unreadable):  # F13
    batch = room.plan()
    room.follow(NASA, status="paused")
    if unreadable:
        room.source.hide(NASA, "protected")
    room.finish(batch)
    assert room.account(NASA).status == "paused"


def test_a_tweet_that_becomes_visible_late_within_the_settle_time_is_collected(room):  # F1
    room.clock.advance(timedelta(seconds=30))
    newer, late = tweet(0.4), tweet(0.2)
    room.source.post(NASA, newer)
    room.collect(-15, 5)
    room.source.post(NASA, late)
    room.wait(5)
    room.collect(5, 10)
    assert_once(room, *EIGHT, newer, late)


def test_a_clock_ahead_of_x_claims_nothing_that_x_has_not_settled(room):  # F8
    room.source.clock = type(room.clock)(moment(-5))
    batch = room.collect()
    assert proven(room) == whole(end=-6)
    assert room.reasons(batch) == {}
    room.source.clock = room.clock
    room.wait(1)
    room.collect(0, 15)
    assert proven(room) == whole(end=0)
    assert_once(room, *EIGHT)


def horizon(room, count):
    room.source.horizon = room.source.provable = count


def test_the_horizon_of_a_first_batch_raises_the_baseline_and_says_so(room):  # F3
    horizon(room, 5)
    batch = room.collect()
    assert room.reasons(batch) == {NASA: "baseline_raised"}
    assert room.account(NASA).baseline == EIGHT[4] - 1
    assert room.cursor() == at(-1)
    assert not any(row.evidence is Evidence.UNPROVEN for row in room.coverage().rows)
    assert_once(room, *EIGHT[:5])
    assert_cursors_follow_from_coverage(room)


def test_the_horizon_of_a_backfill_raises_no_baseline(room):  # F3
    horizon(room, 5)
    assert room.reasons(room.collect_backfill(-30, -1)) == {NASA: "unproven"}
    assert room.account(NASA).baseline == at(-60)
    assert list(room.coverage().of(Evidence.UNPROVEN)) == [IdRange(at(-30), EIGHT[4] - 1)]


def test_a_raised_baseline_does_not_hide_an_outage(room):
    room.collect_backfill(-40, -20)
    horizon(room, 5)
    room.source.script(NASA, None, None, OUTAGE)
    assert room.reasons(room.collect()) == {NASA: "outage"}
    assert room.account(NASA).baseline == EIGHT[4] - 1


def test_a_raised_baseline_is_told_although_the_first_attempt_crashed(room):
    horizon(room, 5)
    room.set(part_bytes=1)
    room.follow(ESA, baseline=-30)
    batch = room.plan()
    room.source.script(ESA, RuntimeError("killed"))
    with pytest.raises(RuntimeError):
        room.fetch(batch)
    assert room.reasons(room.finish(batch)) == {NASA: "baseline_raised"}


def test_the_horizon_of_a_later_batch_leaves_an_unproven_gap(room):  # F3
    horizon(room, 12)
    room.collect()
    later = [tweet(minute, extra) for minute in range(5, 10) for extra in range(4)]
    room.source.post(NASA, *later)
    room.wait(15)
    batch = room.collect(0, 15)
    missed = IdRange(at(-1), sorted(later)[-12] - 1)
    assert [(one.account_id, one.reason) for one in batch.failures] == [(NASA, "unproven")]
    assert list(room.coverage().of(Evidence.UNPROVEN)) == [missed]
    assert room.cursor() == at(-1)
    assert room.account(NASA).baseline == at(-60)
    room.asked()
    room.wait(15)
    room.collect(15, 30)
    assert [ask.ids for ask in room.source.asks] == [IdRange(at(14), at(29))]


def test_one_batch_proves_what_is_missing_above_and_below_what_is_held(room):
    room.collect_backfill(-40, -20)
    assert room.reasons(room.collect()) == {}
    assert proven(room) == whole()


def test_of_two_doubts_the_one_that_stays_is_told():
    room = Room()
    room.source.provable = 4
    room.follow(NASA, tweet(-2), tweet(-65), tweet(-85), tweet(-89))
    room.collect()
    room.wait(180)
    replace(room, worker=FakeWorker("other")).backfill(-80, -70)
    batch = room.collect_backfill(-90, -60)
    assert room.reasons(batch) == {NASA: "unproven"}


def test_a_list_that_is_walked_in_two_parts_reaches_no_further_for_that(room):  # F3 F9
    horizon(room, 6)
    room.source.script(NASA, None, PageTokenExpired("gone"))
    assert room.reasons(room.collect()) == {NASA: "baseline_raised"}
    assert_once(room, *EIGHT[:6])


def test_a_backfill_below_what_is_not_collected_yet_waits(room):
    room.follow(NASA, baseline=-180)
    batch = room.collect_backfill(-300, -180)
    assert room.reasons(batch) == {NASA: "not_proven_yet"}
    assert not room.coverage().rows
    room.collect()
    assert room.reasons(room.collect_backfill(-300, -180)) == {}
    assert proven(room) == whole(-300)


def test_a_backfill_below_a_hole_waits_until_the_hole_is_filled(room):
    room.collect()
    waiting = room.collect_backfill(-300, -200)
    assert room.reasons(waiting) == {NASA: "not_proven_yet"}
    room.collect_backfill(-200, -60)
    room.collect_backfill(-300, -200)
    assert proven(room) == whole(-300)
