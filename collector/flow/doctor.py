"""Doctor: look at everything that a collection needs, each thing whatever the others say, and never wait for ever."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Condition, Thread

from collector.core.errors import CollectorError
from collector.core.findings import Diagnosis, Finding, FindingState, failed, not_checked, wrong

PATIENCE = timedelta(seconds=30)
"""How long all checks together may take: they run at the same time."""


@dataclass(frozen=True, slots=True)
class Check:
    """A look at one part: the findings that it owes, in their order, and why they matter when it fails."""

    names: tuple[str, ...]
    why: str
    look: Callable[[], Iterable[Finding]]


@dataclass(slots=True)
class _Look:
    """A check under way, and what it has found so far."""

    check: Check
    found: list[Finding] = field(default_factory=list)
    is_over: bool = False

    def run(self, changed: Condition) -> None:
        try:
            for finding in self.check.look():
                self.found.append(finding)
        except CollectorError as error:
            self.found.append(failed(self._next_name(), error, why=self.check.why))
        except Exception as error:  # noqa: BLE001  a check that breaks must not take the others along
            what = f"this check broke: {type(error).__name__}"
            self._end(what, "this is a fault of the collector: report it")
        with changed:
            self.is_over = True
            changed.notify_all()

    def give_up(self, patience: timedelta) -> None:
        """Say that the check has not answered, and owe no more."""
        self.found = list(self.found)
        what = f"no answer within {patience.total_seconds():g} s"
        self._end(what, "check the network, and the proxies and firewalls on the way")

    def findings(self) -> list[Finding]:
        """Return what was found, and of what the check owes and has not said, that it is not known."""
        known = {finding.name for finding in self.found}
        faults = [finding.name for finding in self.found if finding.state is not FindingState.OK]
        reason = f"see {faults[-1]}" if faults else "there is nothing to look at"
        return [*self.found, *(not_checked(name, reason) for name in self.check.names if name not in known)]

    def _end(self, what: str, command: str) -> None:
        self.found.append(wrong(self._next_name(), what, why=self.check.why, command=command))

    def _next_name(self) -> str:
        known = {finding.name for finding in self.found}
        return next((name for name in self.check.names if name not in known), self.check.names[-1])


def diagnose(checks: Sequence[Check], patience: timedelta = PATIENCE) -> Diagnosis:
    """Run all checks at the same time, and return their findings in the order of the checks."""
    looks, changed = [_Look(check) for check in checks], Condition()
    for look in looks:
        # Daemons, because one that hangs must not keep the process alive.
        Thread(target=look.run, args=[changed], daemon=True, name=f"doctor-{look.check.names[0]}").start()
    with changed:
        changed.wait_for(lambda: all(look.is_over for look in looks), patience.total_seconds())
        for look in looks:
            if not look.is_over:
                look.give_up(patience)
    return Diagnosis([finding for look in looks for finding in look.findings()])
