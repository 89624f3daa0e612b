"""Sets of ranges, against sets of integers."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from collector.core.ranges import IdRange, Ranges

ranges = st.tuples(st.integers(0, 50), st.integers(-2, 9)).map(lambda pair: IdRange(pair[0], pair[0] + pair[1]))
parts = st.lists(ranges, max_size=7)


def ids(some):
    return {one for part in some for one in range(part.after + 1, part.through + 1)}


@laws
@given(parts)
def test_merged_ranges_hold_the_same_ids_and_neither_touch_nor_overlap(some):
    merged = Ranges.of(some)
    assert ids(merged) == ids(some)
    assert all(lower.through < upper.after for lower, upper in pairwise(merged))
    assert not any(part.is_empty for part in merged)


@laws
@given(parts)
def test_a_set_of_ids_is_written_in_one_way(some):
    singles = [IdRange(one - 1, one) for one in ids(some)]
    assert Ranges.of(some) == Ranges.of(reversed(some)) == Ranges.of(singles)


@laws
@given(parts, parts)
def test_plus_is_the_union(one, other):
    assert ids(Ranges.of(one).plus(other)) == ids(one) | ids(other)


@laws
@given(parts, parts)
def test_minus_is_the_difference(one, other):
    assert ids(Ranges.of(one).minus(other)) == ids(one) - ids(other)


@laws
@given(parts, parts)
def test_within_is_the_intersection(one, other):
    assert ids(Ranges.of(one).within(other)) == ids(one) & ids(other)


@laws
@given(ranges, ranges)
def test_a_cut_is_the_intersection_of_two_ranges(one, other):
    assert ids([one.cut(other)]) == ids([one]) & ids([other])


@laws
@given(parts, st.integers(-3, 65))
def test_a_set_contains_the_ids_of_its_ranges(some, tweet_id):
    assert (tweet_id in Ranges.of(some)) == (tweet_id in ids(some))
    assert all((tweet_id in part) == (tweet_id in ids([part])) for part in some)


@laws
@given(parts)
def test_the_highest_id_is_the_largest(some):
    assert Ranges.of(some).highest == max(ids(some), default=None)
