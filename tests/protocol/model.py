"""The model of the protocol, ready to be searched: `python tests/protocol/model.py N` runs N random schedules."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from protocol.schedules import Choose
from protocol.searching import search
from protocol.state import EVERY_RULE, Rule
from protocol.workers import Collector
from protocol.world import World

SHORT, LONG = 9, 1000
"""How many of the newest tweets the source lists: so few that every list may be cut short, or more than there are."""


def model(listed: int, *, without: Rule | None = None) -> Callable[[Choose], Collector]:
    """Return what makes a fresh model, with every rule or all but one."""
    rules = EVERY_RULE - {without}
    return lambda choose: Collector(rules, choose, World(listed))


def report(schedules: int) -> Iterator[str]:
    """Search the model with every rule, and a tenth as much without each one."""
    for listed in (SHORT, LONG):
        yield f"every rule, {listed} listed: {search(model(listed), range(schedules))}"
        for rule in Rule:
            yield f"without {rule.name}, {listed} listed: {search(model(listed, without=rule), range(schedules // 10))}"


if __name__ == "__main__":
    for line in report(int(sys.argv[1])):
        print(line, flush=True)  # noqa: T201  a report for a person
