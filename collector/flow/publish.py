"""Publish: turn a seal and its landed pages into create-only CSV objects, and write the manifest last."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from collector.core.assembly import assembled, claims_of, covered, ranges_by_evidence
from collector.core.columns import PageLabel
from collector.core.documents import (
    Manifest,
    PublishedObject,
    Seal,
    decode_manifest,
    encode_manifest,
    manifest_key,
)
from collector.core.errors import ObjectConflict, ObjectMissing, StateConflict
from collector.core.ids import AccountId, TweetId
from collector.core.landing import Claim, Landing, spans_by_account
from collector.core.pages import LandedPage, in_pieces
from collector.core.ports import Compression, ObjectStore, Scratch, ScratchSlice
from collector.core.rows import Rows, by_partition, csv_bytes, joined, serialize, tally, tweet_ids_of_csv
from collector.core.table import Newlines, rows_of, table_of
from collector.flow.policy import MEGABYTE, Press
from collector.flow.store import put_once, read_part
from collector.flow.threads import in_order

log = structlog.get_logger(__name__)

OBJECT_BYTES = 64 * MEGABYTE
"""An object is cut at so many landed bytes; part of the contract, for a cut that moved would publish tweets twice."""

TABLE_BYTES = 4 * MEGABYTE
"""So many bytes of pages become one table: large enough that what a table costs at all does not count."""

PIECE_BYTES = MEGABYTE // 2
"""So many bytes of pages become values at the same time: these take ten times the room, and fit in a CPU's cache."""

IN_FLIGHT_BYTES = 16 * MEGABYTE
"""So many bytes of rows are put at the same time: many small objects, or one large one."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def publish(seal: Seal, *, objects: ObjectStore, press: Press) -> Manifest:
    """Return the manifest of a seal, after putting every object that is not there yet.

    A pure function of the seal and its pages; a repetition writes nothing. Where the raw parts have expired, the
    published objects are checked against the manifest instead. Raises `ObjectConflict` where an object stands that
    holds other tweets, `ObjectMissing` where a raw part is gone before the batch was published.
    """
    try:
        manifest = _pressed(seal, objects, press)
    except ObjectMissing as error:
        return _verified(seal, objects, error)
    body = encode_manifest(manifest)
    standing = put_once(objects, manifest_key(seal.batch.batch_id), body)
    result = _same(manifest, decode_manifest(standing))
    log.info(
        "batch.published",
        batch_id=seal.batch.batch_id,
        objects=len(result.objects),
        rows=sum(one.rows for one in result.objects),
    )
    return result


def _pressed(seal: Seal, objects: ObjectStore, press: Press) -> Manifest:
    landing = Landing()
    slices: dict[int, list[ScratchSlice]] = defaultdict(list)
    with press.scratch() as scratch:
        for key in seal.parts:
            tables = in_pieces(read_part(key, objects, press.compression), TABLE_BYTES)
            rows = joined([_rows(pages, landing, seal, press) for pages in tables])
            for partition, cut in by_partition(rows):
                slices[partition].append(scratch.append(serialize(cut)))
        claims, seal = _claims(seal, landing)
        tweets: Counter[tuple[int, int]] = Counter()
        cuts = _cut({one: _read(slices[one], scratch) for one in sorted(slices)}, claims, tweets, seal)
        put = partial(_put, seal=seal, objects=objects, press=press)
        published = list(in_order(put, cuts, workers=press.writers, most=IN_FLIGHT_BYTES, weigh=_bytes))
    return Manifest(seal.number, seal.batch, seal.accounts, tuple(published), tuple(covered(claims, tweets)))


def _rows(pages: Sequence[LandedPage], landing: Landing, seal: Seal, press: Press) -> Rows:
    for page in pages:
        landing.add(page)
    with_tweets = [page for page in pages if page.tweets]
    pieces = ([page.body for page in piece] for piece in in_pieces(with_tweets, PIECE_BYTES))
    labels = [PageLabel(one.account_id, one.username, one.landed_at, len(one.body)) for one in with_tweets]
    typed = table_of(map(press.decoder.columns, pieces), labels, seal.batch.batch_id)
    return rows_of(typed, newlines=_newlines(seal))


def _newlines(seal: Seal) -> Newlines:
    return "keep" if seal.recipe.newlines == "keep" else "escape"


def _read(slices: Iterable[ScratchSlice], scratch: Scratch) -> Iterator[bytes]:
    return (scratch.read(each) for each in slices)


def _claims(seal: Seal, landing: Landing) -> tuple[dict[AccountId, Claim], Seal]:
    """Return what the batch may say of each account; on an account's first batch the horizon raises the baseline."""
    claims = {one: landing.claim(one, ids) for one, ids in spans_by_account(seal.spans).items()}
    accounts = []
    for account in seal.accounts:
        claim = claims[account.account_id]
        if account.is_first and claim.unproven.highest is not None:
            claims[account.account_id] = replace(claim, unproven=replace(claim.unproven, parts=()))
            account = replace(account, baseline=TweetId(max(account.baseline, claim.unproven.highest)))  # noqa: PLW2901
        accounts.append(account)
    return claims, replace(seal, accounts=tuple(accounts))


def _cut(
    partitions: Mapping[int, Iterator[bytes]],
    claims: Mapping[AccountId, Claim],
    tweets: Counter[tuple[int, int]],
    seal: Seal,
) -> Iterator[tuple[str, Rows]]:
    """Yield the key and the rows of every object, and count the rows into `tweets`."""
    claimed, ranges = claims_of(claims), ranges_by_evidence(claims)
    for partition, slices in partitions.items():
        folder = object_folder(_EPOCH + timedelta(hours=partition))
        for number, rows in enumerate(assembled(slices, claimed, OBJECT_BYTES)):
            tweets.update(tally(rows, ranges))
            name = f"{seal.batch.batch_id}-{number:03d}" if number else seal.batch.batch_id
            yield f"{folder}/{name}.csv", rows


def object_folder(hour: datetime) -> str:
    """Return the partition of an hour, under the prefix."""
    return f"tweets/dt={hour:%Y-%m-%d}/hour={hour:%H}"


def _bytes(cut: tuple[str, Rows]) -> int:
    return int(cut[1].nbytes)


def _put(cut: tuple[str, Rows], *, seal: Seal, objects: ObjectStore, press: Press) -> PublishedObject:
    key, rows = cut
    plain = csv_bytes(rows)
    is_packed = seal.recipe.compression == "gzip"
    key, body = (f"{key}.gz", press.compression.compress(plain)) if is_packed else (key, plain)
    standing = put_once(objects, key, body)
    if standing != body:
        _adopt(key, plain, standing, press.compression)
    return PublishedObject(key, len(rows), len(standing), hashlib.sha256(standing).hexdigest())


def _adopt(key: str, ours: bytes, standing: bytes, compression: Compression) -> None:
    """Let an object stand that another version of the code or a library wrote, if it holds the same tweets."""
    if _tweet_ids(key, standing, compression) != tweet_ids_of_csv(ours):
        message = f"object {key} stands and holds other tweets than this batch publishes"
        raise ObjectConflict(message, hint="collector verify tells which batch's manifest lists it")
    log.warning("object.adopted", key=key)


def _tweet_ids(key: str, body: bytes, compression: Compression) -> list[int] | None:
    try:
        return tweet_ids_of_csv(compression.decompress(body) if key.endswith(".gz") else body)
    except ValueError:
        return None


def _same(manifest: Manifest, standing: Manifest) -> Manifest:
    if standing.objects != manifest.objects or standing.ranges != manifest.ranges:
        message = f"manifest {manifest_key(manifest.batch.batch_id)} stands and lists other objects or ranges"
        raise ObjectConflict(message, hint="collector verify tells what differs")
    return standing


def _verified(seal: Seal, objects: ObjectStore, cause: ObjectMissing) -> Manifest:
    try:
        standing = objects.read(manifest_key(seal.batch.batch_id))
    except ObjectMissing:
        message = f"batch {seal.batch.batch_id} is sealed and not published, and a raw part of it is gone: {cause}"
        raise ObjectMissing(message, hint="restore that object: the bucket may keep older versions") from cause
    manifest = decode_manifest(standing)
    for one in manifest.objects:
        if hashlib.sha256(objects.read(one.key)).hexdigest() != one.sha256:
            message = f"object {one.key} differs from what its manifest recorded, and the raw pages have expired"
            raise ObjectConflict(message, hint="restore the object's first version")
    return manifest


def read_manifest(batch_id: str, *, objects: ObjectStore) -> Manifest:
    """Read a batch's manifest. Raises `StateConflict` when the batch is not published."""
    try:
        return decode_manifest(objects.read(manifest_key(batch_id)))
    except ObjectMissing as error:
        message = f"batch {batch_id} is not published"
        raise StateConflict(message, hint=f"collector publish {batch_id}") from error
