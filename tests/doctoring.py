"""What a test of the doctor asks of its findings."""

from dataclasses import dataclass
from typing import Any

from collector_process import Collector, Ended


@dataclass(frozen=True, slots=True)
class Visit:
    """The doctor run as a process, with `--json`."""

    ended: Ended

    @property
    def findings(self) -> dict[str, dict[str, Any]]:
        return {finding["name"]: finding for finding in self.ended.document["findings"]}

    def named(self, state: str) -> list[str]:
        """Return the names of the findings in a state."""
        return [name for name, finding in self.findings.items() if finding["state"] == state]

    def assert_wrong(self, *names: str) -> None:
        """Insist that these are wrong and nothing else is, each with what a person should do."""
        assert self.named("wrong") == list(names), self.ended.document
        assert (self.ended.code, self.ended.document["ok"]) == ((1, False) if names else (0, True))
        assert [name for name in names if not (self.findings[name]["why"] and self.findings[name]["command"])] == []


def visit(collector: Collector, **settings: str | None) -> Visit:
    """Run `collector doctor --json` to its end."""
    return Visit(collector("doctor", "--json", **settings))
