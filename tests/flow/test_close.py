"""Close: seal, publish and commit without asking X."""

from dataclasses import replace

import pytest
from rooms import ESA, NASA, Room, assert_once, at, nothing_written, tweet

from collector.core.batches import Counts
from collector.core.errors import SourceUnavailable, StateConflict
from collector.core.ranges import IdRange, Ranges

TWEETS = [tweet(-minutes) for minutes in (5, 15, 25, 35, 45)]


@pytest.fixture
def room():
    made = Room()
    made.set(part_bytes=1)
    made.follow(NASA, *TWEETS)
    made.follow(ESA, baseline=-30)
    return made


def interrupt(room, batch, account_id, *answers):
    room.source.script(account_id, *answers, RuntimeError("killed"))
    with pytest.raises(RuntimeError):
        room.fetch(batch)
    room.asked()


def test_what_has_landed_is_published_and_the_rest_is_a_gap_again(room):  # F24
    batch = room.plan()
    interrupt(room, batch, NASA, None)
    room.close(batch)
    assert room.asked() == []
    assert_once(room, *TWEETS[:3])
    assert room.reasons(batch) == {NASA: "interrupted", ESA: "interrupted"}
    assert room.coverage().held == Ranges.of([IdRange(TWEETS[2] - 1, at(-1))])
    assert not room.coverage(ESA).rows


def test_a_batch_whose_fetch_was_killed_counts_the_pages_that_landed(room):  # F60
    batch = room.plan()
    interrupt(room, batch, NASA, None)
    with room.state.writing() as tx:
        tx.save_batch(replace(batch, counts=Counts()))  # a kill leaves no time to count
    room.close(batch)
    counts = room.batch(batch).counts
    assert (counts.requests, counts.tweets_read, counts.rows) == (1, 3, 3)


def test_an_account_that_was_fetched_whole_is_not_interrupted(room):
    batch = room.plan()
    interrupt(room, batch, ESA)
    room.close(batch)
    assert room.reasons(batch) == {ESA: "interrupted"}


def test_closing_keeps_the_reasons_of_a_seal_that_stands(room):
    room.source.always(ESA, SourceUnavailable("503"))
    batch = room.plan()
    room.fetch(batch)
    room.close(batch)
    assert room.reasons(batch) == {ESA: "outage"}
    assert_once(room, *TWEETS)


def test_closing_a_closed_batch_changes_nothing(room):
    batch = room.collect()
    with nothing_written(room):
        assert room.close(batch) == batch


def test_an_unknown_batch_cannot_be_closed(room):
    batch = room.plan()
    other = Room(objects=room.objects)
    with pytest.raises(StateConflict, match="is not known to this state"):
        other.close(batch)


def test_a_closed_batch_that_raises_the_baseline_says_so(room):  # F3
    room.source.provable = room.source.horizon = 3
    batch = room.plan()
    interrupt(room, batch, ESA)
    room.close(batch)
    assert room.reasons(batch) == {ESA: "interrupted", NASA: "baseline_raised"}
    assert room.account(NASA).baseline == TWEETS[2] - 1
    assert room.cursor() == at(-1)
