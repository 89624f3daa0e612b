"""What every object store keeps: create once, whole or not at all; read back; list in order."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from threading import Barrier

import pytest
from fakes.objects import FakeObjects
from s3_guard import guarded_s3
from s3_server import Bucket

from collector.adapters.local_files import FolderObjects
from collector.core.errors import ConfigError, ObjectExists, ObjectMissing
from collector.core.ports import ObjectStore

KEY = "tweets/dt=2026-11-22/hour=06/live-20261122T061500Z-s00.csv"
IN_ORDER = [
    "a!b",
    "a-b/c.json",
    "a.json",
    "a/b-c",
    "a/b.c",
    "a/b/c",
    "a0",
    "ab/1",
    "raw/%41 + & = ü.gz",
    "z",
    "é",
    "\uffee",
    "😀",
]


@pytest.fixture(params=["fake", "folder", "s3", "s3 without prefix", "s3 that hides missing keys"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStore]:
    if request.param == "fake":
        yield FakeObjects()
    elif request.param == "folder":
        yield FolderObjects(tmp_path / "some folder" / "output")
    elif "hides" in request.param:
        with guarded_s3() as guard:
            guard.hides_missing_keys = True
            yield guard.objects()
    else:
        bucket: Bucket = request.getfixturevalue("s3_bucket")
        yield bucket.objects("" if "without" in request.param else "some/prefix", page_size=3)


@pytest.mark.parametrize("size", [0, 1, 5_000_000])
def test_what_was_created_reads_back_byte_for_byte(store: ObjectStore, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + bytes(size % 256)
    store.create(KEY, body)
    assert store.read(KEY) == body


def test_a_second_create_is_refused_and_the_first_bytes_stand(store: ObjectStore) -> None:
    store.create(KEY, b"first")
    for body in (b"second", b"first", b""):
        with pytest.raises(ObjectExists, match=r"live-20261122T061500Z-s00\.csv"):
            store.create(KEY, body)
    assert store.read(KEY) == b"first"
    assert list(store.keys("")) == [KEY]


def test_of_sixteen_racing_creates_one_wins_and_its_bytes_stand(store: ObjectStore) -> None:  # F38
    start = Barrier(16)

    def create(number: int) -> bytes | None:
        body = b"%d" % number * 10_000
        start.wait()
        try:
            store.create(KEY, body)
        except ObjectExists:
            return None
        return body

    with ThreadPoolExecutor(16) as pool:
        winners = [body for body in pool.map(create, range(16)) if body is not None]
    assert winners == [store.read(KEY)]


def test_a_missing_object_is_named(store: ObjectStore) -> None:
    store.create("seals/0000000001.json", b"{}")
    for missing in (KEY, "seals/0000000001", "seals", "seals/0000000001.json/deeper"):
        with pytest.raises(ObjectMissing, match=missing):
            store.read(missing)


def test_keys_come_in_the_order_of_their_utf8_bytes(store: ObjectStore) -> None:
    for key in reversed(IN_ORDER):
        store.create(key, key.encode())
    assert list(store.keys("")) == IN_ORDER
    assert all(one.encode() < other.encode() for one, other in pairwise(IN_ORDER))
    assert [store.read(key).decode() for key in store.keys("")] == IN_ORDER


def test_a_prefix_may_end_anywhere_in_a_key(store: ObjectStore) -> None:
    for key in IN_ORDER:
        store.create(key, b"")
    for prefix in ("a", "a/", "a/b", "a/b/", "a-", "ab", "z", "nothing", "nothing/here", "a/b/c/d"):
        assert list(store.keys(prefix)) == [key for key in IN_ORDER if key.startswith(prefix)]


def test_an_empty_store_has_no_keys(store: ObjectStore) -> None:
    assert list(store.keys("")) == []


def test_a_key_that_leaves_the_prefix_or_bends_is_refused(store: ObjectStore) -> None:
    for key in ("", "/a", "a/", "a//b", ".", "../a", "a/../../b", "a/./b", "a\nb", "a\0b", "tmp/a"):
        with pytest.raises(ConfigError, match="cannot be an object key"):
            store.create(key, b"")
        with pytest.raises(ConfigError, match="cannot be an object key"):
            store.read(key)


def test_a_prefix_that_no_key_has_is_refused(store: ObjectStore) -> None:
    for prefix in ("/", "/a", "../", "../a", "a/../../b", "a//b", "tmp/"):
        with pytest.raises(ConfigError, match="cannot be an object key"):
            list(store.keys(prefix))


def test_objects_can_be_created_while_they_are_listed(store: ObjectStore) -> None:
    for number in range(5):
        store.create(f"seals/{number}", b"")
    listed = []
    for key in store.keys("seals/"):
        store.create(f"manifests/{key}", b"")
        listed.append(key)
    assert listed == [f"seals/{number}" for number in range(5)]


def test_the_location_is_a_url(store: ObjectStore) -> None:
    scheme, _, rest = store.location.partition("://")
    assert scheme in {"fake", "file", "s3"}
    assert rest
    assert not rest.endswith("/")
