"""Following accounts: written in any way, looked up once, never confused."""

from datetime import timedelta

import pytest
from following import accounts, crowd, follow_in, meanwhile, refresh_in, shared_room
from rooms import ESA, JAXA, NASA, at, tweet

from collector.core.accounts import AccountStatus, shard_of
from collector.core.errors import RateLimited, SourceUnavailable
from collector.flow.accounts import LOOKED_UP_AT_ONCE
from collector.flow.follow import Following


@pytest.fixture
def room():
    return shared_room()


def test_an_account_is_followed_from_the_initial_lookback_on(room):
    (outcome,) = follow_in(room, "@nasa")
    account = accounts(room)[NASA]
    assert outcome.account == account
    assert (account.username, account.status, account.baseline) == ("NASA", "active", at(-7 * 24 * 60))
    assert outcome.note == "is followed from 2026-11-15T12:00:00Z on"
    room.collect()
    assert room.published() == {tweet(-5): 1}


def test_all_accounts_are_looked_up_in_one_question_a_kind(room):  # F57
    follow_in(room, "nasa", "https://x.com/esa", "900")
    assert room.source.lookups == [("nasa", "esa"), ("900",)]


def test_names_urls_and_ids_of_one_account_are_one_account(room):  # F31
    outcomes = follow_in(room, "nasa", "@NASA", "https://x.com/nasa", "12")
    assert list(accounts(room)) == [NASA]
    assert ["twice" in one.note for one in outcomes] == [False, True, True, False]


def test_what_is_wrong_is_told_and_does_not_stop_the_rest(room):  # F31
    room.source.add(JAXA, "jaxa")
    room.source.hide(JAXA, "suspended")
    outcomes = follow_in(room, "n a s a", "nobody", "900", "esa")
    faults = {one.written: one.fault for one in outcomes}
    assert "is no username" in faults["n a s a"]
    assert faults["nobody"] == "account 'nobody' cannot be followed: X says not found"
    assert faults["900"] == "account '900' cannot be followed: X says suspended"
    assert faults["esa"] == ""
    assert list(accounts(room)) == [ESA]


def test_an_account_followed_already_is_not_paid_for_again(room):
    follow_in(room, "nasa")
    room.source.lookups.clear()
    before = accounts(room)
    (by_name, by_id) = follow_in(room, "NASA", "12")
    assert by_name.note == by_id.note == "is followed already, as NASA (12)"
    assert room.source.lookups == []
    assert accounts(room) == before


def test_a_renamed_account_keeps_its_id_and_its_past(room):  # F14
    follow_in(room, "nasa")
    room.collect()
    before = accounts(room)[NASA]
    room.source.add(NASA, "nasa_new")
    (outcome,) = follow_in(room, "nasa_new")
    after = accounts(room)[NASA]
    assert outcome.note == "is followed already, as NASA: the new username is noted"
    assert (after.username, after.baseline, after.status) == ("nasa_new", before.baseline, before.status)
    assert room.cursor(NASA) == at(-1)


def test_a_username_taken_over_by_another_is_another_account(room):  # F14
    follow_in(room, "nasa")
    room.source.add(NASA, "nasa_old")
    room.source.add(JAXA, "nasa")
    refresh_in(room)
    follow_in(room, "nasa")
    assert {one.account_id: one.username for one in accounts(room).values()} == {NASA: "nasa_old", JAXA: "nasa"}


def test_a_protected_account_is_followed_as_protected(room):  # F13
    room.source.hide(NASA, "protected")
    follow_in(room, "nasa")
    assert accounts(room)[NASA].status is AccountStatus.PROTECTED


def test_when_the_source_does_not_answer_nothing_is_added(room):
    room.source.lookup_error = SourceUnavailable("503")
    with pytest.raises(SourceUnavailable):
        follow_in(room, "nasa", "esa")
    assert accounts(room) == {}


def test_outcomes_come_in_the_order_of_the_list(room):
    written = ["n a s a", "900", "@esa", "esa", "nobody", "12"]
    assert [one.written for one in follow_in(room, *written)] == written


def test_accounts_are_looked_up_a_hundred_at_a_time(room):  # F31
    names = crowd(room, 250)
    ids = [str(1001 + number) for number in range(250, 350)]
    follow_in(room, *ids, *names)
    assert room.source.lookups == [tuple(names[:100]), tuple(names[100:200]), tuple(names[200:]), tuple(ids)]
    assert LOOKED_UP_AT_ONCE == 100


def test_what_was_looked_up_before_x_stopped_answering_is_kept(room):  # F7
    names = crowd(room, 250)
    room.source.answers_left = 2
    outcomes = follow_in(room, *names)
    assert [one.written for one in outcomes] == names
    assert [one.account.username for one in outcomes[:200]] == names[:200]
    assert {one.fault for one in outcomes[200:]} == {
        f"account '{name}' was not looked up: X answers no user until 12:15; add it again later" for name in names[200:]
    }
    assert len(accounts(room)) == 200


def test_adding_the_same_list_again_pays_only_for_the_rest(room):  # F7 F57
    names = crowd(room, 250)
    room.source.answers_left = 2
    follow_in(room, *names)
    room.source.answers_left = None
    room.source.lookups.clear()
    room.source.lookup_error = None
    outcomes = follow_in(room, *names)
    assert room.source.lookups == [tuple(names[200:])]
    assert not any(one.fault for one in outcomes)
    assert len(accounts(room)) == 250


def test_names_are_kept_when_ids_are_not_answered(room):
    room.source.answers_left = 1
    (by_id, by_name) = follow_in(room, "7", "nasa")
    assert (bool(by_id.fault), bool(by_name.fault)) == (True, False)
    assert list(accounts(room)) == [NASA]


def test_a_list_of_which_nothing_is_answered_is_an_error(room):
    names = crowd(room, 150)
    room.source.answers_left = 0
    with pytest.raises(RateLimited):
        follow_in(room, "n a s a", *names)
    assert len(room.source.lookups) == 1


@pytest.mark.parametrize("lookback", [timedelta.max, timedelta(days=365 * 3000)])
def test_the_longest_lookback_is_everything(room, lookback):
    (outcome,) = follow_in(room, "nasa", following=Following(lookback))
    assert outcome.account.baseline == 0
    assert outcome.note == "is followed from 2006-11-07T12:00:00Z on"


def test_a_lookback_of_years_is_kept_as_it_is(room):
    (outcome,) = follow_in(room, "nasa", following=Following(timedelta(days=5000)))
    assert outcome.account.baseline == at(-5000 * 24 * 60)


def test_an_account_that_another_worker_added_meanwhile_stays_as_it_is(room):
    def add():
        room.follow(NASA, username="NASA", baseline=-60, shard=3, status="paused")

    room.state.others.append(add)
    (outcome,) = follow_in(room, "nasa")
    assert outcome.note == "is followed already, as NASA (12)"
    added = accounts(room)[NASA]
    assert (added.baseline, added.shard, added.status) == (at(-60), 3, AccountStatus.PAUSED)


def test_a_rename_undoes_nothing_that_happened_meanwhile(room):  # F14
    follow_in(room, "nasa")
    room.source.add(NASA, "nasa_new")
    meanwhile(room, NASA, status=AccountStatus.PAUSED, baseline=at(-1), shard=5)
    (outcome,) = follow_in(room, "nasa_new")
    renamed = accounts(room)[NASA]
    assert outcome.account == renamed
    assert (renamed.username, renamed.status, renamed.baseline, renamed.shard) == ("nasa_new", "paused", at(-1), 5)


def test_accounts_are_spread_over_the_shards(room):
    follow_in(room, "nasa", "esa", following=Following(timedelta(days=1), shards=16))
    assert {one.account_id: one.shard for one in accounts(room).values()} == {
        one: shard_of(one, 16) for one in (NASA, ESA)
    }


def test_collecting_costs_no_user_read(room):  # F57
    follow_in(room, "nasa")
    room.source.lookups.clear()
    room.collect()
    assert room.source.lookups == []
