"""The rows of a batch: the tweets inside its ranges, each once."""

from collections import Counter
from datetime import timedelta

import pytest
from fakes.source import page_of
from hypothesis import given
from hypothesis import strategies as st
from laws import few
from rooms import (
    ESA,
    NASA,
    Room,
    assert_cursors_follow_from_coverage,
    assert_once,
    at,
    nothing_written,
    tweet,
)

from collector.core.batches import BatchKind
from collector.core.coverage import Covered, Evidence
from collector.core.documents import Recipe
from collector.core.errors import RateLimited
from collector.core.ranges import IdRange
from collector.flow import publish as publishing

TWEETS = [tweet(-minutes) for minutes in range(5, 105, 10)]
GZIP = Recipe(csv_version=1, compression="gzip", newlines="escape")


@pytest.fixture
def room():
    made = Room()
    made.follow(NASA, *TWEETS, baseline=-100)
    return made


posted = st.sets(st.integers(1, 170), min_size=1, max_size=40)


def test_where_an_object_is_cut_is_part_of_the_contract():
    assert publishing.OBJECT_BYTES == 64 * 2**20


@few
@given(posted, st.integers(1, 7), st.sampled_from([1, 900, 10**6]), st.integers(1, 2000))
def test_a_cut_by_landed_bytes_neither_repeats_nor_loses_a_row(minutes, page_size, part_bytes, object_bytes):
    room = Room()
    room.set(part_bytes=part_bytes)
    room.source.page_size = page_size
    tweets = [tweet(-minute) for minute in minutes]
    room.follow(NASA, *tweets, baseline=-180)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing, "OBJECT_BYTES", object_bytes)
        batch = room.collect()
        assert_once(room, *(one for one in tweets if one <= at(-1)))
        assert room.damage() == []
        with nothing_written(room):
            room.publish(room.seal(batch))


def test_where_objects_are_cut_is_in_their_names(monkeypatch):
    monkeypatch.setattr(publishing, "OBJECT_BYTES", 1)
    room = Room()
    room.follow(NASA, *TWEETS[:3], baseline=-100)
    batch = room.collect()
    names = [key.rpartition("/")[2] for key in room.csv_keys()]
    assert names == [f"{batch.batch_id}{number}.csv" for number in ("-001", "-002", "")]
    assert [one.rows for one in room.manifest(batch).objects] == [1, 1, 1]


def test_many_writers_publish_the_same(room):
    room.set(part_bytes=1)
    batch = room.collect()
    before = dict(room.objects.bodies)
    for key in room.csv_keys():
        del room.objects.bodies[key]
    room.press = type(room.press)(room.press.decoder, room.press.compression, room.press.scratch, writers=4)
    room.publish(room.seal(batch))
    assert room.objects.bodies == before


def test_a_manifest_counts_the_rows_of_each_range(room):
    room.source.script(NASA, None, RateLimited("429", reset_at=room.clock.now()))
    room.follow(ESA, tweet(-3), baseline=-110)
    first = room.collect()
    room.wait(15)
    second = room.collect(0, 15)
    proven = Evidence.PROVEN
    assert room.manifest(first).ranges == (
        (ESA, Covered(IdRange(at(-110), at(-1)), proven, 1)),
        (NASA, Covered(IdRange(TWEETS[2] - 1, at(-1)), proven, 3)),
    )
    assert [row.tweets for account_id, row in room.manifest(second).ranges if account_id == NASA] == [7, 0]
    assert [row.tweets for row in room.coverage().rows] == [10]


def test_a_quiet_account_is_covered_by_a_batch_without_objects():  # F47
    room = Room()
    room.follow(NASA)
    batch = room.collect()
    assert room.manifest(batch).objects == ()
    assert room.manifest(batch).ranges == ((NASA, Covered(IdRange(at(-60), at(-1)), Evidence.PROVEN, 0)),)


def test_the_row_is_that_of_the_page_that_landed_first(room):
    room.set(part_bytes=1)
    overlapping = page_of(TWEETS[:3], "t", room.clock), page_of(TWEETS[1:5], None, room.clock)
    answers = iter(overlapping)

    def slowly(_ask):
        room.clock.advance(timedelta(seconds=7))
        return next(answers)

    room.source.true_page = slowly
    room.collect()
    landed = room.column("collected_at")
    assert [landed[one][-3:-1] for one in TWEETS[:5]] == ["07", "07", "07", "14", "14"]


def test_tweets_outside_the_planned_ranges_are_not_published(room):
    room.collect()
    room.wait(15)
    room.source.script(NASA, page_of([tweet(20), tweet(5), *TWEETS[:2]], None, room.clock))
    room.collect(0, 15)
    assert_once(room, *TWEETS, tweet(5))


def test_an_edit_is_a_tweet_of_its_own(room):  # F11
    room.collect()
    edited = tweet(1)
    room.source.delete(NASA, TWEETS[0])
    room.source.post(NASA, edited)
    room.wait(15)
    room.collect(0, 15)
    assert_once(room, *TWEETS, edited)


def test_an_edit_inside_a_window_leaves_its_newest_version_alone(room):  # F11
    room.source.delete(NASA, TWEETS[0])
    room.source.post(NASA, tweet(-4))
    room.collect()
    assert_once(room, *TWEETS[1:], tweet(-4))


def test_a_tweet_that_is_deleted_and_reappears_stays_once(room):  # F12
    room.collect()
    room.source.delete(NASA, TWEETS[1])
    room.wait(15)
    room.collect(0, 15)
    room.source.post(NASA, TWEETS[1])
    room.wait(15)
    room.collect(15, 30)
    room.collect_backfill(-100, 30)
    assert_once(room, *TWEETS)


def test_a_deletion_between_attempts_keeps_what_had_landed(room):  # F12
    room.set(part_bytes=1)
    batch = room.plan()
    room.source.script(NASA, None, RuntimeError("killed"))
    with pytest.raises(RuntimeError):
        room.fetch(batch)
    room.source.delete(NASA, TWEETS[0], TWEETS[5])
    room.finish(batch)
    assert_once(room, *(one for one in TWEETS if one != TWEETS[5]))


def test_ids_of_quoted_and_retweeted_tweets_are_no_rows_and_move_no_cursor(room):  # F15
    page = page_of(TWEETS[:1], None, room.clock)
    quoted = b'"referenced_tweets":[{"type":"quoted","id":"%d"}],"text"' % tweet(30)
    included = b',"includes":{"tweets":[{"id":"%d","text":"x","author_id":"9"}]}}' % tweet(30)
    body = page.body.replace(b'"text"', quoted)[:-1] + included
    room.source.script(NASA, type(page)(body, page.tweet_ids, None, page.date))
    room.collect()
    assert_once(room, TWEETS[0])
    assert room.column("quoted_id") == {TWEETS[0]: str(tweet(30))}
    assert room.cursor() == at(-1)
    assert_cursors_follow_from_coverage(room)


@few
@given(st.lists(st.tuples(st.integers(-170, -1), st.integers(1, 90)), min_size=1, max_size=5), st.randoms())
def test_windows_in_any_order_publish_the_same_rows(windows, chance):  # F43, F44
    room = Room()
    tweets = [tweet(-minutes) for minutes in range(2, 180, 9)]
    room.follow(NASA, *tweets, baseline=-120)
    for start, length in [*windows, (-15, 15)]:
        if chance.random() < 0.3:
            room.source.script(NASA, None, RateLimited("429", reset_at=room.clock.now()))
        room.collect(start, start + length, chance.choice([BatchKind.LIVE, BatchKind.BACKFILL]))
        room.source._scripts.clear()
    wanted = [one for one in tweets if one > at(-120)]
    for number in range(2):
        room.collect(number, number + 1)
        room.wait(1)
    published = room.published()
    assert Counter(wanted) - published == Counter()
    assert set(published.values()) == {1}
    assert room.damage() == []
