"""Finished rows are placed, spilled, made unique and cut."""

from datetime import timedelta

import pytest
from csv_readers import FIRST_ID, MADE_AT, by_csv_module, label, object_with, rows_with
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.core.rows import (
    ROWS,
    by_partition,
    csv_bytes,
    deserialize,
    first_of_each_id,
    inside,
    serialize,
    split,
    tweet_ids_of_csv,
)

HOUR = int(MADE_AT.timestamp()) // 3600


def ids_of(rows):
    return rows["tweet_id"].to_pylist()


def test_partitions_ascend_and_keep_the_order_inside():
    hours = [2, 0, 1, 2, 0]
    rows = rows_with([{"tweet_id": at + 1, "created_at": MADE_AT + timedelta(hours=h)} for at, h in enumerate(hours)])
    assert [(hour - HOUR, ids_of(part)) for hour, part in by_partition(rows)] == [(0, [2, 5]), (1, [3]), (2, [1, 4])]


def test_no_tweets_make_no_partition_no_part_and_an_object_with_a_header_only():
    rows = rows_with([], [])
    assert rows.schema == ROWS
    assert by_partition(rows) == split(rows, 10) == []
    assert ids_of(inside(rows, {12: [(0, 9)]})) == ids_of(first_of_each_id(rows)) == []
    assert deserialize([serialize(rows)]).schema == deserialize([]).schema == ROWS
    assert tweet_ids_of_csv(csv_bytes(rows)) == []


def test_a_slice_is_spilled_without_its_neighbours():
    rows = rows_with([{"text": "x" * 1000, "tweet_id": each} for each in range(1, 101)])
    spilled = serialize(rows.slice(40, 2))
    assert len(spilled) < 4000
    assert ids_of(deserialize([spilled, spilled])) == [41, 42, 41, 42]


CLAIMS = st.lists(st.integers(0, 20), max_size=6, unique=True).map(
    lambda ends: list(zip(sorted(ends)[::2], sorted(ends)[1::2], strict=False))
)


@settings(max_examples=40, deadline=None)
@given(
    tweets=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 21)), max_size=12),
    claims=st.dictionaries(st.integers(1, 5), CLAIMS),
)
def test_a_row_is_inside_exactly_when_a_claim_of_its_own_account_holds_its_id(tweets, claims):
    pages = [[{"tweet_id": tweet_id}] for _, tweet_id in tweets]
    rows = rows_with(*pages, labels=[label(account_id) for account_id, _ in tweets])
    kept = inside(rows, claims)
    assert list(zip(kept["account_id"].to_pylist(), ids_of(kept), strict=True)) == [
        (account_id, tweet_id)
        for account_id, tweet_id in tweets
        if any(after < tweet_id <= through for after, through in claims.get(account_id, ()))
    ]


def test_a_claim_leaves_out_where_it_begins_and_holds_where_it_ends():
    rows = rows_with([{"tweet_id": each} for each in (4, 5, 6, 7, 8, 9)])
    assert ids_of(inside(rows, {12: [(4, 6), (8, 9)], 13: [(0, 20)]})) == [5, 6, 9]


def test_claims_reach_from_the_first_to_the_last_possible_id():
    rows = rows_with([{"tweet_id": 1}, {"tweet_id": 2**63 - 1}], labels=[label(2**63 - 1)])
    assert len(inside(rows, {2**63 - 1: [(0, 2**63 - 1)]})) == 2


def test_the_first_row_of_a_tweet_stays():
    rows = rows_with([{"tweet_id": 7, "like_count": 1}, {"tweet_id": 5}], [{"tweet_id": 7, "like_count": 2}])
    found = by_csv_module(csv_bytes(first_of_each_id(rows)))
    assert [(row["tweet_id"], row["like_count"]) for row in found] == [("5", ""), ("7", "1")]


def test_rows_are_cut_each_time_the_weight_is_reached():
    pages = [[{}], [{}], [{}], [{}], [{}]]
    rows = rows_with(*pages, labels=[label(landed_bytes=weight) for weight in (4, 6, 3, 25, 1)])
    assert [part["weight"].to_pylist() for part in split(rows, 10)] == [[4, 6], [3, 25], [1]]


@settings(max_examples=40, deadline=None)
@given(weights=st.lists(st.integers(1, 12), max_size=12), max_weight=st.integers(1, 30))
def test_a_split_loses_nothing_and_only_the_last_part_is_light(weights, max_weight):
    rows = rows_with(*([{}] for _ in weights), labels=[label(landed_bytes=weight) for weight in weights])
    parts = [part["weight"].to_pylist() for part in split(rows, max_weight)]
    assert [weight for part in parts for weight in part] == weights
    assert all(sum(part) >= max_weight > sum(part[:-1]) for part in parts[:-1])


@pytest.mark.parametrize("newlines", ["escape", "keep"])
def test_the_ids_of_an_object_are_read_back_around_long_and_broken_texts(newlines):
    texts = ["a\nb\r\n", '"\n1,2\n', "x" * 3_500_000, None]
    body = object_with(*({"text": text} for text in texts), newlines=newlines)
    assert tweet_ids_of_csv(body) == [FIRST_ID, FIRST_ID + 1, FIRST_ID + 2, FIRST_ID + 3]


@pytest.mark.parametrize("body", [b"", b"id,text\n1,2\n", b"tweet_id\n1.5\n", b"\x1f\x8b\x00"])
def test_ids_of_what_is_no_object_of_ours_are_refused(body):
    with pytest.raises(ValueError, match=r"tweet_id|empty|conver|CSV"):
        tweet_ids_of_csv(body)
