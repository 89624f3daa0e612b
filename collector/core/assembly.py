"""Assembly: the rows of one partition, slice by slice, become objects of bounded size."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from collector.core.coverage import Covered, Evidence
from collector.core.ids import AccountId
from collector.core.landing import Claim
from collector.core.rows import Rows, deserialize, first_of_each_id, inside, joined, split, unseen

GATHERED_BYTES = 1_000_000
"""So many bytes of slices are worked on at a time: a table costs about the same whether it is small or large."""

Claims = Mapping[int, Sequence[tuple[int, int]]]


def claims_of(claims: Mapping[AccountId, Claim]) -> Claims:
    """Return for each account the sorted ranges whose tweets are published."""
    return {account_id: [(ids.after, ids.through) for ids in claim.ids] for account_id, claim in claims.items()}


def assembled(slices: Iterable[bytes], claims: Claims, max_weight: int) -> Iterator[Rows]:
    """Yield the rows of one partition's objects: claimed tweets, one row each, the earliest landed.

    Where the rows are cut depends on the rows alone, not on how they were sliced.
    """
    seen: set[int] = set()
    pending: list[Rows] = []
    for some in _gathered(slices):
        rows = unseen(first_of_each_id(inside(deserialize(some), claims)), seen)
        seen.update(rows["tweet_id"].to_pylist())
        *full, rest = split(joined([*pending, rows]), max_weight) or [rows]
        yield from full
        pending = [rest]
    yield from (rows for rows in pending if len(rows))


def _gathered(slices: Iterable[bytes]) -> Iterator[list[bytes]]:
    some: list[bytes] = []
    size = 0
    for each in slices:
        some.append(each)
        size += len(each)
        if size >= GATHERED_BYTES:
            yield some
            some, size = [], 0
    yield some


def covered(claims: Mapping[AccountId, Claim], tweets: Counter[tuple[int, int]]) -> Iterator[tuple[AccountId, Covered]]:
    """Yield what a manifest says of each account: its ranges, their evidence, and how many rows lie in them."""
    for account_id in sorted(claims):
        claim = claims[account_id]
        for evidence, ranges in ((Evidence.PROVEN, claim.proven), (Evidence.UNPROVEN, claim.unproven)):
            for ids in ranges:
                yield account_id, Covered(ids, evidence, tweets[account_id, ids.after])


def ranges_by_evidence(claims: Mapping[AccountId, Claim]) -> Claims:
    """Return each account's proven and unproven ranges apart, sorted."""
    return {
        account_id: sorted((ids.after, ids.through) for ids in (*claim.proven, *claim.unproven))
        for account_id, claim in claims.items()
    }
