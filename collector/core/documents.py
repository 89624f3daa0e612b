"""Seals and manifests: the two JSON documents that say what a batch publishes and what it published."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collector.core.batches import Batch, BatchKind, Counts, Failure, Span, Window
from collector.core.coverage import Covered, Evidence
from collector.core.errors import reading
from collector.core.ids import AccountId, TweetId
from collector.core.ranges import IdRange
from collector.core.times import parse_time, time_text

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the rows of a batch are written: fixed by its seal, whatever the settings say later."""

    csv_version: int
    compression: str
    """`none` or `gzip`."""
    newlines: str
    """`escape` or `keep`."""


@dataclass(frozen=True, slots=True)
class SealedAccount:
    """An account as a seal or manifest names it; `is_first` when nothing of it was covered at the time."""

    account_id: AccountId
    username: str
    baseline: TweetId
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class Seal:
    """What a batch publishes: this decides."""

    number: int
    batch: Batch
    accounts: tuple[SealedAccount, ...]
    spans: tuple[Span, ...]
    parts: tuple[str, ...]
    recipe: Recipe


@dataclass(frozen=True, slots=True)
class PublishedObject:
    """One CSV object as it stands."""

    key: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a batch published: its existence means *published*."""

    seal: int
    batch: Batch
    accounts: tuple[SealedAccount, ...]
    objects: tuple[PublishedObject, ...]
    ranges: tuple[tuple[AccountId, Covered], ...]


def seal_key(number: int) -> str:
    """Return where a seal lies, under the prefix."""
    return f"seals/{number:010d}.json"


def manifest_key(batch_id: str) -> str:
    """Return where a batch's manifest lies, under the prefix."""
    return f"manifests/{batch_id}.json"


def encode_seal(seal: Seal) -> bytes:
    """Return a seal as JSON."""
    return _json(
        {
            "format": FORMAT,
            "seal": seal.number,
            **_batch_members(seal.batch),
            "recipe": {
                "csv_version": seal.recipe.csv_version,
                "compression": seal.recipe.compression,
                "newlines": seal.recipe.newlines,
            },
            "parts": list(seal.parts),
            "accounts": [{**_account_members(account), "first": account.is_first} for account in seal.accounts],
            "spans": [[str(span.account_id), str(span.ids.after), str(span.ids.through)] for span in seal.spans],
        }
    )


def decode_seal(body: bytes) -> Seal:
    """Read a seal. Raises `ObjectDamaged`."""
    with reading("a seal"):
        document = json.loads(body)
        return Seal(
            number=document["seal"],
            batch=_batch(document),
            accounts=tuple(_account(member) for member in document["accounts"]),
            spans=tuple(Span(AccountId(int(who)), IdRange(int(a), int(b))) for who, a, b in document["spans"]),
            parts=tuple(document["parts"]),
            recipe=Recipe(**document["recipe"]),
        )


def encode_manifest(manifest: Manifest) -> bytes:
    """Return a manifest as JSON."""
    return _json(
        {
            "format": FORMAT,
            "seal": manifest.seal,
            **_batch_members(manifest.batch),
            "rows": sum(one.rows for one in manifest.objects),
            "objects": [
                {"key": one.key, "rows": one.rows, "bytes": one.bytes, "sha256": one.sha256} for one in manifest.objects
            ],
            "accounts": [_account_members(account) for account in manifest.accounts],
            "ranges": [
                {
                    "account_id": str(account_id),
                    "after_id": str(row.ids.after),
                    "through_id": str(row.ids.through),
                    "evidence": str(row.evidence),
                    "tweets": row.tweets,
                }
                for account_id, row in manifest.ranges
            ],
        }
    )


def decode_manifest(body: bytes) -> Manifest:
    """Read a manifest. Raises `ObjectDamaged`."""
    with reading("a manifest"):
        document = json.loads(body)
        return Manifest(
            seal=document["seal"],
            batch=_batch(document),
            accounts=tuple(_account(member) for member in document["accounts"]),
            objects=tuple(PublishedObject(**member) for member in document["objects"]),
            ranges=tuple((AccountId(int(member["account_id"])), _covered(member)) for member in document["ranges"]),
        )


def _batch_members(batch: Batch) -> dict[str, Any]:
    return {
        "batch_id": batch.batch_id,
        "plan_id": batch.plan_id,
        "kind": str(batch.kind),
        "window_start": time_text(batch.window.start),
        "window_end": time_text(batch.window.end),
        "shard": batch.shard,
        "number": batch.number,
        "through_id": str(batch.through_id),
        "created_at": time_text(batch.created_at),
        "requests": batch.counts.requests,
        "tweets_read": batch.counts.tweets_read,
        "failures": [
            {
                "account_id": None if failure.account_id is None else str(failure.account_id),
                "username": failure.username,
                "reason": failure.reason,
                "message": failure.message,
            }
            for failure in batch.failures
        ],
    }


def _batch(document: Mapping[str, Any]) -> Batch:
    return Batch(
        batch_id=document["batch_id"],
        kind=BatchKind(document["kind"]),
        window=Window(parse_time(document["window_start"]), parse_time(document["window_end"])),
        shard=document["shard"],
        number=document["number"],
        plan_id=document["plan_id"],
        through_id=TweetId(int(document["through_id"])),
        created_at=parse_time(document["created_at"]),
        counts=Counts(requests=document["requests"], tweets_read=document["tweets_read"]),
        failures=tuple(
            Failure(
                None if one["account_id"] is None else AccountId(int(one["account_id"])),
                one["username"],
                one["reason"],
                one["message"],
            )
            for one in document["failures"]
        ),
    )


def _account_members(account: SealedAccount) -> dict[str, str]:
    return {
        "account_id": str(account.account_id),
        "username": account.username,
        "baseline": str(account.baseline),
    }


def _account(member: Mapping[str, Any]) -> SealedAccount:
    return SealedAccount(
        account_id=AccountId(int(member["account_id"])),
        username=member["username"],
        baseline=TweetId(int(member["baseline"])),
        is_first=member.get("first", False),
    )


def _covered(member: Mapping[str, Any]) -> Covered:
    ids = IdRange(int(member["after_id"]), int(member["through_id"]))
    return Covered(ids, Evidence(member["evidence"]), member["tweets"])


def _json(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def rebuilt_time(batch: Batch) -> datetime:
    """Return the time that a rebuilt batch counts as committed: documents hold no other clock."""
    return max(batch.window.end, batch.created_at)
