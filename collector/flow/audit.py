"""Audit: what an audit of the copy finds, and its look at every object that a manifest lists."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from collector.core.errors import ObjectMissing
from collector.core.ids import SNOWFLAKE_EPOCH, time_of
from collector.core.ports import Compression, ObjectStore
from collector.core.rows import tweet_ids_of_csv
from collector.flow.publish import object_folder

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


@dataclass(frozen=True, slots=True)
class Listed:
    """What is kept of an object that a manifest lists."""

    key: str
    rows: int
    sha256: str
    batch_id: str


def audit_objects(
    audit: Audit,
    listed: list[Listed],
    objects: ObjectStore,
    compression: Compression,
    progress: Callable[[int, int], None],
) -> None:
    """Read every listed object once, and compare it with what its manifest says; `listed` is sorted by key."""
    seen: dict[int, str] = {}
    folder = ""
    for done, one in enumerate(listed, start=1):
        # A tweet belongs to one partition, so what was seen in another need not be remembered.
        if one.key.rpartition("/")[0] != folder:
            folder, seen = one.key.rpartition("/")[0], {}
        _object(audit, one, seen, objects, compression)
        progress(done, len(listed))


def _object(audit: Audit, one: Listed, seen: dict[int, str], objects: ObjectStore, compression: Compression) -> None:
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
