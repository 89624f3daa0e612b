"""Publish is a pure function of a seal and its pages, into objects that stand for ever."""

from dataclasses import replace

import pytest
from fakes.source import page_of
from rooms import (
    NASA,
    PLAIN,
    Room,
    assert_once,
    nothing_written,
    tweet,
)

from collector.core.documents import Recipe, encode_manifest, manifest_key
from collector.core.errors import ObjectConflict, ObjectMissing, StateConflict
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


def test_rows_lie_in_the_partition_of_their_own_time(room):  # F48
    room.set(part_bytes=1)
    batch = room.collect()
    suffix = "csv.gz" if room.policy.recipe.compression == "gzip" else "csv"
    folders = [f"tweets/dt=2026-11-22/hour={hour}" for hour in (10, 11)]
    assert room.csv_keys() == [f"{folder}/{batch.batch_id}.{suffix}" for folder in folders]
    assert [one.key for one in room.manifest(batch).objects] == room.csv_keys()
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
    assert room.column("text") == {TWEETS[0]: f"one\ntweet {TWEETS[0]}"}
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


@pytest.mark.parametrize("member", ["objects", "ranges"])
def test_a_manifest_that_tells_of_something_else_is_a_conflict_and_stays_as_it_is(member):  # F36
    room = plain()
    batch, seal = sealed(room)
    manifest = room.publish(seal)
    strange = replace(manifest, **{member: getattr(manifest, member)[1:]})
    room.objects.bodies[manifest_key(batch.batch_id)] = encode_manifest(strange)
    with pytest.raises(ObjectConflict, match="lists other objects or ranges"):
        room.publish(seal)
    assert room.manifest(batch) == strange


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
