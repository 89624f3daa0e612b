"""Searching: many schedules, random ones, or all that depart from the quiet one at a few of its choices."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from protocol.laws import Law, Violation
from protocol.schedules import STEPS, Choose, Deployment, Trial


@dataclass(slots=True)
class Found:
    """The violations of one law: how many, and where the first one is."""

    where: object
    what: str
    number: int = 1


@dataclass(slots=True)
class Findings:
    """How many schedules were run, and which laws were broken."""

    schedules: int = 0
    by_law: dict[Law, Found] = field(default_factory=dict)

    def __str__(self) -> str:
        broken = [f"{law.name} {found.number} times, first at {found.where}" for law, found in self.by_law.items()]
        return f"{self.schedules} schedules, {'; '.join(broken) or 'every law holds'}"

    def note(self, violation: Violation, where: object) -> None:
        if violation.law in self.by_law:
            self.by_law[violation.law].number += 1
        else:
            self.by_law[violation.law] = Found(where, str(violation))


Make = Callable[[Choose], Deployment]


def search(make: Make, seeds: Iterable[int], steps: int = STEPS) -> Findings:
    """Run one random schedule for each seed."""
    findings = Findings()
    for seed in seeds:
        numbers = random.Random(seed)  # noqa: S311  a schedule keeps no secret
        _try(make(lambda _label, number, of=numbers: of.randrange(number)), steps, findings, seed)
    return findings


def search_departures(make: Make, departures: int, length: int = 70, limit: int = 10**9) -> Findings:
    """Run every schedule that departs from the quiet one at so many of its first `length` choices, or fewer."""
    findings = Findings()
    waiting: list[dict[int, int]] = [{}]
    while waiting and findings.schedules < limit:
        departure = waiting.pop()
        widths = _depart(make, departure, findings)
        if len(departure) < departures:
            first = max(departure, default=-1) + 1
            places = range(first, min(length, len(widths)))
            waiting += [{**departure, at: to} for at in places for to in range(1, widths[at])]
    return findings


def _depart(make: Make, departure: dict[int, int], findings: Findings) -> Sequence[int]:
    widths: list[int] = []

    def choose(_label: str, number: int) -> int:
        widths.append(number)
        return min(departure.get(len(widths) - 1, 0), number - 1)

    _try(make(choose), STEPS, findings, departure)
    return widths


def _try(deployment: Deployment, steps: int, findings: Findings, where: object) -> None:
    findings.schedules += 1
    try:
        Trial(deployment, steps).run()
    except Violation as violation:
        findings.note(violation, where)
    finally:
        deployment.close()
