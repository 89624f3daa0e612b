"""Findings: what counts as wrong, and how clocks are judged."""

from datetime import timedelta

import pytest

from collector.core.errors import ConfigError, RightMissing
from collector.core.findings import (
    Diagnosis,
    Finding,
    FindingState,
    Tolerance,
    clock_finding,
    failed,
    fine,
    not_checked,
    warning,
    words_of,
    wrong,
)

TOLERANCE = Tolerance(timedelta(seconds=5), timedelta(minutes=5), "because")
NEVER_WRONG = Tolerance(timedelta(seconds=5), None, "because")


def test_only_what_is_wrong_makes_a_diagnosis_bad():
    harmless = [fine("a", "x"), warning("b", "x", why="y"), not_checked("c", "x")]
    assert Diagnosis(harmless).is_ok
    assert not Diagnosis([*harmless, wrong("d", "x", why="y", command="z")]).is_ok


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("seconds", "tolerance", "state"),
    [
        (0, TOLERANCE, "ok"),
        (5, TOLERANCE, "ok"),
        (6, TOLERANCE, "warning"),
        (300, TOLERANCE, "warning"),
        (301, TOLERANCE, "wrong"),
        (9999, NEVER_WRONG, "warning"),
    ],
)
def test_a_clock_is_judged_on_both_sides(seconds, tolerance, state, sign):
    found = clock_finding("x clock", "X", sign * timedelta(seconds=seconds), tolerance)
    assert found.state == state
    if state != "ok":
        assert ("ahead of" if sign > 0 else "behind") in found.what
        assert (found.why, found.command) == ("because", "sudo timedatectl set-ntp true")


def test_an_error_becomes_a_finding_with_its_hint_as_the_remedy():
    found = failed("state", ConfigError("it is old", hint="collector migrate"), why="w")
    assert found == Finding("state", FindingState.WRONG, "it is old", "w", "collector migrate")


def test_a_missing_right_is_named_in_words():
    error = RightMissing("refused", right="s3:PutObject", place="s3://b/raw/x", told="not you", hint="allow it")
    found = failed("output put", error, why="w")
    assert found.what == "the credentials may not s3:PutObject on s3://b/raw/x: not you"


def test_one_right_that_is_missing_in_many_places_is_named_once():
    lacks = [RightMissing("x", right=right, place=place) for right, place in (("r", "a"), ("q", "b"), ("r", "c"))]
    told = words_of(*lacks, ConfigError("old"), ConfigError("old"))
    assert told == "the credentials may not r on a, c; the credentials may not q on b; old"
