"""Seals: one log without holes, and the first seal of a batch stands."""

from dataclasses import replace

import pytest
from rooms import ESA, NASA, Room, assert_once, at, tweet

from collector.core.batches import BatchStatus
from collector.core.documents import encode_seal, seal_key
from collector.core.errors import LogMissing, ObjectMissing, SourceUnavailable, StateConflict
from collector.core.landing import Landing
from collector.core.ranges import IdRange
from collector.flow.seal import check_log, read_seal, seal, seal_of

TWEETS = [tweet(-minutes) for minutes in (5, 15, 25, 35)]


@pytest.fixture
def room():
    made = Room()
    made.follow(NASA, *TWEETS)
    return made


def seal_now(room, batch, landing=None, failures=()):
    return seal(
        batch.batch_id,
        landing or Landing(),
        failures,
        room.policy.recipe,
        state=room.state,
        objects=room.objects,
    )


def test_seals_are_numbered_without_holes(room):
    for minutes in (0, 15, 30):
        room.collect(minutes - 15, minutes)
        room.wait(15)
    assert list(room.objects.keys("seals/")) == [seal_key(number) for number in (1, 2, 3)]
    with room.state.reading() as tx:
        assert tx.last_seal() == 3


def test_a_seal_holds_the_plan_the_parts_and_the_recipe(room):
    room.set(part_bytes=1)
    batch = room.plan()
    sealed = room.fetch(batch)
    assert sealed.batch.plan_id == batch.plan_id
    assert [(span.account_id, span.ids) for span in sealed.spans] == [(NASA, IdRange(at(-60), at(-1)))]
    assert sealed.parts == tuple(sorted(room.objects.keys(f"raw/{batch.batch_id}/")))
    assert len(sealed.parts) == 2
    assert sealed.recipe == room.policy.recipe
    assert read_seal(1, room.objects) == sealed == seal_of(batch.batch_id, state=room.state, objects=room.objects)


def test_the_first_seal_of_a_batch_stands(room):  # F46
    batch = room.plan()
    first = room.fetch(batch)
    assert seal_now(room, batch) == first
    assert list(room.objects.keys("seals/")) == [seal_key(1)]


def test_a_second_seal_of_a_batch_takes_its_number_and_changes_nothing(room):  # F28
    batch = room.collect()
    room.objects.create(seal_key(2), encode_seal(replace(room.seal(batch), number=2, parts=())))
    check_log(state=room.state, objects=room.objects)
    assert room.batch(batch) == batch
    with room.state.reading() as tx:
        assert tx.last_seal() == 2


def test_a_page_that_lands_after_the_seal_does_not_count(room):  # F28
    batch = room.plan()
    room.source.script(NASA, SourceUnavailable("503"))
    room.fetch(batch)
    other = Room(clock=room.clock, objects=room.objects)
    other.follow(NASA, *TWEETS)
    late = other.plan()
    other.objects = type(room.objects)()
    other.fetch(late)
    part = next(other.objects.keys("raw/"))
    room.objects.bodies[part] = other.objects.bodies[part]
    room.finish(batch)
    assert room.published() == {}
    assert not room.coverage().rows
    room.collect(-14, 0)
    assert_once(room, *TWEETS)


def test_a_number_taken_by_a_batch_of_ours_is_noted_and_the_next_is_taken(room):  # F27
    room.follow(ESA, shard=1)
    mine, other = room.plan(), room.plan(shard=1)
    standing = seal_now(room, other)
    with room.state.writing() as tx:
        tx._tables.seal_log["last_seal"] = 0
        tx.save_batch(replace(other, seal=None, status=BatchStatus.PLANNED))
    assert seal_now(room, mine).number == 2
    assert room.batch(other).seal == standing.number == 1
    assert seal_now(room, other) == standing


def test_a_number_taken_by_a_strange_batch_is_a_conflict(room):  # F32
    batch = room.plan()
    stranger = replace(batch, plan_id="stranger")
    sealed = room.fetch(batch)
    other = Room(clock=room.clock)
    other.follow(NASA)
    mine = other.plan()
    other.objects.bodies[seal_key(1)] = encode_seal(replace(sealed, batch=stranger))
    with pytest.raises(StateConflict, match=r"seal 1 in fake://objects is of batch .* never planned") as caught:
        seal_now(other, mine)
    assert "collector rebuild" in caught.value.hint
    assert other.batch(mine).seal is None


def test_a_seal_written_before_a_crash_is_noted_before_x_is_asked(room):  # F24, F45
    batch = room.plan()
    sealed = room.fetch(batch)
    with room.state.writing() as tx:
        tx._tables.seal_log["last_seal"] = 0
        tx.save_batch(batch)
    room.asked()
    assert room.fetch(batch) == sealed
    assert room.asked() == []


def test_checking_the_log_notes_all_that_stands(room):
    batches = []
    for shard in range(3):
        room.follow(shard + 1, shard=shard)
        batches.append(room.plan(shard=shard))
        seal_now(room, batches[-1])
    with room.state.writing() as tx:
        tx._tables.seal_log["last_seal"] = 0
        for batch in batches:
            tx.save_batch(batch)
    check_log(state=room.state, objects=room.objects)
    assert [room.batch(batch).seal for batch in batches] == [1, 2, 3]


def test_a_state_does_not_go_on_in_an_output_without_its_log(room):
    room.collect(-15, 0)
    room.wait(15)
    batch = room.plan(0, 15)
    room.objects = type(room.objects)()
    room.asked()
    for go_on in (room.fetch, room.close):
        with pytest.raises(LogMissing, match=r"seal 1, .* not in fake://objects") as caught:
            go_on(batch)
        assert "COLLECTOR_OUTPUT" in caught.value.hint
    assert room.asked() == []
    assert room.objects.bodies == {}


def test_a_batch_that_is_not_known_has_no_seal(room):
    with pytest.raises(StateConflict, match="batch live-x is not known"):
        seal_of("live-x", state=room.state, objects=room.objects)
    with pytest.raises(ObjectMissing):
        read_seal(1, room.objects)
    assert seal_of(room.plan().batch_id, state=room.state, objects=room.objects) is None


def test_a_fetch_that_ends_after_its_batch_was_closed_finds_the_seal_that_stands(room):  # F28, F46
    room.source.provable = room.source.horizon = 2
    batch = room.plan()
    answer = room.source.true_page

    def closing(ask):
        page = answer(ask)
        room.source.true_page = answer
        room.close(batch)
        return page

    room.source.true_page = closing
    assert room.fetch(batch) == room.seal(batch)
    assert room.reasons(batch) == {NASA: "interrupted"}
    assert room.finish(batch) == room.batch(batch)
    room.wait(15)
    room.collect(0, 15)
    assert_once(room, *TWEETS[:2])
    assert room.damage() == []
