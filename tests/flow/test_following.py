"""Following accounts: written in any way, looked up once, never confused."""

from datetime import timedelta

import pytest
from rooms import ESA, JAXA, NASA, Room, at, tweet

from collector.core.accounts import AccountStatus, shard_of
from collector.core.errors import SourceUnavailable
from collector.flow.accounts import Following, change_status, follow, refresh, reshard

WEEK = Following(timedelta(days=7))


@pytest.fixture
def room():
    made = Room()
    made.source.add(NASA, "NASA", [tweet(-5)])
    made.source.add(ESA, "esa")
    return made


def follow_in(room, *written, following=WEEK):
    return follow(written, following, state=room.state, source=room.source, clock=room.clock)


def accounts(room):
    with room.state.reading() as tx:
        return {account.account_id: account for account in tx.accounts()}


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
    assert ["twice" in one.note for one in outcomes] == [False, False, True, True]


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
    refresh(timedelta(0), state=room.state, source=room.source, clock=room.clock)
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


def test_accounts_are_spread_over_the_shards(room):
    follow_in(room, "nasa", "esa", following=Following(timedelta(days=1), shards=16))
    assert {one.account_id: one.shard for one in accounts(room).values()} == {
        one: shard_of(one, 16) for one in (NASA, ESA)
    }


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


def test_usernames_are_read_again_when_they_are_old(room):  # F14
    follow_in(room, "nasa", "esa")
    room.collect()
    room.source.add(NASA, "renamed")
    room.source.lookups.clear()
    day = timedelta(days=1)
    assert refresh(day, state=room.state, source=room.source, clock=room.clock) == []
    assert room.source.lookups == []
    room.clock.advance(day)
    ((before, after),) = refresh(day, state=room.state, source=room.source, clock=room.clock)
    assert (before.username, after.username) == ("NASA", "renamed")
    with room.state.reading() as tx:
        assert tx.cursors()[NASA].username == "renamed"
    assert refresh(day, state=room.state, source=room.source, clock=room.clock) == []
    assert len(room.source.lookups) == 1


def test_an_account_that_is_gone_keeps_its_username(room):
    follow_in(room, "nasa")
    room.source.hide(NASA, "not_found")
    assert refresh(timedelta(0), state=room.state, source=room.source, clock=room.clock) == []
    assert accounts(room)[NASA].username == "NASA"


def test_a_paused_account_is_not_looked_up_again(room):
    follow_in(room, "nasa")
    change_status(["nasa"], AccountStatus.PAUSED, state=room.state, clock=room.clock)
    room.source.lookups.clear()
    refresh(timedelta(0), state=room.state, source=room.source, clock=room.clock)
    assert room.source.lookups == []


def test_a_new_number_of_shards_moves_accounts_once(room):
    follow_in(room, "nasa", "esa")
    moved = reshard(16, state=room.state)
    assert moved == sum(shard_of(one, 16) != 0 for one in (NASA, ESA))
    assert reshard(16, state=room.state) == 0


def test_collecting_costs_no_user_read(room):  # F57
    follow_in(room, "nasa")
    room.source.lookups.clear()
    room.collect()
    assert room.source.lookups == []
