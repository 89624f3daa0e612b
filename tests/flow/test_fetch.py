"""Fetch asks for what is planned and has not landed."""

from datetime import timedelta

import pytest
from fakes.source import page_of
from rooms import EIGHT, ESA, JAXA, NASA, Room, assert_once, at, moment, room_of, tweet

from collector.core.errors import RightMissing, SourceUnavailable, StateConflict, StoreUnavailable
from collector.core.ranges import IdRange
from collector.core.rates import RateWindow
from collector.flow.collect import finish

OUTAGE = SourceUnavailable("503")


@pytest.mark.parametrize("error", [RightMissing("403", right="s3:PutObject", place="raw/"), StoreUnavailable("503")])
def test_nothing_is_asked_of_x_where_what_it_gives_cannot_be_kept(room, error, monkeypatch):  # F45
    batch = room.plan()

    def refused(_key, _body):
        raise error

    monkeypatch.setattr(room.objects, "create", refused)
    with pytest.raises(type(error)):
        room.fetch(batch)
    assert room.source.requests_made() == 0


def test_a_fetch_lands_every_page_and_seals(room):
    batch = room.plan()
    seal = room.fetch(batch)
    assert [page.tweets for page in room.landed(batch)] == [3, 3, 2]
    assert room.batch(batch).seal == seal.number == 1
    assert room.batch(batch).counts.requests == 3
    assert room.batch(batch).counts.tweets_read == 8


def test_the_oldest_cursor_is_asked_first():
    room = Room()
    for account_id, baseline in ((NASA, -30), (ESA, -50), (JAXA, -40)):
        room.follow(account_id, baseline=baseline)
    room.fetch(room.plan())
    assert room.asked() == [ESA, JAXA, NASA]


def test_the_oldest_id_that_is_missing_counts_whatever_is_held_above_it(room):
    room.follow(ESA, baseline=-50)
    room.collect_backfill(-40, -20)
    room.asked()
    room.fetch(room.plan())
    assert list(dict.fromkeys(room.asked())) == [NASA, ESA]


def kill(room, batch, *answers):
    room.source.script(NASA, *answers, RuntimeError("killed"))
    with pytest.raises(RuntimeError, match="killed"):
        room.fetch(batch)


def test_a_resumed_fetch_asks_only_for_what_has_not_landed(room):  # F24, F45
    room.set(part_bytes=1)
    batch = room.plan()
    kill(room, batch, None, None)
    assert len(room.landed(batch)) == 2
    room.source.asks.clear()
    room.fetch(batch)
    assert [(ask.ids, ask.token) for ask in room.source.asks] == [(IdRange(at(-60), EIGHT[5] - 1), None)]


def test_after_the_seal_a_fetch_asks_nothing_and_has_lost_nothing(room, events):  # F45
    batch = room.plan()
    seal = room.fetch(batch)
    room.source.asks.clear()
    assert room.fetch(batch) == seal
    assert room.asked() == []
    assert "batch.lost" not in [one["event"] for one in events]


def test_a_crash_costs_at_most_the_part_in_memory(room):
    batch = room.plan()
    kill(room, batch, None, None)
    assert room.landed(batch) == []
    room.finish(batch)
    assert_once(room, *EIGHT)


def test_requests_and_reads_add_up_over_all_attempts(room):  # F45, F60
    batch = room.plan()
    kill(room, batch, None, None)
    assert (room.batch(batch).counts.requests, room.batch(batch).counts.tweets_read) == (3, 6)
    counts = room.finish(batch).counts
    assert (counts.requests, counts.tweets_read, counts.rows) == (6, 14, 8)
    assert room.manifest(batch).batch.counts.requests == 6


def test_a_part_is_flushed_by_size(room):
    batch = room.plan()
    room.set(part_bytes=len(page_of(EIGHT[:3], None, room.clock).body) + 400)
    room.fetch(batch)
    assert [len(room.landed(batch)), len(room.seal(batch).parts)] == [3, 2]


def test_a_part_is_flushed_by_age(room):
    batch = room.plan()
    room.set(part_age=timedelta(seconds=30))
    answer = room.source.true_page

    def slowly(ask):
        room.clock.advance(timedelta(seconds=31))
        return answer(ask)

    room.source.true_page = slowly
    room.fetch(batch)
    assert [len(room.landed(batch)), len(room.seal(batch).parts)] == [3, 2]


def test_raw_parts_sort_in_the_order_they_landed(room):
    room.set(part_bytes=1)
    answer = room.source.true_page

    def slowly(ask):
        room.clock.advance(timedelta(microseconds=10))
        return answer(ask)

    room.source.true_page = slowly
    batch = room.plan()
    room.fetch(batch)
    assert [page.settles[0].through for page in room.landed(batch)] == [at(-1), EIGHT[2] - 1, EIGHT[5] - 1]


def test_a_seal_of_another_state_stops_the_fetch_before_x_is_asked(room):  # F27, F32
    room.collect()
    other = Room(clock=room.clock, objects=room.objects)
    other.follow(NASA, *EIGHT)
    batch = other.plan(0, 15)
    with pytest.raises(StateConflict, match="never planned") as caught:
        other.fetch(batch)
    assert "rebuild" in caught.value.hint
    assert other.asked() == []


def test_rate_windows_are_shared_through_the_state(room):
    seen = RateWindow("users/:id/tweets", "abc", 900, 12, moment(15))
    room.source.windows[seen.endpoint] = seen
    room.fetch(room.plan())
    other = Room(clock=room.clock, objects=room.objects, state=room.state)
    other.follow(ESA)
    other.collect(0, 15)
    assert other.source.rate_windows() == [seen]


def test_accounts_are_walked_by_many_threads_with_the_same_result():  # F27
    room = room_of(40, concurrency=8, part_bytes=2000)
    room.source.always(7, OUTAGE)
    batch = room.collect()
    assert room.reasons(batch) == {7: "outage"}
    assert_once(room, *(tweet(-5, number) for number in range(1, 41) if number != 7))
    assert room.verify().ok


def test_progress_counts_the_accounts_that_are_done():
    room = room_of(3)
    told = []
    finish(room.plan().batch_id, room.ports, lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]
