"""What every state store promises of coverage, seals and transactions: the fake, SQLite and Postgres."""

from itertools import pairwise
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from state_values import BIG, account, batch, coverage, cursor, span

from collector.core.coverage import Coverage, Covered, Evidence
from collector.core.errors import StateConflict
from collector.core.ids import AccountId
from collector.core.ports import StateWriter
from collector.core.ranges import IdRange


def test_seals_are_noted_without_holes(state):
    with state.writing() as writer:
        writer.note_seal(1)
        writer.note_seal(2)
    for wrong in (2, 4):
        with pytest.raises(StateConflict, match=f"seal {wrong} does not follow seal 2"), state.writing() as writer:
            writer.note_seal(wrong)
    with state.reading() as reader:
        assert reader.last_seal() == 2


def test_coverage_comes_by_account_and_shard(state):
    held = {1: coverage((5, 9), (9, 12, Evidence.LOST, 0), (20, BIG, Evidence.UNPROVEN, 3)), 2: coverage((0, 7))}
    with state.writing() as writer:
        writer.save_accounts([account(1), account(2, shard=1), account(3)])
        writer.save_coverage({one: (Coverage(), after) for one, after in held.items()})
    with state.reading() as reader:
        assert reader.coverage() == held
        assert reader.coverage(1) == {2: held[2]}
        assert reader.coverage(9) == {}
        assert reader.coverage_of([AccountId(3), AccountId(1), AccountId(99)]) == {1: held[1]}
        assert reader.coverage_of([]) == {}


def test_coverage_that_was_read_before_another_commit_is_refused(state):
    before, other = coverage((5, 9)), coverage((5, 12))
    with state.writing() as writer:
        writer.save_accounts([account(1)])
        writer.save_coverage({1: (Coverage(), before)})
        writer.save_coverage({1: (before, other)})
    for mine in (coverage((5, 14)), coverage((4, 14)), Coverage()):
        with pytest.raises(StateConflict), state.writing() as writer:
            writer.save_coverage({1: (before, mine)})  # F28
    with pytest.raises(StateConflict), state.writing() as writer:
        writer.save_coverage({1: (Coverage(), coverage((5, 8)))})
    with state.reading() as reader:
        assert reader.coverage() == {1: other}


def test_coverage_and_cursors_belong_to_known_accounts(state):
    with pytest.raises(StateConflict), state.writing() as writer:
        writer.save_coverage({1: (Coverage(), coverage((5, 9)))})
    with pytest.raises(StateConflict), state.writing() as writer:
        writer.save_cursors([cursor(1, 9)])


def test_more_accounts_than_a_statement_has_parameters(state):
    ids = [AccountId(10**18 + at) for at in range(70_000)]
    held = coverage((5, 9))
    with state.writing() as writer:
        writer.save_accounts([account(one) for one in ids[:3]])
        writer.save_coverage({one: (Coverage(), held) for one in ids[:3]})
        assert writer.coverage_of(ids) == dict.fromkeys(ids[:3], held)  # F31


def test_an_error_in_the_block_leaves_nothing(state):
    def write_and_crash(writer: StateWriter):
        writer.save_accounts([account(1)])
        writer.save_coverage({1: (Coverage(), coverage((5, 9)))})
        writer.open_batch(batch(), [span(1, 5, 9)])
        writer.note_seal(1)
        raise KeyboardInterrupt  # F24 F26

    with pytest.raises(KeyboardInterrupt), state.writing() as writer:
        write_and_crash(writer)
    with state.reading() as reader:
        assert (reader.accounts(), reader.coverage(), reader.batches(), reader.reserved()) == ([], {}, [], {})
        assert reader.last_seal() == 0


def test_a_reader_sees_whole_transactions_only(state):
    with state.reading() as reader:
        assert reader.last_seal() == 0
        with state.writing() as writer:
            writer.note_seal(1)
            writer.save_accounts([account(1)])
            with state.reading() as other:
                assert (other.last_seal(), other.accounts()) == (0, [])
        assert (reader.last_seal(), reader.accounts()) == (0, [])
    with state.reading() as reader:
        assert (reader.last_seal(), reader.accounts()) == (1, [account(1)])


def test_racing_writers_take_turns(state):
    def note_some_seals():
        for _ in range(10):
            with state.writing() as writer:
                number = writer.last_seal() + 1
                writer.save_accounts([account(number)])
                writer.note_seal(number)

    threads = [Thread(target=note_some_seals) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with state.reading() as reader:
        assert (reader.last_seal(), len(reader.accounts())) == (40, 40)  # F27


@st.composite
def coverages(draw) -> Coverage:
    edges = sorted(draw(st.sets(st.integers(0, 30), max_size=10)))
    ranges = [IdRange(after, through) for after, through in pairwise(edges)]
    fills = st.none() | st.tuples(st.sampled_from(Evidence), st.integers(0, 2))
    filled = [(ids, draw(fills)) for ids in ranges]
    return Coverage().add(Covered(ids, *fill) for ids, fill in filled if fill)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(coverages(), coverages()), max_size=4))
def test_whatever_coverage_was_stored_the_next_one_replaces_it(state, steps):
    with state.writing() as writer:
        writer.save_accounts([account(1), account(2)])
        stored = writer.coverage()
        for ones, twos in steps:
            after = {1: ones, 2: twos}
            writer.save_coverage({one: (stored.get(one, Coverage()), after[one]) for one in after})
            stored = writer.coverage()
            assert stored == {one: rows for one, rows in after.items() if rows.rows}
    with state.reading() as reader:
        assert reader.coverage() == stored
