"""Assembly: the rows of a partition become objects, whatever way they were sliced."""

from collections import Counter
from itertools import pairwise

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from collector.core.assembly import assembled, claims_of, covered, ranges_by_evidence
from collector.core.coverage import Covered, Evidence
from collector.core.ids import AccountId
from collector.core.landing import Claim
from collector.core.ranges import IdRange, Ranges
from collector.core.rows import ROWS, serialize, tally

rows = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 3), st.integers(1, 9)), max_size=40)
claimed = st.dictionaries(
    st.integers(1, 3),
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), max_size=3).map(
        lambda some: [(ids.after, ids.through) for ids in Ranges.of(IdRange(a, a + b) for a, b in some)]
    ),
)


def table(some, first=0):
    columns = [
        [tweet_id for tweet_id, _, _ in some],
        [account_id for _, account_id, _ in some],
        [0] * len(some),
        [weight for *_, weight in some],
        [f"row {number}\n".encode() for number, _ in enumerate(some, start=first)],
    ]
    return pa.table([pa.array(cells, field.type) for cells, field in zip(columns, ROWS, strict=True)], schema=ROWS)


def sliced(some, cuts):
    places = sorted({0, *(cut for cut in cuts if cut < len(some)), len(some)})
    return [serialize(table(some[a:b], a)) for a, b in pairwise(places)]


def expected(some, claims):
    """Return the tweets inside the claims, each with the row that landed first."""
    first = {}
    for number, (tweet_id, account_id, _) in enumerate(some):
        if any(after < tweet_id <= through for after, through in claims.get(account_id, ())):
            first.setdefault(tweet_id, f"row {number}\n".encode())
    return first


@laws
@given(rows, claimed, st.lists(st.integers(0, 40)), st.integers(1, 60))
def test_objects_hold_each_claimed_tweet_once_as_it_landed_first(some, claims, cuts, weight):
    objects = list(assembled(sliced(some, cuts), claims, weight))
    published = [
        pair for one in objects for pair in zip(one["tweet_id"].to_pylist(), one["row"].to_pylist(), strict=True)
    ]
    assert len(published) == len(expected(some, claims))
    assert dict(published) == expected(some, claims)
    assert all(len(one) for one in objects)


@laws
@given(rows, claimed, st.lists(st.integers(0, 40)), st.integers(1, 60))
def test_where_rows_are_cut_does_not_depend_on_how_they_were_sliced(some, claims, cuts, weight):
    whole = [one.to_pydict() for one in assembled(sliced(some, []), claims, weight)]
    assert [one.to_pydict() for one in assembled(sliced(some, cuts), claims, weight)] == whole


@laws
@given(rows, claimed, st.integers(1, 60))
def test_only_the_last_object_may_be_light(some, claims, weight):
    weights = [sum(one["weight"].to_pylist()) for one in assembled(sliced(some, [7]), claims, weight)]
    assert all(weight <= one < weight + 9 for one in weights[:-1])


def test_ranges_are_listed_by_account_and_evidence_with_their_rows():
    claims = {
        AccountId(12): Claim(Ranges.of([IdRange(10, 20), IdRange(30, 40)]), Ranges.of([IdRange(0, 10)])),
        AccountId(7): Claim(Ranges.of([IdRange(0, 5)]), Ranges()),
    }
    counted = tally(table([(5, 12, 1), (15, 12, 1), (16, 12, 1), (31, 12, 1)]), ranges_by_evidence(claims))
    proven, unproven = Evidence.PROVEN, Evidence.UNPROVEN
    assert list(covered(claims, Counter(counted))) == [
        (7, Covered(IdRange(0, 5), proven, 0)),
        (12, Covered(IdRange(10, 20), proven, 2)),
        (12, Covered(IdRange(30, 40), proven, 1)),
        (12, Covered(IdRange(0, 10), unproven, 1)),
    ]
    assert claims_of(claims)[AccountId(12)] == [(0, 20), (30, 40)]
