"""Accounts that are followed: paused, resumed, spread over shards, and under the username they have now."""

from datetime import timedelta

import pytest
from following import accounts, crowd, follow_in, meanwhile, refresh_in, shared_room
from rooms import ESA, NASA, at, moment

from collector.core.accounts import AccountStatus, shard_of
from collector.core.errors import RateLimited
from collector.flow.accounts import MOST_REFRESHED, change_status, reshard


@pytest.fixture
def room():
    return shared_room()


def test_usernames_are_read_again_when_they_are_old(room):  # F14
    follow_in(room, "nasa", "esa")
    room.collect()
    room.source.add(NASA, "renamed")
    room.source.lookups.clear()
    day = timedelta(days=1)
    assert refresh_in(room, day) == []
    assert room.source.lookups == []
    room.clock.advance(day)
    ((before, after),) = refresh_in(room, day)
    assert (before.username, after.username) == ("NASA", "renamed")
    with room.state.reading() as tx:
        assert tx.cursors()[NASA].username == "renamed"
    assert refresh_in(room, day) == []
    assert len(room.source.lookups) == 1


def test_a_refresh_undoes_nothing_that_happened_meanwhile(room):  # F14
    follow_in(room, "nasa", "esa")
    room.source.add(NASA, "renamed")
    room.wait(5)
    meanwhile(room, NASA, status=AccountStatus.PAUSED, status_at=moment(3), baseline=at(-1), shard=5)
    refresh_in(room)
    seen = accounts(room)[NASA]
    assert (seen.username, seen.username_at) == ("renamed", moment(5))
    assert (seen.status, seen.status_at, seen.baseline, seen.shard) == ("paused", moment(3), at(-1), 5)


def test_a_rename_that_another_worker_noted_is_not_told_again(room):  # F14
    follow_in(room, "nasa")
    room.source.add(NASA, "renamed")
    meanwhile(room, NASA, username="renamed")
    assert refresh_in(room) == []
    assert accounts(room)[NASA].username == "renamed"


def test_a_refresh_reads_the_oldest_usernames_first_and_not_too_many(room):
    names = crowd(room, 3)
    for name in reversed(names):
        follow_in(room, name)
        room.wait(1)
    room.source.lookups.clear()
    refresh_in(room, most=2)
    assert room.source.lookups == [("1003", "1002")]
    room.wait(1)
    refresh_in(room, most=1)
    assert room.source.lookups[1:] == [("1001",)]


def test_a_refresh_reads_five_hundred_usernames_a_call_unless_told_otherwise(room):
    follow_in(room, *crowd(room, 510))
    room.source.lookups.clear()
    room.wait(1)
    refresh_in(room)
    assert list(map(len, room.source.lookups)) == [100] * 5
    room.source.lookups.clear()
    refresh_in(room, most=None)
    assert sum(map(len, room.source.lookups)) == 510
    assert MOST_REFRESHED == 500


def test_a_refresh_keeps_what_it_read_before_x_stopped_answering(room, events):  # F7
    follow_in(room, *crowd(room, 250))
    room.wait(5)
    room.source.add(1001, "renamed")
    room.source.add(1250, "renamed_late")
    room.source.answers_left = 2
    ((_, after),) = refresh_in(room)
    assert after.username == "renamed"
    assert sum(one.username_at == moment(5) for one in accounts(room).values()) == 200
    (warning,) = [one for one in events if one["log_level"] == "warning"]
    assert (warning["event"], warning["accounts"]) == ("accounts.not_refreshed", 50)
    room.source.answers_left = None
    room.source.lookup_error = None
    room.source.lookups.clear()
    ((_, after),) = refresh_in(room, timedelta(minutes=1))
    assert after.username == "renamed_late"
    assert list(map(len, room.source.lookups)) == [50]


def test_a_refresh_of_which_nothing_is_answered_is_an_error(room):
    follow_in(room, "nasa")
    room.source.answers_left = 0
    room.wait(5)
    with pytest.raises(RateLimited):
        refresh_in(room)
    assert accounts(room)[NASA].username_at == moment(0)


def test_an_account_that_is_gone_keeps_its_username(room):
    follow_in(room, "nasa")
    room.source.hide(NASA, "not_found")
    assert refresh_in(room) == []
    assert accounts(room)[NASA].username == "NASA"


def test_a_paused_account_is_not_looked_up_again(room):
    follow_in(room, "nasa")
    change_status(["nasa"], AccountStatus.PAUSED, state=room.state, clock=room.clock)
    room.source.lookups.clear()
    refresh_in(room)
    assert room.source.lookups == []


def test_paused_accounts_are_kept_and_resumed(room):
    follow_in(room, "nasa", "esa")
    room.wait(1)
    outcomes = change_status(["@nasa", "none", "!"], AccountStatus.PAUSED, state=room.state, clock=room.clock)
    assert [bool(one.fault) for one in outcomes] == [False, True, True]
    assert outcomes[1].fault == "account 'none' is not followed"
    paused = accounts(room)[NASA]
    assert (paused.status, paused.status_at) == (AccountStatus.PAUSED, room.clock.now())
    assert {account_id for account_id, _ in room.spans(room.plan())} == {ESA}
    change_status(["12"], AccountStatus.ACTIVE, state=room.state, clock=room.clock)
    assert accounts(room)[NASA].status is AccountStatus.ACTIVE


def test_a_pause_undoes_nothing_that_happened_meanwhile(room):
    follow_in(room, "nasa")
    meanwhile(room, NASA, username="renamed", baseline=at(-1), shard=5)
    change_status(["12"], AccountStatus.PAUSED, state=room.state, clock=room.clock)
    paused = accounts(room)[NASA]
    assert (paused.status, paused.username, paused.baseline, paused.shard) == ("paused", "renamed", at(-1), 5)


def test_a_new_number_of_shards_moves_accounts_once(room):
    follow_in(room, "nasa", "esa")
    moved = reshard(16, state=room.state)
    assert moved == sum(shard_of(one, 16) != 0 for one in (NASA, ESA))
    assert reshard(16, state=room.state) == 0


def test_new_shards_undo_nothing_that_happened_meanwhile(room):
    follow_in(room, "nasa", "esa")
    meanwhile(room, NASA, status=AccountStatus.PAUSED, baseline=at(-1))
    reshard(16, state=room.state)
    moved = accounts(room)[NASA]
    assert (moved.shard, moved.status, moved.baseline) == (shard_of(NASA, 16), "paused", at(-1))
