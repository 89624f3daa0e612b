"""What every state store keeps and finds: the fake, SQLite and Postgres."""

from dataclasses import replace
from datetime import timedelta

import pytest
from state_values import BIG, MADE_AT, START, WINDOW, account, batch, cursor, span

from collector.core.accounts import AccountStatus
from collector.core.batches import BatchKind, BatchStatus, Counts, Failure, Window
from collector.core.errors import StateConflict
from collector.core.ids import AccountId, id_at
from collector.core.ranges import IdRange
from collector.core.rates import RateWindow

LATER = Window(WINDOW.end, WINDOW.end + timedelta(minutes=5))


def test_a_new_state_is_empty(state):
    with state.reading() as reader:
        assert (reader.accounts(), reader.coverage(), reader.cursors()) == ([], {}, {})
        assert (reader.batches(), reader.open_batches(), reader.reserved(), reader.backfills()) == ([], [], {}, [])
        assert (reader.last_seal(), reader.newest_planned(), reader.rate_windows()) == (0, None, [])
        assert (reader.batch("none"), reader.batch_planned_as("none"), reader.spans("none")) == (None, None, [])


def test_an_account_comes_back_as_it_was_saved(state):
    saved = account(BIG, status=AccountStatus.NOT_FOUND, baseline=BIG, shard=3, status_at=START.replace(microsecond=7))
    with state.writing() as writer:
        writer.save_accounts([saved])
    with state.reading() as reader:
        assert reader.accounts() == [saved]  # F23
        assert reader.accounts()[0].status_at.utcoffset() == timedelta(0)


def test_accounts_come_by_username_whatever_its_case_and_by_shard(state):
    people = [account(1, username="nasa"), account(2, username="ESA", shard=1), account(3, username="_jaxa")]
    with state.writing() as writer:
        writer.save_accounts(people)
        assert [one.username for one in writer.accounts()] == ["_jaxa", "ESA", "nasa"]
        assert [one.username for one in writer.accounts(1)] == ["ESA"]
        assert writer.accounts(7) == []


def test_an_account_saved_twice_is_one_account_with_the_last_values(state):
    with state.writing() as writer:
        writer.save_accounts([account(1, username="old"), account(1, username="new")])  # F31
        writer.save_accounts(iter([account(1, username="newest", status=AccountStatus.PAUSED)]))
        assert writer.accounts() == [account(1, username="newest", status=AccountStatus.PAUSED)]


def test_two_accounts_may_bear_the_same_username(state):
    with state.writing() as writer:
        writer.save_accounts([account(2, username="taken"), account(1, username="taken")])  # F14
        assert [one.account_id for one in writer.accounts()] == [1, 2]


def test_a_renamed_account_is_renamed_in_its_cursor_alone(state):
    with state.writing() as writer:
        writer.save_accounts([account(1), account(2)])
        writer.save_cursors([cursor(1, 10), cursor(2, 10, username="kept")])
        writer.save_accounts([account(1, username="renamed")])  # F14
        assert writer.cursors() == {1: cursor(1, 10, username="renamed"), 2: cursor(2, 10, username="kept")}


def test_a_cursor_moves_up_or_stands(state):
    with state.writing() as writer:
        writer.save_accounts([account(1), account(2)])
        writer.save_cursors([cursor(2, 7), cursor(1, BIG)])
        writer.save_cursors([cursor(1, BIG, batch_id="next"), cursor(2, 8)])
        writer.save_cursors([])
    with state.reading() as reader:
        assert list(reader.cursors().items()) == [(1, cursor(1, BIG, batch_id="next")), (2, cursor(2, 8))]


@pytest.mark.parametrize("moved", [[cursor(12, 850)], [cursor(12, 950), cursor(12, 940)]])
def test_a_cursor_that_would_move_back_undoes_the_transaction(state, moved):
    with state.writing() as writer:
        writer.save_accounts([account(12), account(13)])
        writer.save_cursors([cursor(12, 900)])
    with pytest.raises(StateConflict, match=r"account 12: cursor 9\d0 cannot move back"), state.writing() as writer:
        writer.save_cursors([cursor(13, 5), *moved])  # F25
    with state.reading() as reader:
        assert reader.cursors() == {12: cursor(12, 900)}


def test_a_planned_batch_comes_back_with_its_spans_in_order(state):
    planned = batch(created_at=MADE_AT.replace(microsecond=120))
    spans = [span(2, 5, BIG), span(1, 5, 9), span(2, 1, 3)]
    with state.writing() as writer:
        writer.open_batch(planned, spans)
    with state.reading() as reader:
        assert reader.batch(planned.batch_id) == planned
        assert reader.batch_planned_as(planned.plan_id) == planned
        assert reader.spans(planned.batch_id) == spans
        assert reader.reserved() == {1: [IdRange(5, 9)], 2: [IdRange(1, 3), IdRange(5, BIG)]}
        assert reader.open_batches() == [planned]


def test_every_field_of_a_batch_survives_a_save(state):
    planned = batch(kind=BatchKind.AUDIT, shard=4)
    odd = 'line\n"quoted" 🚀 \\ \x00'
    failures = (Failure(AccountId(BIG), "nasa", "outage", odd), Failure(AccountId(1), "", "", ""))
    full = replace(
        planned,
        status=BatchStatus.SEALED,
        seal=BIG,
        counts=Counts(requests=1, tweets_read=2, rows=3, objects=4, accounts=5),
        failures=failures,
        committed_at=MADE_AT.replace(microsecond=999999),
    )
    with state.writing() as writer:
        writer.open_batch(planned, [])
        writer.save_batch(full)
        assert writer.batch(planned.batch_id) == full


def test_a_batch_may_be_saved_without_having_been_opened(state):
    rebuilt = batch(status=BatchStatus.COMMITTED, seal=1, committed_at=MADE_AT)
    with state.writing() as writer:
        writer.save_batch(rebuilt)  # F32
        assert writer.batches() == [rebuilt]


def test_a_committed_batch_gives_up_its_spans_and_no_others(state):
    first, second = batch(), batch(shard=1)
    with state.writing() as writer:
        writer.open_batch(first, [span(1, 5, 9)])
        writer.open_batch(second, [span(2, 5, 9)])
        writer.save_batch(replace(first, status=BatchStatus.SEALED, seal=1))
        assert writer.spans(first.batch_id) == [span(1, 5, 9)]
        writer.save_batch(replace(first, status=BatchStatus.COMMITTED, committed_at=MADE_AT))
        assert (writer.spans(first.batch_id), writer.reserved()) == ([], {2: [IdRange(5, 9)]})
        assert [one.batch_id for one in writer.open_batches()] == [second.batch_id]


@pytest.mark.parametrize("kind", list(BatchKind))
def test_a_window_and_shard_have_at_most_one_open_batch_of_any_kind(state, kind):
    with state.writing() as writer:
        writer.open_batch(batch(), [])
    with pytest.raises(StateConflict, match="open batch"), state.writing() as writer:
        writer.open_batch(batch(2, kind=kind), [span(1, 5, 9)])  # F27
    with state.reading() as reader:
        assert (len(reader.batches()), reader.reserved()) == (1, {})


def test_another_window_or_shard_and_a_committed_predecessor_do_not_stand_in_the_way(state):
    first = batch()
    longer = Window(WINDOW.start, LATER.end)
    with state.writing() as writer:
        writer.open_batch(first, [])
        for other in (batch(window=LATER), batch(shard=1), batch(window=longer, kind=BatchKind.BACKFILL)):
            writer.open_batch(other, [])
        writer.save_batch(replace(first, status=BatchStatus.COMMITTED))
        writer.open_batch(batch(2), [])
        assert len(writer.open_batches()) == 4


@pytest.mark.parametrize("twin", [{"number": 1}, {"plan_id": "same"}, {"batch_id": "live-20261122T061000Z-s00"}])
def test_numbers_plans_and_ids_belong_to_one_batch(state, twin):
    closed = batch(status=BatchStatus.COMMITTED, plan_id="same")
    with state.writing() as writer:
        writer.save_batch(closed)
    with pytest.raises(StateConflict), state.writing() as writer:
        writer.open_batch(replace(batch(2), **twin), [])
    with state.reading() as reader:
        assert reader.batches() == [closed]


def test_batches_come_newest_first_and_open_ones_oldest_first(state):
    moments = [MADE_AT, MADE_AT.replace(microsecond=500000), MADE_AT + timedelta(seconds=1), MADE_AT]
    made = [batch(shard=shard, created_at=moment) for shard, moment in enumerate(moments)]
    with state.writing() as writer:
        for one in made:
            writer.open_batch(one, [])
        assert [one.shard for one in writer.open_batches()] == [0, 3, 1, 2]
        assert [one.shard for one in writer.batches()] == [2, 1, 3, 0]
        assert [one.shard for one in writer.batches(2)] == [2, 1]


def test_batches_of_a_start_come_by_number_whatever_their_end(state):
    longer = Window(WINDOW.start, LATER.end)
    second = batch(2, created_at=MADE_AT - timedelta(hours=1))
    others = [batch(shard=1), batch(window=LATER)]
    with state.writing() as writer:
        for one in (second, batch(3, window=longer), *others):
            writer.open_batch(one, [])
        assert [one.number for one in writer.batches_starting(START, 0)] == [2, 3]
        assert writer.batches_starting(START + timedelta(seconds=1), 0) == []


def test_only_live_batches_tell_how_far_is_planned_and_only_backfills_what_they_want(state):
    past = Window(START - timedelta(days=2), START - timedelta(days=1))
    with state.writing() as writer:
        writer.open_batch(batch(through_id=BIG), [])
        writer.open_batch(batch(window=LATER, through_id=9), [])
        writer.open_batch(batch(kind=BatchKind.AUDIT, shard=1, through_id=BIG + 1), [])
        closed = batch(kind=BatchKind.BACKFILL, window=past, shard=2)
        writer.save_batch(replace(closed, status=BatchStatus.COMMITTED))
        writer.open_batch(batch(2, kind=BatchKind.BACKFILL, window=past, shard=2), [])
        writer.open_batch(batch(kind=BatchKind.BACKFILL, window=past, shard=1), [])
        assert writer.newest_planned() == BIG
        assert writer.backfills() == [past.ids]


def test_a_backfill_wants_what_it_was_planned_to_reach(state):
    with state.writing() as writer:
        writer.open_batch(batch(kind=BatchKind.BACKFILL, through_id=id_at(START) + 7), [])
        assert writer.backfills() == [IdRange(id_at(START), id_at(START) + 7)]


def test_rate_windows_are_replaced_by_endpoint_and_credential(state):
    first = RateWindow("/2/users/:id/tweets", "a1", 900, 899, START)
    other = replace(first, credential="a0")
    with state.writing() as writer:
        writer.save_rate_windows([first, other])
        writer.save_rate_windows([replace(first, remaining=1), replace(first, remaining=0)])
    with state.reading() as reader:
        assert reader.rate_windows() == [other, replace(first, remaining=0)]


def test_batches_are_found_by_shard_and_by_failure(state):
    plain, failed = batch(1), batch(2, shard=1, failures=(Failure(None, "(3 accounts)", "outage", "503"),))
    with state.writing() as writer:
        for one in (plain, failed, batch(3, shard=2)):
            writer.open_batch(one, [])
    with state.reading() as reader:
        assert reader.batches(shard=1) == [failed]
        assert reader.batches(with_failures=True) == [failed]
        assert reader.batches(limit=1, shard=0) == [plain]


def test_totals_add_up_all_batches(state):
    counts = Counts(requests=3, tweets_read=5, rows=4, objects=2, accounts=1)
    with state.writing() as writer:
        assert writer.totals() == Counts()
        for number in (1, 2):
            writer.open_batch(batch(number, shard=number, counts=counts), [])
        assert writer.totals() == Counts(6, 10, 8, 4, 2)


def test_totals_since_a_moment_add_up_the_batches_made_then_or_later(state):
    tick = timedelta(microseconds=1)
    with state.writing() as writer:
        for number, made_at in enumerate((MADE_AT - tick, MADE_AT, MADE_AT + tick), 1):
            counts = Counts(tweets_read=10**number)
            writer.open_batch(batch(number, shard=number, counts=counts, created_at=made_at), [])
        assert writer.totals(MADE_AT - tick).tweets_read == 1110
        assert writer.totals(MADE_AT).tweets_read == 1100
        assert writer.totals(MADE_AT + tick).tweets_read == 1000
        assert writer.totals(MADE_AT + 2 * tick) == Counts()
