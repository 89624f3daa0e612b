"""Publish is a pure function of a seal and its pages, into objects that stand for ever."""

import csv
import io
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
    PLAIN,
    Room,
    assert_cursors_follow_from_coverage,
    assert_once,
    at,
    nothing_written,
    tweet,
)

from collector.core.batches import BatchKind
from collector.core.coverage import Covered, Evidence
from collector.core.documents import Recipe, manifest_key
from collector.core.errors import ObjectConflict, ObjectMissing, RateLimited, StateConflict
from collector.core.ranges import IdRange
from collector.flow import publish as publishing
from collector.flow.publish import read_manifest

TWEETS = [tweet(-minutes) for minutes in range(5, 105, 10)]
GZIP = Recipe(csv_version=1, compression="gzip", newlines="escape")


@pytest.fixture(params=["none", "gzip"])
def room(request):
    made = Room()
    made.set(recipe=Recipe(csv_version=1, compression=request.param, newlines="escape"))
    made.follow(NASA, *TWEETS, baseline=-100)
    return made


def plain():
    made = Room()
    made.follow(NASA, *TWEETS, baseline=-100)
    return made


def cells(room, column):
    """Return a column by tweet id, over all objects."""
    return {
        int(row["tweet_id"]): row[column]
        for key in room.csv_keys()
        for row in csv.DictReader(io.StringIO(room.csv(key).decode()))
    }


def test_rows_lie_in_the_partition_of_their_own_time(room):  # F48
    batch = room.collect()
    suffix = "csv.gz" if room.policy.recipe.compression == "gzip" else "csv"
    folders = [f"tweets/dt=2026-11-22/hour={hour}" for hour in (10, 11)]
    assert room.csv_keys() == [f"{folder}/{batch.batch_id}.{suffix}" for folder in folders]
    assert_once(room, *TWEETS)
    assert room.damage() == []


def test_the_hour_of_midnight_belongs_to_the_new_day():  # F48
    room = Room()
    midnight = 12 * 60
    room.follow(NASA, tweet(midnight - 1 / 60), tweet(midnight), baseline=midnight - 30)
    room.wait(midnight + 60)
    room.collect(midnight - 60, midnight + 60)
    days = [key.rpartition("/")[0] for key in room.csv_keys()]
    assert days == ["tweets/dt=2026-11-22/hour=23", "tweets/dt=2026-11-23/hour=00"]
    assert room.damage() == []


def test_a_repetition_writes_nothing_and_says_the_same(room):  # F43, F54
    batch = room.collect()
    with nothing_written(room):
        again = room.publish(room.seal(batch))
        assert room.commit(again) == batch == room.finish(batch)
    assert again == room.manifest(batch)


def test_equal_seals_and_pages_give_equal_bytes(room):  # F54
    batch = room.collect()
    before = dict(room.objects.bodies)
    for key in [*room.csv_keys(), manifest_key(batch.batch_id)]:
        del room.objects.bodies[key]
    room.set(recipe=PLAIN)
    room.publish(room.seal(batch))
    assert room.objects.bodies == before


def test_the_recipe_is_the_seals_and_not_the_settings():
    room = plain()
    batch = room.plan()
    seal = room.fetch(batch)
    room.set(recipe=GZIP)
    room.finish(batch)
    assert all(key.endswith(".csv") for key in room.csv_keys())
    assert room.seal(batch) == seal


def test_kept_newlines_are_the_seals_choice_too():
    room = plain()
    room.set(recipe=Recipe(csv_version=1, compression="none", newlines="keep"))
    page = page_of(TWEETS[:1], None, room.clock)
    body = page.body.replace(b'"tweet ', b'"one\\ntweet ')
    room.source.script(NASA, type(page)(body, page.tweet_ids, None, page.date))
    room.collect()
    assert cells(room, "text") == {TWEETS[0]: f"one\ntweet {TWEETS[0]}"}
    assert room.damage() == []


def test_a_missing_object_is_put_back(room):
    batch = room.collect()
    before = dict(room.objects.bodies)
    del room.objects.bodies[room.csv_keys()[0]]
    room.publish(room.seal(batch))
    assert room.objects.bodies == before


def sealed(room):
    batch = room.plan()
    return batch, room.fetch(batch)


def other_version(body, room):
    lines = body.replace(b'"tweet ', b'"Tweet ')
    return room.press.compression.compress(lines) if room.policy.recipe.compression == "gzip" else lines


def published_by_another_version(room, seal):
    """Leave objects of the same tweets and other bytes, as a newer library would write them."""
    room.publish(seal)
    for key in room.csv_keys():
        room.objects.bodies[key] = other_version(room.csv(key), room)
    del room.objects.bodies[manifest_key(seal.batch.batch_id)]
    return {key: room.objects.bodies[key] for key in room.csv_keys()}


def test_an_object_of_the_same_tweets_is_adopted_as_it_stands(room):  # F36
    batch, seal = sealed(room)
    standing = published_by_another_version(room, seal)
    room.commit(room.publish(seal))
    assert {key: room.objects.bodies[key] for key in room.csv_keys()} == standing
    assert [one.bytes for one in room.manifest(batch).objects] == [len(body) for body in standing.values()]
    assert room.damage() == []


@pytest.mark.parametrize(
    "strange", [b"", b"garbage", b"tweet_id,text\n", b'tweet_id,text\n1,"x"\n', b'no,text\n1,"x"\n']
)
def test_an_object_of_other_tweets_is_a_conflict_and_stays_as_it_is(strange):  # F36
    room = plain()
    _, seal = sealed(room)
    key = f"tweets/dt=2026-11-22/hour=11/{seal.batch.batch_id}.csv"
    room.objects.bodies[key] = strange
    with pytest.raises(ObjectConflict, match="holds other tweets"):
        room.publish(seal)
    assert room.objects.bodies[key] == strange
    assert manifest_key(seal.batch.batch_id) not in room.objects.bodies


def test_garbage_where_a_gzip_should_be_is_a_conflict():  # F36
    room = plain()
    room.set(recipe=GZIP)
    _, seal = sealed(room)
    room.objects.bodies[f"tweets/dt=2026-11-22/hour=11/{seal.batch.batch_id}.csv.gz"] = b"garbage"
    with pytest.raises(ObjectConflict):
        room.publish(seal)


def test_an_object_changed_after_its_manifest_is_reported_and_not_replaced(room):
    batch = room.collect()
    key = room.csv_keys()[0]
    changed = room.objects.bodies[key] = other_version(room.csv(key), room)
    with pytest.raises(ObjectConflict, match="manifest"):
        room.publish(room.seal(batch))
    assert room.objects.bodies[key] == changed


def expire(room):
    for key in list(room.objects.keys("raw/")):
        del room.objects.bodies[key]


def test_without_raw_pages_the_objects_are_checked_against_the_manifest(room):
    batch = room.collect()
    expire(room)
    with nothing_written(room):
        assert room.publish(room.seal(batch)) == room.manifest(batch)
    room.objects.bodies[room.csv_keys()[0]] += b"x"
    with pytest.raises(ObjectConflict, match="differs from what its manifest recorded"):
        room.publish(room.seal(batch))
    del room.objects.bodies[room.csv_keys()[0]]
    with pytest.raises(ObjectMissing):
        room.publish(room.seal(batch))


def test_raw_pages_lost_before_publishing_are_missed_aloud(room):
    _, seal = sealed(room)
    expire(room)
    with pytest.raises(ObjectMissing):
        room.publish(seal)


def test_a_batch_without_a_manifest_is_not_published(room):
    batch = room.plan()
    with pytest.raises(StateConflict, match="is not published"):
        read_manifest(batch.batch_id, objects=room.objects)
    room.finish(batch)
    assert read_manifest(batch.batch_id, objects=room.objects) == room.manifest(batch)


posted = st.sets(st.integers(1, 170), min_size=1, max_size=40)


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


def test_the_row_is_that_of_the_page_that_landed_first():
    room = plain()
    room.set(part_bytes=1)
    overlapping = page_of(TWEETS[:3], "t", room.clock), page_of(TWEETS[1:5], None, room.clock)
    answers = iter(overlapping)

    def slowly(_ask):
        room.clock.advance(timedelta(seconds=7))
        return next(answers)

    room.source.true_page = slowly
    room.collect()
    landed = cells(room, "collected_at")
    assert [landed[one][-3:-1] for one in TWEETS[:5]] == ["07", "07", "07", "14", "14"]


def test_tweets_outside_the_planned_ranges_are_not_published():
    room = plain()
    room.collect()
    room.wait(15)
    room.source.script(NASA, page_of([tweet(20), tweet(5), *TWEETS[:2]], None, room.clock))
    room.collect(0, 15)
    assert_once(room, *TWEETS, tweet(5))


def test_an_edit_is_a_tweet_of_its_own():  # F11
    room = plain()
    room.collect()
    edited = tweet(1)
    room.source.delete(NASA, TWEETS[0])
    room.source.post(NASA, edited)
    room.wait(15)
    room.collect(0, 15)
    assert_once(room, *TWEETS, edited)


def test_an_edit_inside_a_window_leaves_its_newest_version_alone():  # F11
    room = plain()
    room.source.delete(NASA, TWEETS[0])
    room.source.post(NASA, tweet(-4))
    room.collect()
    assert_once(room, *TWEETS[1:], tweet(-4))


def test_a_tweet_that_is_deleted_and_reappears_stays_once():  # F12
    room = plain()
    room.collect()
    room.source.delete(NASA, TWEETS[1])
    room.wait(15)
    room.collect(0, 15)
    room.source.post(NASA, TWEETS[1])
    room.wait(15)
    room.collect(15, 30)
    room.collect_backfill(-100, 30)
    assert_once(room, *TWEETS)


def test_a_deletion_between_attempts_keeps_what_had_landed():  # F12
    room = plain()
    room.set(part_bytes=1)
    batch = room.plan()
    room.source.script(NASA, None, RuntimeError("killed"))
    with pytest.raises(RuntimeError):
        room.fetch(batch)
    room.source.delete(NASA, TWEETS[0], TWEETS[5])
    room.finish(batch)
    assert_once(room, *(one for one in TWEETS if one != TWEETS[5]))


def test_ids_of_quoted_and_retweeted_tweets_are_no_rows_and_move_no_cursor():  # F15
    room = plain()
    page = page_of(TWEETS[:1], None, room.clock)
    quoted = b'"referenced_tweets":[{"type":"quoted","id":"%d"}],"text"' % tweet(30)
    included = b',"includes":{"tweets":[{"id":"%d","text":"x","author_id":"9"}]}}' % tweet(30)
    body = page.body.replace(b'"text"', quoted)[:-1] + included
    room.source.script(NASA, type(page)(body, page.tweet_ids, None, page.date))
    room.collect()
    assert_once(room, TWEETS[0])
    assert cells(room, "quoted_id") == {TWEETS[0]: str(tweet(30))}
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
