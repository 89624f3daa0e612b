"""What this machine could not check, told loudly at the end of a run: no test is skipped in silence."""

from typing import Any

import pytest

UNCHECKED: dict[str, str] = {}


def not_checked(what: str, remedy: str) -> None:
    """Note that this machine lacks what a check needs, and what a person does to have it; the run goes on.

    For a `conftest.py` that then leaves its tests out (`collect_ignore_glob`).
    """
    UNCHECKED[what] = remedy


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what a worker of pytest-xdist noted to the process that prints."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["unchecked"] = UNCHECKED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a worker noted."""
    UNCHECKED.update(getattr(node, "workeroutput", {}).get("unchecked", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it where nobody overlooks it."""
    if UNCHECKED:
        terminalreporter.section("NOT CHECKED on this machine", red=True, bold=True)
    for what, remedy in UNCHECKED.items():
        terminalreporter.line(f"NOT CHECKED: {what}", red=True)
        terminalreporter.line(f"  to check it: {remedy}")
