"""Coverage: the id ranges an account holds, each with its evidence, and what follows from them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from collector.core.errors import StateConflict
from collector.core.ids import TweetId
from collector.core.ranges import IdRange, Ranges


class Evidence(StrEnum):
    """Why a range counts as held."""

    PROVEN = "proven"  # every visible tweet of the range is published
    UNPROVEN = "unproven"  # asked, but the source may have ended its list early; never asked again
    LOST = "lost"  # a person accepted the loss; the cursor passes


@dataclass(frozen=True, slots=True)
class Covered:
    """One range of an account's coverage; `tweets` is how many published rows lie in it."""

    ids: IdRange
    evidence: Evidence
    tweets: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """An account's covered ranges: sorted, disjoint, neighbours of equal evidence merged."""

    rows: tuple[Covered, ...] = ()

    def add(self, fresh: Iterable[Covered]) -> "Coverage":
        """Return the coverage with `fresh` ranges.

        Raises `StateConflict` when one of them is covered already: a range is committed once.
        """
        merged: list[Covered] = []
        for row in sorted((*self.rows, *fresh), key=lambda row: row.ids.after):
            if row.ids.is_empty:
                continue
            if merged and row.ids.after < merged[-1].ids.through:
                message = f"ids ({row.ids.after}, {row.ids.through}] are covered already"
                raise StateConflict(message, hint="collector rebuild")
            merged.append(row)
            _merge_last_two(merged)
        return Coverage(tuple(merged))

    @property
    def held(self) -> Ranges:
        """Return what is never asked for again: every evidence."""
        return Ranges.of(row.ids for row in self.rows)

    @property
    def proven(self) -> Ranges:
        """Return what hides a gap: proven ranges, and losses a person accepted."""
        return Ranges.of(row.ids for row in self.rows if row.evidence is not Evidence.UNPROVEN)

    def of(self, evidence: Evidence) -> Ranges:
        """Return the ranges of one evidence."""
        return Ranges.of(row.ids for row in self.rows if row.evidence is evidence)

    def gaps(self, wanted: Iterable[IdRange]) -> Ranges:
        """Return the parts of `wanted` that are not proven, oldest first."""
        return Ranges.of(wanted).minus(self.proven)

    def cursor(self, baseline: int) -> TweetId:
        """Return the highest id reachable from the baseline without crossing a gap."""
        since_id = baseline
        for row in self.rows:
            if row.evidence is not Evidence.UNPROVEN and row.ids.after <= since_id < row.ids.through:
                since_id = row.ids.through
        return TweetId(since_id)

    def tweets_above(self, tweet_id: int) -> int:
        """Count the published rows in the ranges above an id."""
        return sum(row.tweets for row in self.rows if row.ids.after >= tweet_id)


def _merge_last_two(rows: list[Covered]) -> None:
    if len(rows) < 2:  # noqa: PLR2004  two is two
        return
    lower, upper = rows[-2:]
    if lower.ids.through == upper.ids.after and lower.evidence is upper.evidence:
        ids = IdRange(lower.ids.after, upper.ids.through)
        rows[-2:] = [replace(lower, ids=ids, tweets=lower.tweets + upper.tweets)]
