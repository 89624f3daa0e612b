"""Verify: audit the objects against seals, manifests and state; finds damage, mends nothing."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from collector.core.coverage import Covered, Evidence
from collector.core.documents import Manifest, PublishedObject, Seal, decode_manifest, manifest_key
from collector.core.errors import ObjectDamaged, ObjectMissing
from collector.core.ids import SNOWFLAKE_EPOCH, AccountId, time_of
from collector.core.planning import NOTHING
from collector.core.ports import Compression, ObjectStore, StateStore
from collector.core.ranges import IdRange, Ranges
from collector.core.table import tweet_ids_of_csv
from collector.flow.publish import object_folder
from collector.flow.seal import read_seal

_TIMELESS = timedelta(days=1)


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


def verify(
    *,
    state: StateStore,
    objects: ObjectStore,
    compression: Compression,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Audit:
    """Read every seal, manifest and object, and compare them with each other and with the state."""
    audit = Audit()
    seals = list(_seals(audit, state, objects))
    manifests = list(_manifests(audit, seals, state, objects))
    _coverage(audit, manifests, state)
    listed = sorted(((one, manifest) for manifest in manifests for one in manifest.objects), key=lambda at: at[0].key)
    _unlisted(audit, {one.key for one, _ in listed}, objects)
    seen: dict[int, str] = {}
    folder = ""
    for done, (one, manifest) in enumerate(listed, start=1):
        # A tweet belongs to one partition, so what was seen in another need not be remembered.
        if one.key.rpartition("/")[0] != folder:
            folder, seen = one.key.rpartition("/")[0], {}
        _object(audit, one, manifest, seen, objects, compression)
        progress(done, len(listed))
    return audit


def _seals(audit: Audit, state: StateStore, objects: ObjectStore) -> Iterator[Seal]:
    numbers = sorted(int(key.removeprefix("seals/").removesuffix(".json")) for key in objects.keys("seals/"))
    with state.reading() as tx:
        last = tx.last_seal()
    highest = max([last, *numbers])
    for number in range(1, highest + 1):
        try:
            yield read_seal(number, objects)
        except ObjectMissing:
            audit.found("hole_in_log", f"seals/{number:010d}.json", f"seal {number} of {highest} is missing")
        except ObjectDamaged as error:
            audit.found("unreadable", f"seals/{number:010d}.json", f"seal {number} of {highest}: {error}")


def _manifests(audit: Audit, seals: Iterable[Seal], state: StateStore, objects: ObjectStore) -> Iterator[Manifest]:
    with state.reading() as tx:
        known = {batch.batch_id: batch for batch in tx.batches()}
    listed = set(objects.keys("manifests/"))
    for seal in seals:
        batch = known.get(seal.batch.batch_id)
        if batch is None or batch.plan_id != seal.batch.plan_id:
            audit.found("unknown_batch", seal.batch.batch_id, "sealed, but this state never planned it")
        elif batch.is_open and manifest_key(batch.batch_id) in listed:
            audit.found("manifest_without_commit", manifest_key(batch.batch_id), "published, but not committed yet")
    committed = {manifest_key(batch.batch_id) for batch in known.values() if not batch.is_open}
    for key in sorted(committed - listed):
        audit.found("missing_manifest", key, "the batch is committed, its manifest is gone")
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


def _coverage(audit: Audit, manifests: Iterable[Manifest], state: StateStore) -> None:
    claimed: dict[AccountId, list[tuple[Covered, str]]] = defaultdict(list)
    for manifest in manifests:
        for account_id, row in manifest.ranges:
            claimed[account_id].append((row, manifest.batch.batch_id))
    with state.reading() as tx:
        stored = tx.coverage()
    for account_id in sorted({*claimed, *stored}):
        rows = sorted(claimed[account_id], key=lambda each: each[0].ids)
        _overlaps(audit, account_id, rows)
        held = stored.get(account_id, NOTHING)
        for evidence in (Evidence.PROVEN, Evidence.UNPROVEN):
            published = Ranges.of(row.ids for row, _ in rows if row.evidence is evidence)
            _compare(audit, account_id, published.minus(held.of(Evidence.LOST)), held.of(evidence))


def _overlaps(audit: Audit, account_id: AccountId, rows: list[tuple[Covered, str]]) -> None:
    through, owner = 0, ""
    for row, batch_id in rows:
        if row.ids.after < through:
            message = f"account {account_id}: {batch_id} and {owner} both publish ids from {row.ids.after} on"
            audit.found("overlapping_ranges", manifest_key(batch_id), message)
        through, owner = max((through, owner), (row.ids.through, batch_id))


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


def _object(
    audit: Audit,
    one: PublishedObject,
    manifest: Manifest,
    seen: dict[int, str],
    objects: ObjectStore,
    compression: Compression,
) -> None:
    audit.objects += 1
    try:
        body = objects.read(one.key)
    except ObjectMissing:
        audit.found("missing_object", one.key, f"listed by batch {manifest.batch.batch_id}, but not there")
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
