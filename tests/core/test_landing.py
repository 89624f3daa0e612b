"""Landing: what landed pages settle of planned spans."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from collector.core.batches import Span
from collector.core.ids import AccountId
from collector.core.landing import Landing, spans_by_account
from collector.core.pages import LandedPage
from collector.core.ranges import IdRange, Ranges

NASA, ESA = AccountId(12), AccountId(7)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
id_ranges = st.tuples(st.integers(0, 40), st.integers(1, 9)).map(lambda pair: IdRange(pair[0], sum(pair)))
few_ranges = st.lists(id_ranges, max_size=3)
spans = few_ranges.map(lambda some: sorted(Ranges.of(some), reverse=True))


def page(settles=(), unproven=(), tweets=0, account_id=NASA):
    return LandedPage(account_id, "name", NOON, tuple(settles), tuple(unproven), tweets, b"{}")


def landed(*pages):
    landing = Landing()
    for each in pages:
        landing.add(each)
    return landing


def ids(some):
    return {one for part in some for one in range(part.after + 1, part.through + 1)}


pages = st.lists(st.builds(page, few_ranges, few_ranges, st.integers(0, 9), st.sampled_from([NASA, ESA])), max_size=6)


@laws
@given(pages, spans)
def test_a_batch_claims_what_landed_inside_its_spans_and_proof_beats_doubt(some, planned):
    claim = landed(*some).claim(NASA, planned)
    settled = ids(part for one in some if one.account_id == NASA for part in one.settles)
    doubted = ids(part for one in some if one.account_id == NASA for part in one.unproven)
    assert ids(claim.proven) == settled & ids(planned)
    assert ids(claim.unproven) == (doubted & ids(planned)) - settled
    assert ids(claim.ids) == ids(claim.proven) | ids(claim.unproven)


@laws
@given(pages, spans)
def test_what_is_left_is_planned_and_not_landed_newest_first(some, planned):
    landing = landed(*some)
    left = landing.left(NASA, planned)
    assert ids(left) == ids(planned) - ids(landing.claim(NASA, planned).ids)
    assert left == sorted(left, reverse=True)


@laws
@given(pages, pages, spans)
def test_more_pages_never_leave_more_to_ask(some, more, planned):
    assert ids(landed(*some, *more).left(NASA, planned)) <= ids(landed(*some).left(NASA, planned))


@laws
@given(pages)
def test_an_account_is_known_above_by_its_own_pages_alone(some):
    above = landed(*some).above(NASA)
    ours = [one for one in some if one.account_id == NASA]
    assert ids(above.known) == ids(part for one in ours for part in one.settles)
    assert ids(above.doubtful) == ids(part for one in ours for part in one.unproven) - ids(above.known)
    assert above.tweets == sum(one.tweets for one in ours)
    assert landed(*some).is_doubted(NASA) == any(one.unproven for one in ours)


def test_an_account_is_interrupted_when_something_below_what_landed_is_left():
    planned = [IdRange(20, 30), IdRange(0, 10)]
    assert landed().is_interrupted(NASA, planned)
    assert landed(page([IdRange(25, 30)])).is_interrupted(NASA, planned)
    assert landed(page([IdRange(20, 30)])).is_interrupted(NASA, planned)
    assert not landed(page([IdRange(20, 30)]), page([IdRange(0, 10)])).is_interrupted(NASA, planned)


def test_what_x_clock_had_not_reached_is_no_interruption():
    assert not landed(page([IdRange(0, 28)])).is_interrupted(NASA, [IdRange(0, 30)])


def test_spans_are_grouped_by_account_newest_first():
    planned = [Span(ESA, IdRange(0, 5)), Span(NASA, IdRange(1, 2)), Span(ESA, IdRange(7, 9))]
    assert spans_by_account(planned) == {ESA: [IdRange(7, 9), IdRange(0, 5)], NASA: [IdRange(1, 2)]}
