"""Gaps: what is wanted and not proven, and why; always computed, never stored."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf

from collector.core.accounts import Account
from collector.core.batches import Batch, is_fault
from collector.core.coverage import Coverage, Evidence
from collector.core.ids import TweetId, end_of
from collector.core.planning import wanted_of
from collector.core.ranges import IdRange

NOT_ASKED = "not asked yet"
UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class Gap:
    """Ids of one account that are wanted and not proven."""

    account: Account
    ids: IdRange
    reason: str

    @property
    def start(self) -> datetime:
        """Return the moment from which tweets may be missing."""
        return end_of(self.ids.after)

    @property
    def end(self) -> datetime:
        """Return the moment up to which tweets may be missing."""
        return end_of(self.ids.through)

    @property
    def is_of_fault(self) -> bool:
        """Say whether something went wrong, and what is missing is asked for again."""
        return self.reason not in {NOT_ASKED, UNPROVEN} and is_fault(self.reason)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What all plans so far want: live up to the newest planned end, and the windows of all backfills."""

    newest_planned: TweetId | None
    backfills: Sequence[IdRange]

    def of(self, account: Account) -> list[IdRange]:
        """Return what is wanted of an account."""
        live = IdRange(account.baseline, max(account.baseline, self.newest_planned or 0))
        return [live, *self.backfills]


class Reasons:
    """Why a gap is there: the failure of the newest closed batch that asked for it."""

    def __init__(self, batches: Iterable[Batch]) -> None:
        """Take committed batches, newest first."""
        self._failures: dict[int | None, list[tuple[int, Batch, str]]] = {}
        for age, batch in enumerate(batches):
            for failure in batch.failures:
                self._failures.setdefault(failure.account_id, []).append((age, batch, failure.reason))

    def of(self, account: Account, ids: IdRange, coverage: Coverage) -> str:
        """Return the reason of one gap."""
        if coverage.of(Evidence.UNPROVEN).within([ids]):
            return UNPROVEN
        own = self._asked(self._failures.get(account.account_id, ()), account, ids)
        shared = (one for one in self._failures.get(None, ()) if one[1].shard == account.shard)
        others = self._asked(shared, account, ids)
        return min((own, others), key=lambda found: found[0])[1]

    @staticmethod
    def _asked(failures: Iterable[tuple[int, Batch, str]], account: Account, ids: IdRange) -> tuple[float, str]:
        """Return age and reason of the newest failure whose batch asked for some of the ids."""
        found = ((age, reason) for age, batch, reason in failures if not _asked(batch, account).cut(ids).is_empty)
        return next(found, (inf, NOT_ASKED))


def gaps_of(account: Account, coverage: Coverage, wanted: Wanted, reasons: Reasons) -> Iterator[Gap]:
    """Yield an account's gaps, oldest first."""
    for ids in coverage.gaps(wanted.of(account)):
        yield Gap(account, ids, reasons.of(account, ids, coverage))


def _asked(batch: Batch, account: Account) -> IdRange:
    return wanted_of(account, batch.kind, batch.window, batch.through_id)
