"""Seals and manifests, written and read."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from collector.core.batches import Batch, BatchKind, Counts, Failure, Span, Window
from collector.core.coverage import Covered, Evidence
from collector.core.documents import (
    Manifest,
    PublishedObject,
    Recipe,
    Seal,
    SealedAccount,
    decode_manifest,
    decode_seal,
    encode_manifest,
    encode_seal,
    manifest_key,
    rebuilt_time,
    seal_key,
)
from collector.core.errors import ObjectDamaged
from collector.core.ids import AccountId, TweetId
from collector.core.ranges import IdRange

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
big = st.integers(0, 2**63 - 1)
counts = st.integers(0, 10**6)
account_ids = big.map(AccountId)
moments = st.integers(0, 10**8).map(lambda seconds: NOON + timedelta(seconds=seconds))
id_ranges = st.tuples(big, big).map(lambda pair: IdRange(*sorted(pair)))
covered = st.builds(Covered, id_ranges, st.sampled_from(Evidence), counts)
batches = st.builds(
    Batch,
    batch_id=st.text(max_size=9),
    kind=st.sampled_from(BatchKind),
    window=moments.map(lambda start: Window(start, start + timedelta(minutes=15))),
    shard=st.integers(0, 99),
    number=st.integers(1, 9),
    plan_id=st.text(max_size=9),
    through_id=big.map(TweetId),
    created_at=moments,
    counts=st.builds(Counts, counts, counts),
    failures=st.lists(st.builds(Failure, account_ids, st.text(), st.text(), st.text()), max_size=2).map(tuple),
)


def named(is_first):
    accounts = st.builds(SealedAccount, account_ids, st.text(), big.map(TweetId), is_first)
    return st.lists(accounts, max_size=3).map(tuple)


seals = st.builds(
    Seal,
    number=st.integers(1, 10**9),
    batch=batches,
    accounts=named(st.booleans()),
    spans=st.lists(st.builds(Span, account_ids, id_ranges), max_size=4).map(tuple),
    parts=st.lists(st.text(), max_size=3).map(tuple),
    recipe=st.builds(Recipe, counts, st.sampled_from(["none", "gzip"]), st.sampled_from(["escape", "keep"])),
)
manifests = st.builds(
    Manifest,
    seal=st.integers(1, 10**9),
    batch=batches,
    accounts=named(st.just(False)),
    objects=st.lists(st.builds(PublishedObject, st.text(), counts, counts, st.text()), max_size=3).map(tuple),
    ranges=st.lists(st.tuples(account_ids, covered), max_size=4).map(tuple),
)


@laws
@given(seals)
def test_a_seal_reads_back_as_it_was(seal):
    assert decode_seal(encode_seal(seal)) == seal


@laws
@given(manifests)
def test_a_manifest_reads_back_as_it_was(manifest):
    assert decode_manifest(encode_manifest(manifest)) == manifest


def leaves(document):
    if isinstance(document, dict | list):
        for inner in document.values() if isinstance(document, dict) else document:
            yield from leaves(inner)
    else:
        yield document


@laws
@given(seals, manifests)
def test_ids_stand_in_documents_as_text(seal, manifest):  # F23, F52
    for body in (encode_seal(seal), encode_manifest(manifest)):
        numbers = [leaf for leaf in leaves(json.loads(body)) if isinstance(leaf, int | float)]
        assert all(isinstance(one, bool | int) and one < 2**53 for one in numbers)


@laws
@given(manifests)
def test_a_manifest_says_the_sum_of_its_rows_and_ends_its_only_line(manifest):
    body = encode_manifest(manifest)
    assert json.loads(body)["rows"] == sum(one.rows for one in manifest.objects)
    assert body.endswith(b"}\n")
    assert body.count(b"\n") == 1


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"[]", b"null", b'"x"', b"\xff", b'{"seal":1,"batch_id":7}'])
def test_a_damaged_document_is_an_error_with_a_name(body):
    for decode in (decode_seal, decode_manifest):
        with pytest.raises(ObjectDamaged, match="cannot be read"):
            decode(body)


def test_the_log_sorts_by_number():
    keys = [seal_key(number) for number in (1, 9, 10, 99, 1_000_000_000)]
    assert keys == sorted(keys)
    assert seal_key(7) == "seals/0000000007.json"
    assert manifest_key("live-1") == "manifests/live-1.json"


@laws
@given(batches)
def test_a_rebuilt_batch_counts_as_committed_after_it_was_planned_and_its_window_ended(batch):
    assert rebuilt_time(batch) in {batch.window.end, batch.created_at}
    assert rebuilt_time(batch) >= max(batch.window.end, batch.created_at)
