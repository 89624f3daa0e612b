"""Findings: what a doctor says of one thing, and how it judges clocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from collector.core.errors import CollectorError, RightMissing


class FindingState(StrEnum):
    """How one thing is."""

    OK = "ok"
    WARNING = "warning"
    """It works, and a person should know something about it."""
    WRONG = "wrong"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `command` mends it, a line to type or a step to take."""

    name: str
    state: FindingState
    what: str
    why: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings, in the order of a batch's way: state, X, output, accounts."""

    findings: Sequence[Finding]

    @property
    def is_ok(self) -> bool:
        """Say whether nothing is wrong; warnings, and what could not be checked, are no fault."""
        return all(finding.state is not FindingState.WRONG for finding in self.findings)


def fine(name: str, what: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(name, FindingState.OK, what)


def warning(name: str, what: str, *, why: str, command: str = "") -> Finding:
    """Return a finding that a person should know of."""
    return Finding(name, FindingState.WARNING, what, why, command)


def wrong(name: str, what: str, *, why: str, command: str) -> Finding:
    """Return a finding that must be mended."""
    return Finding(name, FindingState.WRONG, what, why, command)


def not_checked(name: str, reason: str, *, why: str = "", command: str = "") -> Finding:
    """Return a finding that nothing is known of, and the reason."""
    return Finding(name, FindingState.NOT_CHECKED, reason, why, command)


def failed(name: str, error: CollectorError, *, why: str) -> Finding:
    """Return the finding that an error makes."""
    return wrong(name, words_of(error), why=why, command=error.hint)


def words_of(*errors: CollectorError) -> str:
    """Return errors in a doctor's words: a right that is missing is named once, with all its places."""
    lacks = [error for error in errors if isinstance(error, RightMissing)]
    rights = [_lack([lack for lack in lacks if lack.right == right]) for right in dict.fromkeys(e.right for e in lacks)]
    return "; ".join(dict.fromkeys([*rights, *(str(error) for error in errors if not isinstance(error, RightMissing))]))


def _lack(lacks: Sequence[RightMissing]) -> str:
    told = f": {lacks[0].told}" if lacks[0].told else ""
    return f"the credentials may not {lacks[0].right} on {', '.join(lack.place for lack in lacks)}{told}"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a clock may be from ours before it is worth a word, and before it is wrong (None: it never is)."""

    warn: timedelta
    wrong: timedelta | None
    why: str


SET_CLOCK = "sudo timedatectl set-ntp true"


def clock_finding(name: str, whose: str, ahead: timedelta, tolerance: Tolerance) -> Finding:
    """Judge our clock, which is `ahead` of another's."""
    distance = abs(ahead)
    side = "ahead of" if ahead > timedelta(0) else "behind"
    what = f"this machine's clock is {distance.total_seconds():,.0f} s {side} {whose}"
    if tolerance.wrong is not None and distance > tolerance.wrong:
        return wrong(name, what, why=tolerance.why, command=SET_CLOCK)
    if distance > tolerance.warn:
        return warning(name, what, why=tolerance.why, command=SET_CLOCK)
    return fine(name, f"this machine's clock is that of {whose}, within {tolerance.warn.total_seconds():.0f} s")
