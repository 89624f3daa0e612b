"""Coverage: what is held, what is a gap, and where the cursor stands."""

from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from laws import laws

from collector.core.coverage import Coverage, Covered, Evidence
from collector.core.errors import StateConflict
from collector.core.ranges import IdRange, Ranges

PROVEN, UNPROVEN, LOST = Evidence.PROVEN, Evidence.UNPROVEN, Evidence.LOST
baselines = st.integers(0, 60)


@st.composite
def disjoint_rows(draw):
    """Rows that touch or leave holes, in any order."""
    cuts = sorted(draw(st.sets(st.integers(0, 60), min_size=2, max_size=14)))
    pairs = [pair for pair in pairwise(cuts) if draw(st.booleans())]
    rows = [Covered(IdRange(*pair), draw(st.sampled_from(Evidence)), draw(st.integers(0, 9))) for pair in pairs]
    return draw(st.permutations(rows))


def ids(some):
    return {one for part in some for one in range(part.after + 1, part.through + 1)}


def row(after, through, evidence=PROVEN, tweets=0):
    return Covered(IdRange(after, through), evidence, tweets)


@laws
@given(disjoint_rows())
def test_coverage_does_not_depend_on_the_order_of_commits(rows):
    one_by_one = Coverage()
    for each in rows:
        one_by_one = one_by_one.add([each])
    assert one_by_one == Coverage().add(rows)


@laws
@given(disjoint_rows())
def test_adding_loses_no_id_no_evidence_and_no_count(rows):
    coverage = Coverage().add(rows)
    for evidence in Evidence:
        assert ids(coverage.of(evidence)) == ids(one.ids for one in rows if one.evidence is evidence)
    assert ids(coverage.held) == ids(one.ids for one in rows)
    assert sum(one.tweets for one in coverage.rows) == sum(one.tweets for one in rows)


@laws
@given(disjoint_rows())
def test_neighbours_of_equal_evidence_are_one_row(rows):
    coverage = Coverage().add(rows).rows
    for lower, upper in pairwise(coverage):
        assert lower.ids.through < upper.ids.after or lower.evidence is not upper.evidence


@laws
@given(disjoint_rows(), st.integers(0, 60), st.integers(1, 8), st.sampled_from(Evidence))
def test_an_id_is_covered_once(rows, after, length, evidence):
    fresh = row(after, after + length, evidence)
    assume(ids([fresh.ids]) & ids(one.ids for one in rows))
    with pytest.raises(StateConflict, match="covered already"):
        Coverage().add(rows).add([fresh])


def test_ranges_that_overlap_each_other_are_refused_together():
    with pytest.raises(StateConflict):
        Coverage().add([row(0, 10), row(9, 12)])


def test_an_empty_range_adds_nothing():
    assert Coverage().add([row(5, 5), row(3, 4)]) == Coverage((row(3, 4),))


@laws
@given(disjoint_rows(), st.lists(st.tuples(baselines, baselines).map(lambda pair: IdRange(*sorted(pair))), max_size=4))
def test_gaps_are_what_is_wanted_less_what_is_proven(rows, wanted):
    gaps = Coverage().add(rows).gaps(wanted)
    proven = ids(one.ids for one in rows if one.evidence is not UNPROVEN)
    assert ids(gaps) == ids(wanted) - proven
    assert list(gaps) == sorted(gaps)


@laws
@given(disjoint_rows(), baselines)
def test_the_cursor_is_the_highest_id_reachable_without_crossing_a_gap(rows, baseline):
    proven = ids(one.ids for one in rows if one.evidence is not UNPROVEN)
    reached = baseline
    while reached + 1 in proven:
        reached += 1
    assert Coverage().add(rows).cursor(baseline) == reached


@laws
@given(disjoint_rows(), disjoint_rows(), baselines)
def test_the_cursor_never_moves_back(rows, more, baseline):  # F25
    before = Coverage().add(rows)
    free = [Covered(part, PROVEN, 0) for part in Ranges.of(one.ids for one in more).minus(before.held)]
    assert before.add(free).cursor(baseline) >= before.cursor(baseline)


def test_a_loss_that_a_person_accepted_lets_the_cursor_pass():
    coverage = Coverage().add([row(0, 10), row(10, 20, LOST), row(20, 30)])
    assert coverage.cursor(0) == 30
    assert not coverage.gaps([IdRange(0, 30)])


def test_what_is_unproven_is_held_but_still_a_gap():  # F3
    coverage = Coverage().add([row(0, 10), row(10, 20, UNPROVEN), row(20, 30)])
    assert coverage.held == Ranges.of([IdRange(0, 30)])
    assert coverage.gaps([IdRange(0, 30)]) == Ranges.of([IdRange(10, 20)])
    assert coverage.cursor(0) == 10


def test_tweets_are_counted_in_the_ranges_above_an_id():
    coverage = Coverage().add([row(0, 10, tweets=1), row(10, 20, UNPROVEN, 2), row(30, 40, tweets=4)])
    assert [coverage.tweets_above(one) for one in (0, 10, 11, 30, 31)] == [7, 6, 4, 4, 0]
