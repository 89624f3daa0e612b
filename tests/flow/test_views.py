"""Views: what an operator is told."""

from datetime import timedelta

import pytest
from rooms import ESA, JAXA, NASA, Room, at, moment, tweet

from collector.core.errors import RateLimited, SourceUnavailable
from collector.core.gaps import NOT_ASKED
from collector.core.ids import end_of
from collector.core.ranges import IdRange
from collector.flow import views

NASAS = [tweet(-minutes) for minutes in range(2, 12)]


@pytest.fixture
def room():
    made = Room()
    made.follow(NASA, *NASAS, username="nasa")
    made.follow(ESA, username="esa", baseline=-30)
    return made


def gaps(room):
    return [(gap.account.username, gap.ids, gap.reason) for gap in views.gaps(state=room.state)]


def status(room):
    return views.status(state=room.state, clock=room.clock)


def test_before_the_first_plan_nothing_is_missing_and_nothing_is_held(room):
    assert gaps(room) == []
    told = status(room)
    assert (told.watermark, told.lag) == (moment(-60), timedelta(minutes=60))
    assert (told.newest_batch, told.rows, told.gaps, told.open_batches) == (None, 0, 0, 0)


def test_an_account_never_fetched_is_one_gap(room):
    room.plan()
    wanted = IdRange(at(-60), at(-1))
    assert gaps(room) == [("esa", IdRange(at(-30), at(-1)), NOT_ASKED), ("nasa", wanted, NOT_ASKED)]


def test_a_gap_says_why_it_is_there(room):  # F60
    room.source.always(ESA, SourceUnavailable("503"))
    room.source.script(NASA, None, RateLimited("429", reset_at=moment(0)))
    room.collect()
    assert gaps(room) == [
        ("esa", IdRange(at(-30), at(-1)), "rate_limited"),
        ("nasa", IdRange(at(-60), NASAS[2] - 1), "rate_limited"),
    ]


def test_gaps_close_when_they_are_fetched(room):
    room.source.always(ESA, SourceUnavailable("503"))
    room.collect()
    assert [name for name, *_ in gaps(room)] == ["esa"]
    room.source.always(ESA, None)
    room.wait(15)
    room.collect(0, 15)
    assert gaps(room) == []


def test_an_unproven_range_stays_a_gap(room):  # F3
    room.source.horizon, room.source.provable = 6, 4
    room.collect(-30, -11)
    room.collect(-11, 0)
    assert gaps(room) == [("nasa", IdRange(at(-11), NASAS[5] - 1), "unproven")]


def test_a_half_done_backfill_is_a_gap_below_the_baseline(room):
    room.collect()
    room.source.script(NASA, RateLimited("429", reset_at=moment(0)))
    room.collect_backfill(-90, -60)
    assert ("nasa", IdRange(at(-90), at(-60)), "rate_limited") in gaps(room)


def test_a_paused_account_has_no_gaps(room):
    room.plan()
    room.follow(ESA, username="esa", status="paused")
    assert [name for name, *_ in gaps(room)] == ["nasa"]


def test_cursors_tell_lag_and_gaps_by_username(room):
    room.source.always(ESA, SourceUnavailable("503"))
    room.collect()
    room.wait(9)
    esa, nasa = views.cursors(state=room.state, clock=room.clock)
    assert (esa.account.username, esa.cursor, esa.lag, esa.gaps) == ("esa", None, timedelta(minutes=39), 1)
    assert (nasa.cursor.since_id, nasa.cursor.since_at) == (at(-1), end_of(at(-1)))
    assert (nasa.lag, nasa.gaps) == (timedelta(minutes=10), 0)


def test_the_watermark_is_the_moment_before_which_every_active_account_is_complete(room):  # F30
    room.collect()
    assert status(room).watermark == moment(-1)
    room.source.always(ESA, SourceUnavailable("503"))
    room.wait(15)
    room.collect(0, 15)
    assert status(room).watermark == moment(-1)
    assert status(room).lag == timedelta(minutes=16)


def test_the_watermark_does_not_wait_for_accounts_that_cannot_be_read(room):
    room.source.hide(ESA, "protected")
    room.follow(JAXA, status="paused")
    room.collect()
    assert status(room).watermark == moment(-1)
    assert status(room).accounts == {"protected": 1, "active": 1, "paused": 1}


def test_no_account_has_no_watermark():
    assert (status(Room()).watermark, status(Room()).lag) == (None, None)


def test_status_adds_up_all_batches(room):  # F60
    room.collect(-30, -6)
    room.collect(-6, 0)
    batch = room.plan(-5, 15)
    told = status(room)
    assert (told.rows, told.tweets_read, told.requests) == (10, 10, 2 + 2 + 1 + 1)
    assert (told.open_batches, told.newest_batch) == (1, batch)


def test_batches_are_told_newest_first(room):
    made = []
    for minutes in (0, 15, 30):
        made.append(room.collect(minutes - 15, minutes))
        room.wait(15)
    assert views.batches(None, state=room.state) == made[::-1]
    assert views.batches(2, state=room.state) == made[:0:-1]


def test_a_fault_is_open_until_a_later_batch_brings_what_is_missing(room):
    room.source.script(NASA, SourceUnavailable("503"))
    failed = room.collect()
    assert [one.account_id for one in views.open_faults(room.batch(failed), state=room.state)] == [NASA]
    room.wait(15)
    room.collect(0, 15)
    assert views.open_faults(room.batch(failed), state=room.state) == []
    assert room.batch(failed).failures
