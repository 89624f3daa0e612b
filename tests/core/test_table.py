"""Tweets to rows to objects: what every CSV reader gets back, and what places a row."""

from datetime import UTC, datetime

import duckdb
import pandas as pd
import pytest
from csv_readers import (
    BATCH_ID,
    FIRST_ID,
    MADE_AT,
    by_csv_module,
    by_duckdb,
    by_pandas,
    columns_of,
    label,
    object_with,
    original,
    rows_with,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.core.columns import COLUMNS
from collector.core.ids import id_at
from collector.core.rows import csv_bytes, deserialize, serialize, tweet_ids_of_csv
from collector.core.table import rows_of, table_of

TRAPS = ["\n", "\r", "\r\n", "\0", "\\", "\\n", "\\0", '"', '""', "'", ",", ";", "=", "+", "-", "@", "\t", " ", "#"]
TRAPS += ["\u2028", "\u0085", "\u202e", "\ufeff", "\x1a", "\x7f", "🚀", "观", "é", "NULL", "NA", "null", "\\N", "1e5"]
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(TRAPS)).map("".join))
READERS = [by_csv_module, by_pandas, by_duckdb]
HOUR = int(MADE_AT.timestamp()) // 3600


def ids_of(rows):
    return rows["tweet_id"].to_pylist()


# F50
@pytest.mark.parametrize("newlines", ["escape", "keep"])
@pytest.mark.parametrize("read", READERS)
@settings(max_examples=40, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=6))
def test_every_reader_gets_every_text_back(read, newlines, texts):
    body = object_with(*({"text": text, "lang": text} for text in texts), newlines=newlines)
    found = read(body)
    assert [original(row["text"]) for row in found] == texts
    assert [original(row["lang"]) for row in found] == texts
    assert [int(row["tweet_id"]) for row in found] == [FIRST_ID + at for at in range(len(texts))]
    assert {row["batch_id"] for row in found} == {BATCH_ID}


# F50
@settings(max_examples=60, deadline=None)
@given(texts=st.lists(TEXTS, max_size=6))
def test_one_record_is_one_physical_line(texts):
    body = object_with(*({"text": text} for text in texts))
    assert body.count(b"\n") == len(texts) + 1
    assert not {b"\r", b"\0"} & {bytes([byte]) for byte in body}


# F50
@settings(max_examples=60, deadline=None)
@given(texts=st.lists(TEXTS, max_size=6))
def test_kept_newlines_are_written_as_they_are_and_every_row_keeps_its_own(texts):
    rows = rows_with([{"text": text} for text in texts], newlines="keep")
    for text, row in zip(texts, rows["row"].to_pylist(), strict=True):
        written = text.replace("\\", "\\\\").replace("\0", "\\0").replace('"', '""')
        assert f',"{written}","original"' in row.decode()


# F51
@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|'/C calc'!A0"])
def test_a_cell_that_looks_like_a_formula_is_kept_as_it_is(text):
    body = object_with({"text": text})
    assert [[original(row["text"]) for row in read(body)] for read in READERS] == [[text]] * 3


# F52
def test_ids_of_19_digits_survive_readers_that_guess_types(tmp_path):
    ids = [9_007_199_254_740_993, 2**63 - 1]
    tweets = [{"tweet_id": each, "quoted_id": each} for each in ids]
    (tmp_path / "tweets.csv").write_bytes(object_with(*tweets))
    assert pd.read_csv(tmp_path / "tweets.csv")["tweet_id"].tolist() == ids
    guessed = duckdb.read_csv(str(tmp_path / "tweets.csv"))
    assert guessed.select("tweet_id", "quoted_id").fetchall() == [(each, each) for each in ids]


# F52
def test_ids_with_gaps_are_never_written_as_floats():
    body = object_with({"quoted_id": None, "like_count": None}, {"quoted_id": FIRST_ID, "like_count": 3})
    assert [row["quoted_id"] for row in by_csv_module(body)] == ["", str(FIRST_ID)]
    assert [row["like_count"] for row in by_csv_module(body)] == ["", "3"]


def test_an_object_is_written_like_this():
    tweet = {
        "tweet_id": 1_992_123_456_789_012_345,
        "created_at": datetime(2026, 11, 22, 6, 15, tzinfo=UTC),
        "text": 'C:\\new "orbit",\r\nnext',
        "kind": "quote",
        "lang": "",
        "quoted_id": 1_991_000_000_000_000_000,
        "like_count": 0,
        "hashtags": '["élan","a\\"b"]',
        "possibly_sensitive": False,
        "edit_history_ids": '["1992123456789012345"]',
    }
    header, row, rest = object_with(tweet).decode().split("\n")
    assert header == ",".join(column.name for column in COLUMNS)
    assert row == (
        '1992123456789012345,12,"user_12","2026-11-22T06:15:00Z","C:\\\\new ""orbit"",\\r\\nnext","quote","",,,,'
        '1991000000000000000,,0,,,,,,"[""élan"",""a\\""b""]",,,,false,"[""1992123456789012345""]",'
        '"2026-11-22T06:20:30Z","live-20261122T061500Z-s00"'
    )
    assert not rest


def test_an_object_is_sorted_by_tweet_id():
    body = object_with({"tweet_id": 30}, {"tweet_id": 10}, {"tweet_id": 20})
    assert tweet_ids_of_csv(body) == [10, 20, 30]


# F54
def test_the_same_tweets_give_the_same_bytes_whatever_path_they_took():
    tweets = [{"tweet_id": each, "text": f"text {each}\n"} for each in (5, 3, 9, 4)]
    straight = csv_bytes(rows_with(tweets))
    spilled = deserialize([serialize(rows_with(tweets[:1])), serialize(rows_with(tweets[1:]))])
    assert csv_bytes(spilled) == straight == object_with(*tweets)


def test_a_label_that_would_break_the_rows_apart_is_refused():
    table = table_of([columns_of([{"kind": "ori\nginal"}])], [label()], BATCH_ID)
    with pytest.raises(ValueError, match="line break"):
        rows_of(table, newlines="keep")


def test_each_tweet_carries_what_its_own_page_says():
    table = table_of([columns_of([{}], [], [{}, {}])], [label(1), label(2), label(3)], BATCH_ID)
    assert table["account_id"].to_pylist() == [1, 3, 3]
    assert table["username"].to_pylist() == ["user_1", "user_3", "user_3"]
    assert set(table["batch_id"].to_pylist()) == {BATCH_ID}


def test_the_weight_of_a_tweet_is_its_share_of_the_landed_page():
    pages = [label(landed_bytes=1000), label(landed_bytes=1)]
    assert table_of([columns_of([{}, {}, {}], [{}, {}])], pages, BATCH_ID)["weight"].to_pylist() == [333] * 3 + [1] * 2


# F48
@pytest.mark.parametrize(
    ("made_at", "hours"),
    [
        (datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC), HOUR + 17),
        (datetime(2026, 11, 23, tzinfo=UTC), HOUR + 18),
        (datetime(2006, 3, 21, 20, 50, 14, tzinfo=UTC), 317_492),
    ],
)
def test_the_partition_is_the_hour_of_the_tweets_own_time(made_at, hours):
    rows = rows_with([{"created_at": made_at}])
    assert rows["partition"].to_pylist() == [hours]


def test_without_a_time_the_partition_comes_from_the_id():
    made_at = datetime(2026, 11, 23, tzinfo=UTC)
    ids = [id_at(made_at), id_at(made_at) + 1, 20]
    rows = rows_with([{"tweet_id": each, "created_at": None} for each in ids])
    assert rows["partition"].to_pylist() == [HOUR + 17, HOUR + 18, 358_009]
