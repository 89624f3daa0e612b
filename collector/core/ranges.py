"""Sets of tweet ids as disjoint ranges `(after, through]`; neighbours touch, never overlap."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class IdRange:
    """The ids above `after` up to and including `through`; empty when they are equal."""

    after: int
    through: int

    def __contains__(self, tweet_id: int) -> bool:
        return self.after < tweet_id <= self.through

    @property
    def is_empty(self) -> bool:
        """Say whether no id fits."""
        return self.after >= self.through

    def cut(self, other: "IdRange") -> "IdRange":
        """Return the part inside `other`, perhaps empty."""
        return IdRange(max(self.after, other.after), min(self.through, other.through))


@dataclass(frozen=True, slots=True)
class Ranges:
    """A set of ids: sorted ranges that neither overlap nor touch. Build it with `Ranges.of`."""

    parts: tuple[IdRange, ...] = ()

    @staticmethod
    def of(parts: Iterable[IdRange]) -> "Ranges":
        """Merge any ranges into a set; empty ones vanish."""
        merged: list[IdRange] = []
        for part in sorted(part for part in parts if not part.is_empty):
            if merged and part.after <= merged[-1].through:
                merged[-1] = IdRange(merged[-1].after, max(part.through, merged[-1].through))
            else:
                merged.append(part)
        return Ranges(tuple(merged))

    def __iter__(self) -> Iterator[IdRange]:
        return iter(self.parts)

    def __len__(self) -> int:
        return len(self.parts)

    def __contains__(self, tweet_id: int) -> bool:
        at = bisect_left(self.parts, tweet_id, key=lambda part: part.through)
        return at < len(self.parts) and tweet_id in self.parts[at]

    def plus(self, other: Iterable[IdRange]) -> "Ranges":
        """Return the ids in either set."""
        return Ranges.of([*self.parts, *other])

    def minus(self, other: Iterable[IdRange]) -> "Ranges":
        """Return the ids of this set that `other` lacks."""
        taken = Ranges.of(other).parts
        left: list[IdRange] = []
        for part in self.parts:
            after = part.after
            for hole in taken:
                if hole.through <= after or hole.after >= part.through:
                    continue
                left.append(IdRange(after, hole.after))
                after = max(after, hole.through)
            left.append(IdRange(after, part.through))
        return Ranges.of(left)

    def within(self, other: Iterable[IdRange]) -> "Ranges":
        """Return the ids in both sets."""
        return Ranges.of(part.cut(bound) for bound in other for part in self.parts)

    @property
    def highest(self) -> int | None:
        """Return the largest id of the set, or None when it is empty."""
        return self.parts[-1].through if self.parts else None
