"""Objects as the flow writes and reads them: create-only, and the landed pages of a batch."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

import structlog

from collector.core.errors import ObjectDamaged, ObjectExists, reading
from collector.core.landing import Landing
from collector.core.pages import LandedPage, decode_pages
from collector.core.ports import Compression, ObjectStore

log = structlog.get_logger(__name__)

PROBE, PROOF = "raw/probe.json", b'{"probe": "raw pages can be created here"}\n'
"""Lies beside the raw parts, expires with them and belongs to no batch; nothing else reads it."""


def prove_writable(objects: ObjectStore) -> None:
    """Create the probe, or find that it stands already, for both need the right. Raises what the store raises."""
    with suppress(ObjectExists):
        objects.create(PROBE, PROOF)


def put_once(objects: ObjectStore, key: str, body: bytes) -> bytes:
    """Create an object unless it stands already; return the bytes that stand."""
    try:
        objects.create(key, body)
    except ObjectExists:
        return objects.read(key)
    return body


def part_keys(batch_id: str, objects: ObjectStore) -> list[str]:
    """Return the raw parts of a batch in the order they landed."""
    return list(objects.keys(f"raw/{batch_id}/"))


def read_part(key: str, objects: ObjectStore, compression: Compression) -> Iterator[LandedPage]:
    """Yield the pages of one raw part. Raises `ObjectMissing`, also when the part has expired, and `ObjectDamaged`."""
    body = objects.read(key)
    with reading(f"raw part {key}"):
        yield from decode_pages(compression.decompress(body))


def read_landing(keys: Iterable[str], objects: ObjectStore, compression: Compression) -> Landing:
    """Return what the pages of some raw parts settle; a damaged part counts for nothing and is fetched again."""
    landing = Landing()
    for key in keys:
        try:
            pages = list(read_part(key, objects, compression))
        except ObjectDamaged as error:
            log.warning("part.damaged", key=key, message=str(error))
            landing.damaged.add(key)
            continue
        for page in pages:
            landing.add(page)
    return landing
