"""The protocol holds on every schedule tried, and no rule of it can be left out."""

import pytest

from protocol.laws import Law
from protocol.model import LONG, SHORT, model
from protocol.searching import search, search_departures
from protocol.state import Rule


@pytest.mark.parametrize("listed", [SHORT, LONG])
@pytest.mark.parametrize("first", range(0, 400, 100))
def test_no_random_schedule_breaks_a_law(first, listed):  # F1 F3 F12 F24 F26 F27 F28 F32 F43 F44 F46
    assert search(model(listed), range(first, first + 100)).by_law == {}


@pytest.mark.parametrize("listed", [SHORT, LONG])
def test_no_single_disturbance_at_any_moment_breaks_a_law(listed):  # F24 F26 F27 F28 F46
    findings = search_departures(model(listed), departures=1)
    assert findings.schedules > 200
    assert findings.by_law == {}


def test_few_pairs_of_disturbances_break_no_law():
    assert search_departures(model(SHORT), departures=2, limit=150).by_law == {}


@pytest.mark.parametrize(
    ("rule", "listed", "seeds", "law"),
    [
        (Rule.RESERVE, LONG, range(6, 10), Law.TWICE),
        (Rule.SEAL, LONG, range(4), Law.TWICE),
        (Rule.RECIPE, LONG, range(8), Law.TWICE),
        (Rule.SPLIT, LONG, range(4), Law.STUCK),
        (Rule.ONE_LOG, LONG, range(4), Law.TWICE),
        (Rule.ADOPT, LONG, range(4), Law.STUCK),
        (Rule.CLOSE, LONG, range(30, 36), Law.OPEN),
        (Rule.NUMBER, LONG, range(4), Law.LEFT),
        (Rule.ANY_KIND, LONG, range(10, 13), Law.RIVALS),
        (Rule.CAP, LONG, range(6), Law.EAGER),
        (Rule.X_CLOCK, LONG, range(3, 6), Law.LOST),
        (Rule.COUNT, SHORT, range(6), Law.LOST),
        (Rule.ABOVE, SHORT, range(56, 64), Law.LOST),
        (Rule.FRESHNESS, SHORT, range(4, 8), Law.LOST),
        (Rule.FINISH, LONG, range(1, 8), Law.TWICE),
    ],
    ids=lambda value: value.name if isinstance(value, Rule) else "",
)
def test_a_protocol_without_one_of_its_rules_breaks_a_law(rule, listed, seeds, law):
    assert law in search(model(listed, without=rule), seeds).by_law
