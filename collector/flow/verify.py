"""Verify: audit the objects against seals, manifests and state; finds damage, mends nothing."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from collector.core.batches import Batch
from collector.core.coverage import Coverage, Covered, Evidence
from collector.core.documents import Manifest, Seal, decode_manifest, manifest_key, seal_key
from collector.core.errors import ObjectDamaged, ObjectMissing, StateConflict
from collector.core.ids import SNOWFLAKE_EPOCH, AccountId, time_of
from collector.core.planning import NOTHING
from collector.core.ports import Compression, ObjectStore, StateStore
from collector.core.ranges import IdRange, Ranges
from collector.core.rows import tweet_ids_of_csv
from collector.flow.publish import object_folder
from collector.flow.rebuild import seal_number
from collector.flow.seal import read_seal

_TIMELESS = timedelta(days=1)
_MANIFEST = re.compile(r"manifests/[^/]+\.json")


@dataclass(frozen=True, slots=True)
class Problem:
    """One piece of damage: what kind, where, and what it means."""

    kind: str
    key: str
    message: str


@dataclass(slots=True)
class Audit:
    """What was looked at and what is wrong."""

    batches: int = 0
    objects: int = 0
    rows: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Say whether nothing is wrong."""
        return not self.problems

    def found(self, kind: str, key: str, message: str) -> None:
        """Note damage."""
        self.problems.append(Problem(kind, key, message))


@dataclass(frozen=True, slots=True)
class _Sealed:
    """What is kept of a seal: documents are large, and read one at a time."""

    batch_id: str
    plan_id: str


@dataclass(frozen=True, slots=True)
class _Listed:
    """What is kept of an object that a manifest lists."""

    key: str
    rows: int
    sha256: str
    batch_id: str


def verify(
    *,
    state: StateStore,
    objects: ObjectStore,
    compression: Compression,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Audit:
    """Read every seal, manifest and object, and compare them with each other and with the state."""
    audit = Audit()
    sealed = [_Sealed(seal.batch.batch_id, seal.batch.plan_id) for seal in _seals(audit, state, objects)]
    claimed: dict[AccountId, Coverage] = {}
    listed: list[_Listed] = []
    for manifest in _manifests(audit, sealed, state, objects):
        _claim(audit, manifest, claimed)
        batch_id = manifest.batch.batch_id
        listed.extend(_Listed(one.key, one.rows, one.sha256, batch_id) for one in manifest.objects)
    _coverage(audit, claimed, state)
    _unlisted(audit, {one.key for one in listed}, objects)
    _objects(audit, sorted(listed, key=lambda one: one.key), objects, compression, progress)
    return audit


def _seals(audit: Audit, state: StateStore, objects: ObjectStore) -> Iterator[Seal]:
    highest = 0
    for key in objects.keys("seals/"):
        number = seal_number(key)
        if number is None:
            audit.found("foreign_object", key, "it is no seal: nothing reads it")
        highest = max(highest, number or 0)
    with state.reading() as tx:
        highest = max(highest, tx.last_seal())
    for number in range(1, highest + 1):
        try:
            yield read_seal(number, objects)
        except ObjectMissing:
            audit.found("hole_in_log", seal_key(number), f"seal {number} of {highest} is missing")
        except ObjectDamaged as error:
            audit.found("unreadable", seal_key(number), f"seal {number} of {highest}: {error}")


def _manifests(audit: Audit, sealed: Iterable[_Sealed], state: StateStore, objects: ObjectStore) -> Iterator[Manifest]:
    with state.reading() as tx:
        known = {batch.batch_id: batch for batch in tx.batches()}
    listed = set(_manifest_keys(audit, objects))
    _batches(audit, sealed, known, listed)
    for key in sorted(listed):
        if key.removeprefix("manifests/").removesuffix(".json") not in known:
            audit.found("manifest_without_commit", key, "published, but unknown to this state")
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


def _batches(audit: Audit, sealed: Iterable[_Sealed], known: Mapping[str, Batch], listed: set[str]) -> None:
    for seal in sealed:
        batch = known.get(seal.batch_id)
        if batch is None or batch.plan_id != seal.plan_id:
            audit.found("unknown_batch", seal.batch_id, "sealed, but this state never planned it")
        elif batch.is_open and manifest_key(batch.batch_id) in listed:
            audit.found("manifest_without_commit", manifest_key(batch.batch_id), "published, but not committed yet")
    committed = {manifest_key(batch.batch_id) for batch in known.values() if not batch.is_open}
    for key in sorted(committed - listed):
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


def _coverage(audit: Audit, claimed: Mapping[AccountId, Coverage], state: StateStore) -> None:
    with state.reading() as tx:
        stored = tx.coverage()
    for account_id in sorted({*claimed, *stored}):
        published, held = claimed.get(account_id, NOTHING), stored.get(account_id, NOTHING)
        for evidence in (Evidence.PROVEN, Evidence.UNPROVEN):
            _compare(audit, account_id, published.of(evidence).minus(held.of(Evidence.LOST)), held.of(evidence))


def _compare(audit: Audit, account_id: AccountId, published: Ranges, stored: Ranges) -> None:
    for ids in published.minus(stored):
        message = f"manifests cover ids {_text(ids)}, the state does not"
        audit.found("state_behind", f"account {account_id}", message)
    for ids in stored.minus(published):
        audit.found("state_ahead", f"account {account_id}", f"the state covers ids {_text(ids)}, no manifest does")


def _unlisted(audit: Audit, listed: set[str], objects: ObjectStore) -> None:
    for key in objects.keys("tweets/"):
        if key not in listed:
            audit.found("object_not_listed", key, "no manifest lists this object (a batch may be publishing it now)")


def _objects(
    audit: Audit,
    listed: list[_Listed],
    objects: ObjectStore,
    compression: Compression,
    progress: Callable[[int, int], None],
) -> None:
    seen: dict[int, str] = {}
    folder = ""
    for done, one in enumerate(listed, start=1):
        # A tweet belongs to one partition, so what was seen in another need not be remembered.
        if one.key.rpartition("/")[0] != folder:
            folder, seen = one.key.rpartition("/")[0], {}
        _object(audit, one, seen, objects, compression)
        progress(done, len(listed))


def _object(audit: Audit, one: _Listed, seen: dict[int, str], objects: ObjectStore, compression: Compression) -> None:
    audit.objects += 1
    try:
        body = objects.read(one.key)
    except ObjectMissing:
        audit.found("missing_object", one.key, f"listed by batch {one.batch_id}, but not there")
        return
    if hashlib.sha256(body).hexdigest() != one.sha256:
        audit.found("changed_object", one.key, "its bytes are not those that its manifest recorded")
    try:
        ids = tweet_ids_of_csv(compression.decompress(body) if one.key.endswith(".gz") else body)
    except (ValueError, OSError) as error:
        audit.found("unreadable", one.key, f"it is no CSV of tweets: {error}")
        return
    audit.rows += len(ids)
    if len(ids) != one.rows:
        audit.found("row_count", one.key, f"{len(ids)} rows, its manifest says {one.rows}")
    _tweets(audit, one.key, ids, seen)


def _tweets(audit: Audit, key: str, ids: Iterable[int], seen: dict[int, str]) -> None:
    for tweet_id in ids:
        if tweet_id in seen:
            audit.found("duplicate_row", key, f"tweet {tweet_id} stands in {seen[tweet_id]} too")
        seen[tweet_id] = key
        made_at = time_of(tweet_id)
        if made_at - SNOWFLAKE_EPOCH > _TIMELESS and object_folder(made_at) != key.rpartition("/")[0]:
            audit.found("misplaced_row", key, f"tweet {tweet_id} is of {made_at:%Y-%m-%dT%H}h UTC")


def _text(ids: IdRange) -> str:
    return f"({ids.after}, {ids.through}]"
