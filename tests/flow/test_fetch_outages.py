"""A fetch comes to an end whatever the source does, and what landed counts."""

import pytest
from fakes.source import page_of
from rooms import EIGHT, ESA, NASA, assert_once, at, moment, proven, room_of, tweet, whole

from collector.core.errors import (
    CredentialsRefused,
    CreditsExhausted,
    PageTokenExpired,
    RateLimited,
    RequestRefused,
    SourceUnavailable,
    StoreUnavailable,
)
from collector.core.ranges import IdRange, Ranges
from collector.flow.account_walk import IDLE_PAGES
from collector.flow.outages import Outages
from collector.flow.views import gaps

OUTAGE = SourceUnavailable("503")


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


def test_five_outages_in_a_row_end_the_asking():  # F4, F22
    room = room_of(9)
    for number in range(2, 9):
        room.source.always(number, OUTAGE)
    batch = room.collect()
    assert room.asked() == [1, 2, 3, 4, 5, 6]
    assert room.reasons(batch) == dict.fromkeys((*range(2, 7), None), "outage")
    assert batch.failures[-1].message.startswith("3 accounts were not asked any more")
    assert {gap.reason for gap in gaps(state=room.state)} == {"outage"}
    assert_once(room, tweet(-5, 1))


def test_accounts_that_never_answer_do_not_keep_the_others_from_being_asked():  # F5
    room = room_of(12)
    for number in range(1, 6):
        room.source.always(number, OUTAGE)
    room.collect()
    room.follow(20, shard=1)
    room.wait(15)
    room.collect(shard=1)
    room.asked()
    batch = room.collect(0, 15)
    assert set(range(6, 13)) <= set(room.asked())
    assert set(room.reasons(batch)) == set(range(1, 6))


@pytest.mark.parametrize("error", [RateLimited("429", reset_at=moment(1)), CreditsExhausted("402")])
def test_who_met_a_limit_is_asked_in_turn_all_the_same(error):  # F7
    room = room_of(3)
    room.source.script(1, error)
    room.collect()
    room.wait(15)
    room.asked()
    room.collect(0, 15)
    assert room.asked() == [1, 2, 3]


def test_whose_list_merely_ended_early_is_asked_in_turn_all_the_same():  # F3
    room = room_of(3)
    room.source.provable = 3
    room.source.post(1, tweet(-6), tweet(-7))
    assert room.reasons(room.collect()) == {1: "baseline_raised"}
    room.wait(15)
    room.asked()
    room.collect(0, 15)
    assert room.asked() == [1, 2, 3]


def test_accounts_that_cannot_be_read_are_asked_after_all_others():  # F13
    room = room_of(6)
    for number in range(1, 4):
        room.source.hide(number, "protected")
    room.collect()
    room.wait(15)
    room.asked()
    room.collect(0, 15)
    assert room.asked() == [4, 5, 6, 1, 2, 3]


def test_five_requests_in_a_row_that_x_refuses_end_the_asking():
    room = room_of(9)
    for number in range(1, 10):
        room.source.always(number, RequestRefused("400"))
    room.collect()
    assert len(room.asked()) == 5


def test_an_answer_between_outages_shows_that_the_source_is_up():
    room = room_of(9)
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
    room = room_of(4)
    room.source.script(2, error)
    batch = room.collect()
    assert room.asked() == [1, 2]
    assert room.reasons(batch) == dict.fromkeys((2, None), reason)
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
    assert [ask.token for ask in room.source.asks].count("again") == 1
    assert proven(room) == whole()
    assert_once(room, *EIGHT)


def test_endless_empty_pages_end_as_an_outage(room):  # F9, F22
    room.source.script(NASA, *(page_of([], f"token {number}", room.clock) for number in range(99)))
    assert room.reasons(room.collect()) == {NASA: "outage"}
    assert len(room.asked()) == IDLE_PAGES
    assert not room.coverage().rows


def test_pages_of_tweets_that_were_not_asked_for_end_soon(room):  # F22
    room.source.script(NASA, *(page_of([at(-200) - number], f"token {number}", room.clock) for number in range(99)))
    assert room.reasons(room.collect()) == {NASA: "outage"}
    assert len(room.asked()) == 3
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


def test_after_a_fault_of_ours_no_account_is_asked_any_more():  # F22
    outages, asked = Outages(5), []

    def fail(_work):
        message = "the store is down"
        raise StoreUnavailable(message)

    with pytest.raises(StoreUnavailable):
        outages.guard(fail, None)
    assert outages.guard(asked.append, None) == []
    assert asked == []
