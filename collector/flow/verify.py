"""Verify: audit the objects against seals, manifests and state; finds damage, mends nothing."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from collector.core.batches import Batch
from collector.core.coverage import Coverage, Covered, Evidence
from collector.core.documents import Manifest, Seal, decode_manifest, manifest_key, seal_key
from collector.core.errors import ObjectDamaged, ObjectMissing, StateConflict
from collector.core.ids import AccountId
from collector.core.planning import NOTHING
from collector.core.ports import Compression, ObjectStore, StateStore
from collector.core.ranges import IdRange, Ranges
from collector.flow.audit import Audit, Listed, audit_objects
from collector.flow.rebuild import seal_number
from collector.flow.seal import read_seal

_MANIFEST = re.compile(r"manifests/[^/]+\.json")


@dataclass(frozen=True, slots=True)
class _Sealed:
    """What is kept of a seal: documents are large, and read one at a time."""

    batch_id: str
    plan_id: str


@dataclass(frozen=True, slots=True)
class _Look:
    """The state at one moment."""

    last_seal: int
    batches: Mapping[str, Batch]
    coverage: Mapping[AccountId, Coverage]

    def is_open(self, batch_id: str) -> bool:
        """Say whether a batch was not committed then, or not even planned."""
        return batch_id not in self.batches or self.batches[batch_id].is_open


def verify(
    *,
    state: StateStore,
    objects: ObjectStore,
    compression: Compression,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Audit:
    """Read every seal, manifest and object, and compare them with each other and with the state.

    Others may work meanwhile: what the state held before must be found, and what is found it must know afterwards.
    """
    audit, before = Audit(), _look(state)
    sealed = [_Sealed(seal.batch.batch_id, seal.batch.plan_id) for seal in _seals(audit, before.last_seal, objects)]
    manifests = set(_manifest_keys(audit, objects))
    claimed: dict[AccountId, Coverage] = {}
    listed: list[Listed] = []
    for manifest in _manifests(audit, manifests, objects):
        _claim(audit, manifest, claimed)
        batch_id = manifest.batch.batch_id
        listed.extend(Listed(one.key, one.rows, one.sha256, batch_id) for one in manifest.objects)
    unlisted = _others({one.key for one in listed}, objects)
    after = _look(state)
    _batches(audit, sealed, manifests, before, after)
    _coverage(audit, claimed, before, after)
    _unlisted(audit, unlisted, before, after)
    audit_objects(audit, sorted(listed, key=lambda one: one.key), objects, compression, progress)
    return audit


def _look(state: StateStore) -> _Look:
    with state.reading() as tx:
        return _Look(tx.last_seal(), {batch.batch_id: batch for batch in tx.batches()}, tx.coverage())


def _seals(audit: Audit, last_seal: int, objects: ObjectStore) -> Iterator[Seal]:
    highest = last_seal
    for key in objects.keys("seals/"):
        number = seal_number(key)
        if number is None:
            audit.found("foreign_object", key, "it is no seal: nothing reads it")
        highest = max(highest, number or 0)
    for number in range(1, highest + 1):
        try:
            yield read_seal(number, objects)
        except ObjectMissing:
            audit.found("hole_in_log", seal_key(number), f"seal {number} of {highest} is missing")
        except ObjectDamaged as error:
            audit.found("unreadable", seal_key(number), f"seal {number} of {highest}: {error}")


def _manifests(audit: Audit, keys: Iterable[str], objects: ObjectStore) -> Iterator[Manifest]:
    for key in sorted(keys):
        try:
            manifest = decode_manifest(objects.read(key))
        except ObjectDamaged as error:
            audit.found("unreadable", key, str(error))
            continue
        audit.batches += 1
        yield manifest


def _manifest_keys(audit: Audit, objects: ObjectStore) -> Iterator[str]:
    for key in objects.keys("manifests/"):
        if _MANIFEST.fullmatch(key):
            yield key
        else:
            audit.found("foreign_object", key, "it is no manifest: nothing reads it")


def _batches(audit: Audit, sealed: Iterable[_Sealed], manifests: set[str], before: _Look, after: _Look) -> None:
    for seal in sealed:
        batch = after.batches.get(seal.batch_id)
        if batch is None or batch.plan_id != seal.plan_id:
            audit.found("unknown_batch", seal.batch_id, "sealed, but this state never planned it")
        elif batch.is_open and manifest_key(batch.batch_id) in manifests:
            audit.found("manifest_without_commit", manifest_key(batch.batch_id), "published, but not committed yet")
    for key in sorted(manifests - set(map(manifest_key, after.batches))):
        audit.found("manifest_without_commit", key, "published, but unknown to this state")
    committed = {manifest_key(batch.batch_id) for batch in before.batches.values() if not batch.is_open}
    for key in sorted(committed - manifests):
        audit.found("missing_manifest", key, "the batch is committed, its manifest is gone")


def _claim(audit: Audit, manifest: Manifest, claimed: dict[AccountId, Coverage]) -> None:
    """Add what a manifest says it covers to what the manifests before it did."""
    for account_id, row in manifest.ranges:
        held = claimed.get(account_id, NOTHING)
        try:
            claimed[account_id] = held.add([row])
        except StateConflict:
            twice = ", ".join(_text(ids) for ids in held.held.within([row.ids]))
            message = f"account {account_id}: ids {twice} are published by another manifest too"
            audit.found("overlapping_ranges", manifest_key(manifest.batch.batch_id), message)
            claimed[account_id] = _with_rest(held, row)


def _with_rest(held: Coverage, row: Covered) -> Coverage:
    rest = Ranges.of([row.ids]).minus(held.held)
    return held.add(Covered(ids, row.evidence, 0) for ids in rest)


def _coverage(audit: Audit, claimed: Mapping[AccountId, Coverage], before: _Look, after: _Look) -> None:
    for account_id in sorted({*claimed, *before.coverage}):
        was, held = before.coverage.get(account_id, NOTHING), after.coverage.get(account_id, NOTHING)
        published = claimed.get(account_id, NOTHING)
        for evidence in (Evidence.PROVEN, Evidence.UNPROVEN):
            claim = published.of(evidence).minus(held.of(Evidence.LOST))
            for ids in claim.minus(held.of(evidence)):
                message = f"manifests cover ids {_text(ids)}, the state does not"
                audit.found("state_behind", f"account {account_id}", message)
            for ids in was.of(evidence).minus(claim):
                message = f"the state covers ids {_text(ids)}, no manifest does"
                audit.found("state_ahead", f"account {account_id}", message)


def _others(listed: set[str], objects: ObjectStore) -> list[str]:
    return [key for key in objects.keys("tweets/") if key not in listed]


def _unlisted(audit: Audit, keys: Iterable[str], before: _Look, after: _Look) -> None:
    for key in keys:
        batch = _batch_of(key, after)
        # Its manifest, which comes last, was not there yet.
        if batch is None or not before.is_open(batch.batch_id):
            audit.found("object_not_listed", key, "no manifest lists this object")


def _batch_of(key: str, look: _Look) -> Batch | None:
    name = key.rpartition("/")[2].partition(".csv")[0]
    return look.batches.get(name) or look.batches.get(name.rpartition("-")[0])


def _text(ids: IdRange) -> str:
    return f"({ids.after}, {ids.through}]"
