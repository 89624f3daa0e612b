"""Planning is a subtraction."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from collector.core.accounts import Account, AccountStatus
from collector.core.batches import BatchKind, Window
from collector.core.coverage import Coverage, Covered, Evidence
from collector.core.ids import AccountId, TweetId, id_at
from collector.core.planning import is_held_above, plan_spans, planned_through, wanted_of
from collector.core.ranges import IdRange, Ranges

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WINDOW = Window(NOON, NOON + 15 * MINUTE)
id_ranges = st.tuples(st.integers(0, 40), st.integers(0, 20)).map(lambda pair: IdRange(pair[0], sum(pair)))
held_ranges = st.lists(st.tuples(id_ranges, st.sampled_from(Evidence)), max_size=3)
account_ids = st.integers(1, 4).map(AccountId)


def ids(some):
    return {one for part in some for one in range(part.after + 1, part.through + 1)}


def coverage_of(some):
    coverage = Coverage()
    for part, evidence in some:
        free = Ranges.of([part]).minus(coverage.held)
        coverage = coverage.add(Covered(each, evidence, 0) for each in free)
    return coverage


@laws
@given(
    st.dictionaries(account_ids, id_ranges),
    st.dictionaries(account_ids, held_ranges.map(coverage_of)),
    st.dictionaries(account_ids, st.lists(id_ranges, max_size=3)),
)
def test_spans_are_exactly_what_is_wanted_not_held_and_not_reserved(wanted, held, reserved):  # F44
    spans = plan_spans(wanted, held, reserved)
    for account_id, ids_wanted in wanted.items():
        mine = [span.ids for span in spans if span.account_id == account_id]
        taken = ids(held[account_id].held) if account_id in held else set()
        taken |= ids(reserved.get(account_id, ()))
        assert ids(mine) == ids([ids_wanted]) - taken
        assert tuple(mine) == Ranges.of(mine).parts
    assert {span.account_id for span in spans} <= wanted.keys()


@laws
@given(st.dictionaries(account_ids, id_ranges), st.dictionaries(account_ids, held_ranges.map(coverage_of)))
def test_a_second_plan_finds_nothing_that_the_first_reserved(wanted, held):  # F27
    reserved = {}
    for span in plan_spans(wanted, held, {}):
        reserved.setdefault(span.account_id, []).append(span.ids)
    assert plan_spans(wanted, held, reserved) == []


def test_accounts_are_planned_in_the_order_wanted():
    wanted = {AccountId(one): IdRange(0, 5) for one in (3, 1, 2)}
    assert [span.account_id for span in plan_spans(wanted, {}, {})] == [3, 1, 2]


@pytest.mark.parametrize(
    ("now", "through"),
    [
        (NOON + 99 * MINUTE, WINDOW.end),
        (NOON + 16 * MINUTE, WINDOW.end),
        (NOON + 10 * MINUTE, NOON + 9 * MINUTE),
        (NOON + timedelta(minutes=10, milliseconds=999), NOON + 9 * MINUTE),
        (NOON - MINUTE, NOON - 2 * MINUTE),
    ],
)
def test_a_plan_reaches_to_the_end_of_its_window_or_to_what_has_settled(now, through):
    assert planned_through(WINDOW, now, MINUTE) == id_at(through)


@pytest.mark.parametrize(("kind", "after"), [("live", 5), ("backfill", WINDOW.ids.after), ("audit", WINDOW.ids.after)])
def test_a_live_batch_reaches_back_to_the_baseline_others_to_their_window(kind, after):
    account = Account(AccountId(12), "nasa", AccountStatus.ACTIVE, NOON, TweetId(5), 0, NOON)
    through = TweetId(WINDOW.ids.through)
    assert wanted_of(account, BatchKind(kind), WINDOW, through) == IdRange(after, through)
    assert wanted_of(account, BatchKind(kind), WINDOW, TweetId(1)).is_empty


@pytest.mark.parametrize(
    ("held", "is_held"),
    [([], False), ([(0, 5)], False), ([(5, 9)], True), ([(3, 9)], True), ([(6, 9)], False), ([(5, 7), (8, 9)], False)],
)
def test_held_above_an_id_is_what_goes_on_there_without_a_hole(held, is_held):
    coverage = Coverage().add(Covered(IdRange(*ids), Evidence.PROVEN, 0) for ids in held)
    assert is_held_above(TweetId(5), coverage) is is_held
