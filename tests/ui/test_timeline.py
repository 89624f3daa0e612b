"""The time axis: as long as needed, and bars where the gaps are."""

from datetime import timedelta

import pytest
from collection import ids
from fakes.clock import NOON
from state_values import account

from collector.core.gaps import Gap
from collector.core.ranges import Ranges
from collector.flow.overview import AccountRow
from collector.flow.views import CursorRow
from collector.ui.timeline import STEPS, THINNEST, Axis, Place, Reach, axis_of

HOUR = timedelta(hours=1)


def row(*gaps, since=24):
    """Return an account with gaps (from, to) hours before noon."""
    made = account(1)
    found = [Gap(made, ids(NOON - start * HOUR, NOON - end * HOUR), "outage") for start, end in gaps]
    wanted = Ranges.of([ids(NOON - since * HOUR, NOON)])
    return AccountRow(CursorRow(made, None, timedelta(0), len(found)), wanted, found)


def places(axis, *gaps):
    return [bar.place for bar in axis.bars(row(*gaps))]


@pytest.mark.parametrize(("oldest", "length"), [(0.5, 1), (1, 1), (2, 6), (7, 24), (30, 72), (900, 90 * 24)])
def test_the_axis_is_just_long_enough_for_the_oldest_gap(oldest, length):
    axis = axis_of(Reach.FIT, [row((oldest, 0)), row((0.1, 0)), row()], NOON)
    assert (axis.start, axis.end) == (NOON - length * HOUR, NOON)


def test_the_axis_is_as_long_as_asked():
    assert axis_of(Reach.WEEK, [row((900, 0))], NOON).start == NOON - 7 * 24 * HOUR


def test_without_gaps_the_axis_is_a_day():
    assert axis_of(Reach.FIT, [row()], NOON).start == NOON - 24 * HOUR


def test_a_bar_lies_where_its_gap_does():
    axis = Axis(NOON - 10 * HOUR, NOON)
    assert places(axis, (8, 5), (1, 0)) == [Place(20, 30), Place(90, 10)]


def test_a_bar_is_cut_at_the_ends_and_a_gap_outside_has_none():
    axis = Axis(NOON - 10 * HOUR, NOON)
    assert places(axis, (30, 20), (12, 9)) == [Place(0, 10)]


def test_no_bar_is_too_thin_to_be_seen():
    axis = Axis(NOON - 1000 * HOUR, NOON)
    assert places(axis, (0.1, 0)) == [Place(100 - THINNEST, THINNEST)]


@pytest.mark.parametrize("length", STEPS)
def test_an_axis_names_a_handful_of_moments(length):
    marks = Axis(NOON - length, NOON).marks()
    assert 3 <= len(marks) <= 8
    assert all(0 <= mark.at < 100 for mark in marks)


def test_a_midnight_is_named_by_its_day():
    assert [mark.text for mark in Axis(NOON - 24 * HOUR, NOON).marks()] == ["12:00", "18:00", "22 Nov", "06:00"]
