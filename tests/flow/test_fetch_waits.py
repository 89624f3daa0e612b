"""A fetch that a scheduler repeats: what may pass is waited for with the batch open, and nothing is paid twice."""

from dataclasses import replace
from datetime import timedelta

import pytest
from fakes.worker import FakeWorker
from rooms import EIGHT, ESA, NASA, Room, assert_once, at, moment, proven, room_of, tweet, whole

from collector.core.errors import (
    CredentialsRefused,
    CreditsExhausted,
    NotProvenYet,
    RateLimited,
    RequestRefused,
    SourceClosed,
    SourceUnavailable,
    StateUnavailable,
)
from collector.core.ranges import IdRange
from collector.core.rates import RateWindow

OUTAGE = SourceUnavailable("503")
LIMIT = RateLimited("429", reset_at=moment(12))


def opened():
    room = Room()
    room.set(waits_for=(RateLimited,))
    room.follow(NASA, *EIGHT)
    room.follow(ESA, tweet(-5, 9), baseline=-70)
    return room


@pytest.fixture
def room():
    return opened()


def fetch_in_vain(room, batch, error):
    with pytest.raises(type(error)) as caught:
        room.fetch(batch)
    assert caught.value is error


def test_a_limit_in_the_middle_leaves_the_batch_open_with_what_landed(room, events):
    batch = room.plan()
    room.source.script(NASA, None, LIMIT)
    fetch_in_vain(room, batch, LIMIT)
    assert room.asked() == [ESA, NASA, NASA]
    assert [(page.account_id, page.tweets) for page in room.landed(batch)] == [(ESA, 1), (NASA, 3)]
    assert (room.batch(batch).is_open, room.batch(batch).seal, room.seal(batch)) == (True, None, None)
    assert [key for key in room.objects.bodies if not key.startswith("raw/")] == []
    assert [one["reason"] for one in events if one["event"] == "batch.waiting"] == ["rate_limited"]


def test_a_repeated_fetch_asks_exactly_the_missing_pages(room):  # F7 F45
    batch = room.plan()
    room.source.script(NASA, None, LIMIT)
    fetch_in_vain(room, batch, LIMIT)
    room.source.asks.clear()
    room.wait(12)
    room.fetch(batch)
    missing = IdRange(at(-60), EIGHT[2] - 1)
    assert [(ask.ids, ask.token) for ask in room.source.asks] == [(missing, None), (missing, str(EIGHT[5]))]
    counts = room.batch(batch).counts
    assert (counts.requests, counts.tweets_read) == (5, 9)


def test_the_result_is_that_of_an_undisturbed_run(room):  # F7
    calm = opened()
    batch, same = room.plan(), calm.plan()
    room.source.script(NASA, None, LIMIT, LIMIT)
    for _ in range(2):
        fetch_in_vain(room, batch, LIMIT)
    room.finish(batch)
    calm.finish(same)
    assert room.published() == calm.published()
    assert room.column("text") == calm.column("text")
    assert room.manifest(batch).ranges == calm.manifest(same).ranges
    assert room.reasons(batch) == {}
    assert room.cursor() == calm.cursor() == at(-1)
    assert proven(room) == whole()


def test_what_the_limit_says_is_remembered_for_all_workers(room):
    seen = RateWindow("users/:id/tweets", "abc", 900, 0, moment(12))
    room.source.windows[seen.endpoint] = seen
    batch = room.plan()
    room.source.script(ESA, LIMIT)
    fetch_in_vain(room, batch, LIMIT)
    with room.state.reading() as tx:
        assert tx.rate_windows() == [seen]
    assert room.batch(batch).counts.requests == 1


@pytest.mark.parametrize(("reset", "lasts"), [(moment(12), 14), (moment(-1), 2)])
def test_the_lease_lasts_until_the_limit_ends_and_a_term_beyond(room, reset, lasts):
    other = replace(room, worker=FakeWorker("other"))
    batch = room.plan()
    limit = RateLimited("429", reset_at=reset)
    room.source.script(ESA, limit)
    fetch_in_vain(room, batch, limit)
    room.clock.advance(timedelta(minutes=lasts) - timedelta(microseconds=1))
    other.plan(0, 20)
    assert room.batch(batch).is_open
    room.clock.advance(timedelta(microseconds=1))
    other.plan(0, 21)
    assert not room.batch(batch).is_open


def test_what_a_waiting_batch_landed_is_published_when_it_is_closed(room):  # F7 F24
    batch = room.plan()
    room.source.script(NASA, None, LIMIT)
    fetch_in_vain(room, batch, LIMIT)
    room.close(batch)
    assert_once(room, tweet(-5, 9), *EIGHT[:3])
    assert room.reasons(batch) == {NASA: "interrupted"}


def test_an_outage_is_waited_for_with_the_batch_open():  # F4 F22
    room = room_of(9)
    room.set(waits_for=(SourceUnavailable,))
    for number in range(2, 9):
        room.source.always(number, OUTAGE)
    batch = room.plan()
    fetch_in_vain(room, batch, OUTAGE)
    assert room.asked() == [1, 2, 3, 4, 5, 6]
    assert room.seal(batch) is None
    for number in range(2, 9):
        room.source.always(number, None)
    room.finish(batch)
    assert room.asked() == [2, 3, 4, 5, 6, 7, 8, 9]
    assert room.reasons(batch) == {}
    assert_once(room, *(tweet(-5, number) for number in range(1, 10)))


def test_of_few_accounts_none_answering_is_an_outage_too(room):  # F4
    room.set(waits_for=(SourceUnavailable,))
    for account_id in (NASA, ESA):
        room.source.always(account_id, OUTAGE)
    batch = room.plan()
    fetch_in_vain(room, batch, OUTAGE)
    assert room.seal(batch) is None


@pytest.mark.parametrize("error", [OUTAGE, RequestRefused("400")])
def test_one_account_that_always_fails_is_sealed_as_a_failure(room, error):  # F5
    room.set(waits_for=(SourceUnavailable, SourceClosed, RequestRefused))
    room.source.always(ESA, error)
    batch = room.collect()
    assert room.asked() == [ESA, NASA, NASA, NASA]
    assert room.reasons(batch) == {ESA: error.reason}
    assert proven(room) == whole()


@pytest.mark.parametrize(
    ("waits_for", "error"),
    [
        ((RateLimited,), CreditsExhausted("402")),
        ((RateLimited, SourceUnavailable), CredentialsRefused("401")),
        ((SourceUnavailable,), LIMIT),
        ((), LIMIT),
    ],
)
def test_what_is_not_waited_for_still_seals(room, waits_for, error):  # F19
    room.set(waits_for=waits_for)
    room.source.script(NASA, None, error)
    batch = room.collect()
    assert room.reasons(batch) == {NASA: error.reason}
    assert_once(room, tweet(-5, 9), *EIGHT[:3])


def test_what_was_paid_lands_also_when_the_state_fails_in_the_middle(room):  # F26 F45
    batch = room.plan()
    down = StateUnavailable("it does not answer")
    room.source.script(NASA, None, down)
    fetch_in_vain(room, batch, down)
    assert [(page.account_id, page.tweets) for page in room.landed(batch)] == [(ESA, 1), (NASA, 3)]
    room.source.asks.clear()
    room.finish(batch)
    assert [ask.ids.through for ask in room.source.asks] == [EIGHT[2] - 1] * 2
    assert room.batch(batch).counts.tweets_read == 9


def test_a_window_waits_for_the_windows_above_it_and_is_proven_then():  # F44
    room = Room()
    room.follow(NASA, tweet(-2), tweet(-95), tweet(-85), baseline=-80)
    room.set(waits_for=(NotProvenYet,))
    room.collect()
    other = replace(room, worker=FakeWorker("other"))
    older, newer = room.backfill(-100, -90), other.backfill(-90, -80)
    with pytest.raises(NotProvenYet):
        room.fetch(older)
    assert room.batch(older).is_open
    other.finish(newer)
    room.source.asks.clear()
    room.finish(older)
    assert [ask.ids for ask in room.source.asks] == [IdRange(at(-100), tweet(-95) - 1)]
    assert room.reasons(older) == {}
    assert proven(room) == whole(-100, -1)
    assert_once(room, tweet(-2), tweet(-95), tweet(-85))


@pytest.mark.parametrize("is_collecting", [False, True])
def test_a_hole_that_nobody_fills_is_not_waited_for(is_collecting):
    room = Room()
    room.follow(NASA, tweet(-2), tweet(-295), baseline=-10)
    room.set(waits_for=(NotProvenYet,))
    other = replace(room, worker=FakeWorker("other"))
    other.plan() if is_collecting else room.collect()
    older = room.backfill(-300, -290)
    room.finish(older)
    assert room.reasons(older) == {NASA: "not_proven_yet"}


def test_what_is_collected_between_two_parts_of_a_window_is_not_waited_for():
    room = Room()
    room.follow(NASA, tweet(-2), tweet(-89))
    room.set(waits_for=(NotProvenYet,))
    room.collect()
    room.wait(180)
    replace(room, worker=FakeWorker("other")).backfill(-80, -70)
    older = room.backfill(-90, -60)
    assert [ids for _, ids in room.spans(older)] == [IdRange(at(-90), at(-80)), IdRange(at(-70), at(-60))]
    room.finish(older)
    assert room.reasons(older) == {NASA: "not_proven_yet"}


def test_whom_nothing_waits_for_is_sealed_with_its_doubt():
    room = Room()
    room.follow(NASA, tweet(-2), tweet(-95), baseline=-80)
    room.collect()
    other = replace(room, worker=FakeWorker("other"))
    older, _ = room.backfill(-100, -90), other.backfill(-90, -80)
    room.finish(older)
    assert room.reasons(older) == {NASA: "not_proven_yet"}
