"""Fetch asks for what is planned and has not landed, whatever the source does."""

from datetime import timedelta

import pytest
from fakes.source import page_of
from rooms import ESA, JAXA, NASA, Room, assert_cursors_follow_from_coverage, assert_once, at, moment, tweet

from collector.core.coverage import Evidence
from collector.core.errors import (
    CredentialsRefused,
    CreditsExhausted,
    PageTokenExpired,
    RateLimited,
    RequestRefused,
    SourceUnavailable,
    StateConflict,
)
from collector.core.ranges import IdRange, Ranges
from collector.core.rates import RateWindow
from collector.flow.account_walk import IDLE_PAGES
from collector.flow.collect import finish

OUTAGE = SourceUnavailable("503")
EIGHT = [tweet(-minutes) for minutes in range(2, 10)]


@pytest.fixture
def room():
    made = Room()
    made.follow(NASA, *EIGHT)
    return made


def proven(room, account_id=NASA):
    return room.coverage(account_id).of(Evidence.PROVEN)


def whole(start=-60, end=-1):
    return Ranges.of([IdRange(at(start), at(end))])


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


def test_one_account_that_fails_never_stops_the_others(room):  # F5
    room.follow(ESA, tweet(-5, 9), baseline=-90)
    room.source.always(ESA, OUTAGE)
    batch = room.collect()
    assert room.reasons(batch) == {ESA: "outage"}
    assert proven(room) == whole()
    assert not room.coverage(ESA).rows


def test_a_request_that_x_refuses_stops_its_account_alone(room):
    room.follow(ESA, baseline=-90)
    room.source.always(ESA, RequestRefused("400"))
    assert room.reasons(room.collect()) == {ESA: "request_refused"}
    assert proven(room) == whole()


def many(count, **choices):
    room = Room()
    room.set(**choices)
    for number in range(1, count + 1):
        room.follow(number, tweet(-5, number), baseline=-60 - count + number)
    return room


def test_five_outages_in_a_row_end_the_asking():  # F4, F22
    room = many(9)
    for number in range(2, 9):
        room.source.always(number, OUTAGE)
    batch = room.collect()
    assert room.asked() == [1, 2, 3, 4, 5, 6]
    assert room.reasons(batch) == dict.fromkeys(range(2, 10), "outage")
    assert_once(room, tweet(-5, 1))


def test_an_answer_between_outages_shows_that_the_source_is_up():
    room = many(9)
    for number in (1, 2, 3, 4, 6, 7, 8, 9):
        room.source.always(number, OUTAGE)
    room.collect()
    assert len(room.asked()) == 9


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RateLimited("429", reset_at=moment(15)), "rate_limited"),
        (CreditsExhausted("402"), "credits_exhausted"),
        (CredentialsRefused("401"), "credentials_refused"),
    ],
)
def test_a_source_that_closes_ends_the_run_and_what_landed_is_published(error, reason):  # F7, F19
    room = many(4)
    room.source.script(2, error)
    batch = room.collect()
    assert room.asked() == [1, 2]
    assert room.reasons(batch) == dict.fromkeys((2, 3, 4), reason)
    assert_once(room, tweet(-5, 1))
    room.wait(15)
    room.collect(0, 15)
    assert_once(room, *(tweet(-5, number) for number in range(1, 5)))


def test_a_limit_in_the_middle_of_a_walk_leaves_the_lower_part_a_gap(room):
    room.source.script(NASA, None, RateLimited("429", reset_at=moment(15)))
    room.collect()
    assert proven(room) == Ranges.of([IdRange(EIGHT[2] - 1, at(-1))])
    assert room.cursor() is None
    room.wait(15)
    room.collect(0, 15)
    assert room.cursor() == at(14)
    assert_once(room, *EIGHT)


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


def test_after_the_seal_a_fetch_asks_nothing(room):  # F45
    batch = room.plan()
    seal = room.fetch(batch)
    room.source.asks.clear()
    assert room.fetch(batch) == seal
    assert room.asked() == []


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


def test_an_expired_token_is_walked_on_by_id_range(room):  # F9
    room.source.script(NASA, None, PageTokenExpired("gone"))
    assert room.reasons(room.collect()) == {}
    assert proven(room) == whole()
    assert_once(room, *EIGHT)


def test_a_token_that_always_expires_ends_as_an_outage(room):  # F9, F22
    first = page_of([tweet(0)], "gone", room.clock)
    room.source.script(NASA, first, PageTokenExpired("gone"), first, PageTokenExpired("gone"))
    assert room.reasons(room.collect()) == {NASA: "outage"}
    assert len(room.asked()) == 2


def test_a_token_refused_before_there_was_one_is_an_outage(room):
    room.source.always(NASA, PageTokenExpired("what token?"))
    assert room.reasons(room.collect()) == {NASA: "outage"}
    assert len(room.asked()) == 1


def test_a_repeated_token_ends_the_list_and_the_walk_goes_on_by_id_range(room):  # F9
    room.source.script(NASA, *(page_of(EIGHT[:3], "again", room.clock) for _ in range(2)))
    assert room.reasons(room.collect()) == {}
    assert proven(room) == whole()
    assert_once(room, *EIGHT)


def test_endless_empty_pages_end_as_an_outage(room):  # F9, F22
    room.source.script(NASA, *(page_of([], f"token {number}", room.clock) for number in range(99)))
    assert room.reasons(room.collect()) == {NASA: "outage"}
    assert len(room.asked()) == IDLE_PAGES
    assert not room.coverage().rows


def test_empty_pages_with_tokens_are_walked_through(room):  # F9
    room.source.script(NASA, page_of([], str(at(0)), room.clock))
    assert room.reasons(room.collect()) == {}
    assert_once(room, *EIGHT)
    assert proven(room) == whole()


def test_pages_out_of_order_lose_nothing(room):
    mixed = [EIGHT[4], EIGHT[0], EIGHT[2]], [EIGHT[1], EIGHT[3]]
    pages = [page_of(mixed[0], "t", room.clock), page_of(mixed[1], str(EIGHT[4]), room.clock)]
    room.source.script(NASA, *pages)
    room.collect()
    assert_once(room, *EIGHT)
    assert proven(room) == whole()


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


def test_a_paused_account_stays_paused_when_its_open_batch_ends(room):
    batch = room.plan()
    room.follow(NASA, status="paused")
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
    assert room.reasons(batch) == {NASA: "unproven"}
    assert list(room.coverage().of(Evidence.UNPROVEN)) == [missed]
    assert room.cursor() == at(-1)
    assert room.account(NASA).baseline == at(-60)
    room.asked()
    room.wait(15)
    room.collect(15, 30)
    assert [ask.ids for ask in room.source.asks] == [IdRange(at(14), at(29))]


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
    room = many(40, concurrency=8, part_bytes=2000)
    room.source.always(7, OUTAGE)
    batch = room.collect()
    assert room.reasons(batch) == {7: "outage"}
    assert_once(room, *(tweet(-5, number) for number in range(1, 41) if number != 7))
    assert room.verify().ok


def test_progress_counts_the_accounts_that_are_done():
    room = many(3)
    told = []
    finish(room.plan().batch_id, room.ports, lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]
