"""Walks, against a timeline that is served in pages of any size, with gaps in the order and ends that lie."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from laws import laws

from collector.core.coverage import Coverage, Covered, Evidence
from collector.core.ids import id_at
from collector.core.pages import Page
from collector.core.ranges import IdRange, Ranges
from collector.core.walk import Above, Proof, Settled, Walk

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SETTLE = timedelta(seconds=60)
NOTHING = Above(Ranges(), Ranges(), 0)
PROVABLE, MARGIN = 6, 2


def at(minutes):
    """Return the last id before a moment, counted from noon."""
    return id_at(NOON + timedelta(minutes=minutes))


def page(*tweet_ids, token=None, minutes=2):
    return Page(b"{}", tweet_ids, token, NOON + timedelta(minutes=minutes))


def known(after, through, tweets=0):
    return Above(Ranges.of([IdRange(after, through)]), Ranges(), tweets)


@dataclass
class Seen:
    """A finished walk: what its pages settle, what they showed, and how it ended."""

    settles: Ranges
    unproven: Ranges
    shown: set[int]
    end: Settled | None


def walked(ids, pages, above=NOTHING, provable=PROVABLE):
    walk, settles, unproven, shown, settled = Walk(ids, SETTLE, provable), [], [], set(), None
    for each in pages:
        walk, settled = walk.turn(each, above)
        settles += settled.settles
        unproven += settled.unproven
        shown |= set(each.tweet_ids)
        assert not any(one.is_empty for one in settles)
        if settled.is_end:
            break
    return Seen(Ranges.of(settles), Ranges.of(unproven), shown, settled if settled and settled.is_end else None)


@dataclass
class Timeline:
    """What a source holds of one account, what it lists of it, and what was collected before a walk."""

    ids: IdRange
    visible: list[int]
    date: datetime
    above: Above
    pages: list[Page]

    @property
    def top(self):
        return max(self.ids.after, min(self.ids.through, id_at(self.date - SETTLE)))


@st.composite
def paged(draw, tweet_ids, date, disorder):
    """Cut a list into pages of any size, empty ones too; all but the last carry a token.

    Disorder is inside the pages, or across them: a page that leaves out what a later one shows looks orderly.
    """
    listed = draw(st.permutations(tweet_ids)) if disorder == "across" else tweet_ids
    cuts = sorted(draw(st.lists(st.integers(0, len(listed)), max_size=6)))
    chunks = [listed[start:end] for start, end in pairwise([0, *cuts, len(listed)])]
    if disorder == "inside":
        chunks = [draw(st.permutations(chunk)) for chunk in chunks]
    return [
        Page(b"{}", tuple(chunk), str(number) if number < len(chunks) else None, date)
        for number, chunk in enumerate(chunks, start=1)
    ]


@st.composite
def timelines(draw, *, disorder="", horizon=PROVABLE + MARGIN, most=16):
    """Timelines whose newer part was collected, but for the little that X may have got since."""
    minutes = draw(st.lists(st.integers(1, 200), max_size=most, unique=True))
    # Where pages leave tweets out, none may stand at the very end of the range: it would end the walk.
    extra = st.integers(2 if disorder == "across" else 1, 99)
    visible = sorted((at(-one) + draw(extra) for one in minutes), reverse=True)
    after, through, newest = sorted(at(-one) for one in draw(st.tuples(*[st.integers(0, 210)] * 3)))
    date = NOON + timedelta(minutes=draw(st.integers(-60, 3)))
    above_tweets = sum(through < one <= newest for one in visible)
    assume(sum(newest < one for one in visible) <= MARGIN)
    listed = [one for one in visible[:horizon] if after < one <= through]
    pages = draw(paged(listed, date, disorder))
    return Timeline(IdRange(after, through), visible, date, known(through, newest, above_tweets), pages)


def check_honesty(timeline, seen):
    claimed = [one for one in timeline.visible if one in seen.settles]
    assert set(claimed) <= seen.shown
    assert not seen.settles.minus([IdRange(timeline.ids.after, timeline.top)])
    assert not seen.settles.within(seen.unproven)


@laws
@given(timelines())
def test_what_is_settled_was_seen_whatever_the_horizon_hides(timeline):  # F3, F9
    check_honesty(timeline, walked(timeline.ids, timeline.pages, timeline.above))


@laws
@given(timelines(disorder="across"))
def test_what_is_settled_was_seen_whatever_the_order_of_the_pages(timeline):
    check_honesty(timeline, walked(timeline.ids, timeline.pages, timeline.above))


@laws
@given(timelines(disorder="inside"), st.integers(0, 7))
def test_a_walk_cut_short_claims_no_more_than_its_pages_showed(timeline, pages):
    check_honesty(timeline, walked(timeline.ids, timeline.pages[:pages], timeline.above))


@laws
@given(timelines(disorder="across", horizon=99, most=5))
def test_a_whole_walk_of_a_provable_account_settles_all_that_x_clock_has_passed(timeline):
    seen = walked(timeline.ids, timeline.pages, timeline.above)
    newest = max(timeline.top, timeline.above.known.highest or 0)
    gap = Ranges.of([IdRange(timeline.top, newest)]).minus(timeline.above.known)
    assume(not gap and newest > id_at(timeline.date - timedelta(hours=2)))
    assert seen.settles == Ranges.of([IdRange(timeline.ids.after, timeline.top)])
    assert seen.end.proof is Proof.HOLDS


@laws
@given(timelines(disorder="across"))
def test_a_list_that_fails_leaves_all_that_it_does_not_settle_unproven(timeline):
    seen = walked(timeline.ids, timeline.pages, timeline.above)
    rest = Ranges.of([IdRange(timeline.ids.after, timeline.top)]).minus(seen.settles)
    assert seen.unproven == (rest if seen.end.proof is Proof.FAILS else Ranges())


@laws
@given(timelines())
def test_an_orderly_walk_settles_page_by_page_down_to_the_oldest_tweet(timeline):
    for number in range(len(timeline.pages)):
        seen = walked(timeline.ids, timeline.pages[:number], timeline.above)
        inside = [one for one in seen.shown if one <= timeline.top]
        expected = IdRange(min(inside, default=timeline.top + 1) - 1, timeline.top)
        assert seen.settles == Ranges.of([expected])


def test_nothing_above_x_clock_is_settled_whatever_was_planned():  # F1
    seen = walked(IdRange(at(-30), at(0)), [page(at(-1) + 9, at(-6) + 9, minutes=-4)])
    assert seen.settles == Ranges.of([IdRange(at(-30), at(-5))])


def test_a_plan_that_x_clock_has_not_reached_settles_nothing_and_is_no_fault():
    seen = walked(IdRange(at(-5), at(0)), [page(minutes=-30)])
    assert seen.end == Settled(is_end=True)


def test_a_page_that_reaches_the_lower_end_proves_the_range_whatever_follows():
    ids = IdRange(at(-5), at(0))
    seen = walked(ids, [page(at(-1), at(-5) + 1, token="more")], provable=1)
    assert seen.settles == Ranges.of([ids])
    assert seen.end.proof is Proof.HOLDS


@pytest.mark.parametrize("stranger", [at(-120), at(30)])
def test_a_tweet_from_outside_the_range_neither_ends_its_list_nor_disturbs_it(stranger):
    first = sorted((at(-1), at(-3), stranger), reverse=True)
    seen = walked(IdRange(at(-90), at(0)), [page(*first, token="t"), page(at(-5), at(-7), token="u"), page()])
    assert seen.shown >= {at(-5), at(-7)}
    assert seen.settles == Ranges.of([IdRange(at(-90), at(0))])


def test_a_list_that_ends_at_the_horizon_proves_nothing_below_its_oldest_tweet():  # F3
    seen = walked(IdRange(at(-90), at(0)), [page(at(-1), at(-2), token="t"), page(at(-3))], provable=3)
    assert seen.end.proof is Proof.FAILS
    assert seen.settles == Ranges.of([IdRange(at(-3) - 1, at(0))])
    assert seen.unproven == Ranges.of([IdRange(at(-90), at(-3) - 1)])


def test_a_disorderly_list_that_ends_at_the_horizon_covers_nothing_below_its_disorder():  # F3
    pages = [page(at(-2), at(-1), token="t"), page(at(-9), at(-4))]
    seen = walked(IdRange(at(-90), at(0)), pages, provable=4)
    assert not seen.settles
    assert seen.unproven == Ranges.of([IdRange(at(-90), at(0))])


def test_tweets_held_above_count_towards_the_horizon():
    ids = IdRange(at(-90), at(-10))
    assert walked(ids, [page()], known(at(-10), at(0), PROVABLE - 1)).end.proof is Proof.HOLDS
    assert walked(ids, [page()], known(at(-10), at(0), PROVABLE)).end.proof is Proof.FAILS


def test_a_gap_above_lets_the_end_of_a_list_wait():
    ids = IdRange(at(-90), at(-10))
    seen = walked(ids, [page(at(-20))], known(at(-5), at(0)))
    assert (seen.end.proof, seen.unproven) == (Proof.WAITS, Ranges())
    assert seen.settles == Ranges.of([IdRange(at(-20) - 1, at(-10))])


def test_doubt_above_lets_the_end_of_a_list_fail():
    doubt = Above(Ranges.of([IdRange(at(-5), at(0))]), Ranges.of([IdRange(at(-10), at(-5))]), 0)
    alone = Above(Ranges(), Ranges.of([IdRange(at(-10), at(0))]), 0)
    for above in (doubt, alone):
        assert walked(IdRange(at(-90), at(-10)), [page()], above).end.proof is Proof.FAILS


def test_tweets_that_were_not_asked_for_count_towards_the_horizon_too():  # F15
    shown = [at(-minutes) for minutes in (1, 2, 3, 40, 41, 42)]
    assert walked(IdRange(at(-30), at(0)), [page(*shown[:5])]).end.proof is Proof.HOLDS
    assert walked(IdRange(at(-30), at(0)), [page(*shown)]).end.proof is Proof.FAILS


@pytest.mark.parametrize(("age", "proof"), [(120, Proof.HOLDS), (121, Proof.WAITS)])
def test_knowledge_that_ends_two_hours_ago_says_nothing_of_what_is_newer(age, proof):
    assert walked(IdRange(at(-900), at(0)), [page(minutes=age)]).end.proof is proof


def test_a_repeated_tweet_is_disorder_and_settles_at_the_end_alone():
    pages = [page(at(-1), token="t"), page(at(-1), at(-2), token="u"), page(at(-3), token="v"), page(at(-4))]
    ids = IdRange(at(-30), at(0))
    for some in (pages[:2], pages[:3]):
        assert walked(ids, some).settles == Ranges.of([IdRange(at(-1) - 1, at(0))])
    assert walked(ids, pages).settles == Ranges.of([ids])


def test_an_empty_page_with_more_to_come_settles_nothing():  # F9
    seen = walked(IdRange(at(-30), at(0)), [page(token="t"), page(token="u")])
    assert (seen.settles, seen.end) == (Ranges(), None)


def test_knowledge_above_comes_from_coverage_by_its_evidence():
    rows = [
        Covered(IdRange(1, 5), Evidence.PROVEN, 8),
        Covered(IdRange(5, 7), Evidence.UNPROVEN, 4),
        Covered(IdRange(7, 9), Evidence.LOST, 2),
        Covered(IdRange(9, 11), Evidence.PROVEN, 1),
    ]
    above = Above.of(Coverage().add(rows), 5)
    assert above.known == Ranges.of([IdRange(1, 5), IdRange(9, 11)])
    assert above.doubtful == Ranges.of([IdRange(5, 9)])
    assert above.tweets == 7
