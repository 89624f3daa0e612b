"""Difference: the rows of `coverage` that change between two coverages."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from collector.core.coverage import Coverage, Covered
from collector.core.ids import AccountId

Cells = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows to delete, to update and to insert; those that stand are named by account, after and through."""

    gone: list[Cells] = field(default_factory=list)
    """`(account_id, after_id, through_id)` as stored."""
    grown: list[Cells] = field(default_factory=list)
    """`(through_id, evidence, tweets)` to be, then the row as in `gone`."""
    fresh: list[Cells] = field(default_factory=list)
    """`(account_id, after_id, through_id, evidence, tweets)`."""


def difference(changed: Mapping[AccountId, tuple[Coverage, Coverage]]) -> Difference:
    """Return what to write so that each account's (before, after) becomes after."""
    found = Difference()
    for account_id, (before, after) in changed.items():
        stored = {row.ids.after: row for row in before.rows}
        for row in after.rows:
            _sort_in(found, account_id, stored.pop(row.ids.after, None), row)
        found.gone.extend((account_id, row.ids.after, row.ids.through) for row in stored.values())
    return found


def _sort_in(found: Difference, account_id: AccountId, was: Covered | None, row: Covered) -> None:
    ids, values = row.ids, (row.ids.through, row.evidence.value, row.tweets)
    if was is None:
        found.fresh.append((account_id, ids.after, *values))
    elif was != row:
        found.grown.append((*values, account_id, ids.after, was.ids.through))
