"""Publishing in the protocol model: what follows from a seal and its pages alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from protocol.state import Body, Manifest, Page, Seal
from protocol.world import Row

PARTITION = 5


@dataclass(frozen=True, slots=True)
class Claim:
    """What a batch publishes and says it holds."""

    proven: frozenset[int]
    unproven: frozenset[int]
    rows: tuple[Row, ...]

    @staticmethod
    def of(seal: Seal, pages: Sequence[Page]) -> "Claim":
        """Return the claim: one row per id inside spans and settled ranges, from the earliest page."""
        spans = seal.batch.spans
        proven = spans.intersection(frozenset().union(*(page.settles for page in pages)))
        unproven = spans.intersection(frozenset().union(*(page.unproven for page in pages))) - proven
        rows: dict[int, int] = {}
        for tweet_id, likes in (row for page in pages for row in page.rows):
            if tweet_id in proven or tweet_id in unproven:
                rows.setdefault(tweet_id, likes)
        return Claim(proven, unproven, tuple(sorted(rows.items())))

    def objects(self, name: str, size: int) -> Iterator[tuple[str, tuple[Row, ...]]]:
        """Yield the key and the rows of each object, `size` rows at most, by partition."""
        for partition in sorted({one // PARTITION for one, _ in self.rows}):
            rows = [row for row in self.rows if row[0] // PARTITION == partition]
            for start in range(0, len(rows), size):
                yield f"tweets/{partition:03d}/{name}-{start // size:03d}.csv", tuple(rows[start : start + size])

    def manifest(self, seal: Seal, objects: Sequence[tuple[str, Body]]) -> Manifest:
        """Return the manifest; what the very first live batch cannot prove ends the account's past instead."""
        ends_past = seal.is_first and bool(self.unproven)
        return Manifest(
            batch=seal.batch,
            objects=tuple(objects),
            proven=self.proven,
            unproven=frozenset() if ends_past else self.unproven,
            tweet_ids=frozenset(one for one, _ in self.rows),
            baseline=max(self.unproven) if ends_past else 0,
        )
