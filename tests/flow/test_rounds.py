"""Rounds: micro-batches one after the other, without a scheduler."""

from datetime import timedelta

import pytest
from rooms import ESA, NASA, Room, assert_once, moment, tweet, window

from collector.core.accounts import shard_of
from collector.core.errors import SourceUnavailable
from collector.flow.rounds import FIRST_WINDOW, collect_round, keep_accounts, live_window

TWEETS = [tweet(-minutes) for minutes in (5, 15, 25)]


@pytest.fixture
def room():
    made = Room()
    made.follow(NASA, *TWEETS)
    return made


def test_the_first_window_ends_now(room):
    assert live_window(0, state=room.state, clock=room.clock) == window(-15, 0)
    assert timedelta(minutes=15) == FIRST_WINDOW


def test_windows_follow_each_other_without_a_hole(room):
    windows = []
    for minutes in (5, 1, 60):
        (batch,) = collect_round(None, 1, room.ports)
        windows.append(batch.window)
        room.wait(minutes)
    assert windows == [window(-15, 0), window(0, 5), window(5, 6)]
    assert_once(room, *TWEETS)


def test_windows_are_whole_seconds(room):
    room.clock.advance(timedelta(milliseconds=700))
    assert live_window(0, state=room.state, clock=room.clock) == window(-15, 0)


def test_a_second_round_in_the_same_second_is_the_first_one_again(room):
    first, second = (collect_round(None, 1, room.ports) for _ in range(2))
    assert first == second


def test_a_window_that_has_not_passed_is_no_start(room):
    room.plan(-15, 30)
    assert live_window(0, state=room.state, clock=room.clock).start == moment(-15)


def test_a_backfill_and_another_shard_do_not_move_the_window(room):
    room.collect_backfill(-60, -2)
    room.collect(-10, -3, shard=1)
    assert live_window(0, state=room.state, clock=room.clock) == window(-15, 0)


def test_every_shard_gets_its_batch(room):
    room.follow(ESA, tweet(-4), shard=1)
    batches = collect_round(None, 2, room.ports)
    assert [batch.shard for batch in batches] == [0, 1]
    assert_once(room, *TWEETS, tweet(-4))


def test_a_given_window_is_collected_as_it_is(room):  # F49
    (batch,) = collect_round(window(-30, -10), 1, room.ports)
    assert batch.window == window(-30, -10)
    assert_once(room, *TWEETS[1:])
    assert collect_round(window(-30, -10), 1, room.ports) == [batch]


def test_an_outage_between_rounds_loses_nothing(room):  # F4
    collect_round(None, 1, room.ports)
    room.source.always(NASA, SourceUnavailable("503"))
    late = [tweet(minutes) for minutes in (2, 7, 12)]
    for number in range(3):
        room.source.post(NASA, late[number])
        room.wait(5)
        collect_round(None, 1, room.ports)
    room.source.always(NASA, None)
    room.wait(5)
    collect_round(None, 1, room.ports)
    assert_once(room, *TWEETS, *late)


def test_accounts_are_kept_in_their_shards_and_under_their_names(room):  # F14
    room.source.add(NASA, "renamed")
    room.clock.advance(timedelta(days=2))
    keep_accounts(16, timedelta(days=1), room.ports)
    account = room.account(NASA)
    assert (account.username, account.shard) == ("renamed", shard_of(NASA, 16))


def test_names_that_cannot_be_read_wait_for_the_next_time(room, events):
    room.clock.advance(timedelta(days=2))
    room.source.lookup_error = SourceUnavailable("503")
    keep_accounts(1, timedelta(days=1), room.ports)
    assert [one["event"] for one in events if one["log_level"] == "warning"] == ["accounts.not_refreshed"]
    room.source.lookup_error = None
    keep_accounts(1, timedelta(days=1), room.ports)
    assert room.account(NASA).username_at == room.clock.now()


def test_without_a_username_check_nobody_is_looked_up(room):
    room.clock.advance(timedelta(days=99))
    keep_accounts(1, timedelta(0), room.ports)
    assert room.source.lookups == []
