"""Reading published tweets back, from a file to a bucket, with the original text and exact types."""

import gzip
from datetime import UTC, datetime

import boto3
import pandas as pd
import pyarrow as pa
import pytest
from csv_readers import COLLECTED_AT, FIRST_ID, MADE_AT, object_with
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from collector.core.columns import COLUMNS
from collector.reading import read_tweets

KEY = "tweets/dt=2026-11-22/hour=06/live-{}.csv"


def arrow(kind):
    return pd.ArrowDtype(kind)


@pytest.fixture
def folder(tmp_path):
    """A prefix as the collector writes it: tweets, one of them compressed, beside other documents."""
    for at, tweet in enumerate([{"tweet_id": 1}, {"tweet_id": 2}, {"tweet_id": 3}]):
        body, name = object_with(tweet), KEY.format(at)
        file = tmp_path / (f"{name}.gz" if at == 1 else name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(body) if at == 1 else body)
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / "half.csv").write_bytes(b"tweet_id\n9")
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "live-0.json").write_bytes(b"{}")
    return tmp_path


def ids_at(where):
    return read_tweets(where)["tweet_id"].tolist()


# F50
@pytest.mark.parametrize("newlines", ["escape", "keep"])
@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.none() | st.text() | st.text(alphabet='\\nr0\n\r\0",é🚀 '), min_size=1, max_size=6))
def test_every_text_comes_back_exactly_without_being_told_how_newlines_were_written(tmp_path_factory, newlines, texts):
    file = tmp_path_factory.mktemp("texts") / "tweets.csv"
    file.write_bytes(object_with(*({"text": text, "lang": text} for text in texts), newlines=newlines))
    frame = read_tweets(file)
    assert [None if text is pd.NA else text for text in frame["text"]] == texts
    assert [None if text is pd.NA else text for text in frame["lang"]] == texts


# F52
def test_every_column_has_its_exact_type(tmp_path):
    tweet = {
        "tweet_id": 2**63 - 1,
        "quoted_id": 9_007_199_254_740_993,
        "like_count": 0,
        "hashtags": '["élan","a\\"\\\\b"]',
        "possibly_sensitive": False,
        "edit_history_ids": '["9007199254740993","9223372036854775807"]',
    }
    (tmp_path / "tweets.csv").write_bytes(object_with({}, tweet))
    frame = read_tweets(tmp_path / "tweets.csv")
    assert list(frame.columns) == [column.name for column in COLUMNS]
    assert frame.dtypes["tweet_id"] == frame.dtypes["like_count"] == arrow(pa.int64())
    assert frame.dtypes["created_at"] == frame.dtypes["collected_at"] == arrow(pa.timestamp("s", "UTC"))
    assert frame.dtypes["possibly_sensitive"] == arrow(pa.bool_())
    found = frame.to_dict("records")[1]
    assert {name: found[name] for name in tweet} == tweet | {
        "hashtags": ["élan", 'a"\\b'],
        "edit_history_ids": [9_007_199_254_740_993, 2**63 - 1],
    }
    assert frame.loc[0, [name for name in tweet if name != "tweet_id"]].isna().all()
    assert found["created_at"] == MADE_AT
    assert found["collected_at"] == COLLECTED_AT.replace(microsecond=0)


def test_an_empty_text_is_not_an_absent_text(tmp_path):
    (tmp_path / "tweets.csv").write_bytes(object_with({"text": ""}, {"text": None}, {"text": "NA"}))
    assert read_tweets(tmp_path)["text"].tolist() == ["", pd.NA, "NA"]


def test_lists_can_be_exploded_and_times_resampled(tmp_path):
    later = datetime(2026, 11, 22, 7, 15, tzinfo=UTC)
    (tmp_path / "a.csv").write_bytes(object_with({"mentions": '["esa","nasa"]'}, {"created_at": later}))
    frame = read_tweets(tmp_path)
    assert frame.explode("mentions")["mentions"].tolist() == ["esa", "nasa", pd.NA]
    assert frame.set_index("created_at").resample("1h").size().tolist() == [1, 1]


# F47
@pytest.mark.parametrize("body", [None, b"", object_with()])
def test_without_tweets_the_frame_is_empty_and_typed_alike(tmp_path, body):
    if body is not None:
        (tmp_path / "empty.csv").write_bytes(body)
    full = tmp_path / "full"
    full.mkdir()
    (full / "tweets.csv").write_bytes(object_with({}))
    empty = read_tweets([tmp_path / "empty.csv"] if body is not None else [])
    assert len(empty) == 0
    assert empty.dtypes.equals(read_tweets(full).dtypes)


# F53
def test_unknown_columns_follow_as_text_and_absent_ones_are_empty(tmp_path):
    (tmp_path / "new.csv").write_bytes(b'mood,tweet_id,text\n"a\\nb",5,"a\\nb"\n012,6,\nNA,7,\n')
    (tmp_path / "now.csv").write_bytes(object_with({"text": "c"}))
    frame = read_tweets(tmp_path)
    assert list(frame.columns) == [*(column.name for column in COLUMNS), "mood"]
    assert frame["mood"].tolist() == ["a\\nb", "012", "NA", pd.NA]
    assert frame["text"].tolist() == ["a\nb", pd.NA, pd.NA, "c"]
    assert frame["kind"].tolist() == [pd.NA, pd.NA, pd.NA, "original"]


def test_a_folder_means_the_objects_below_its_tweets_in_order_of_name(folder):
    assert ids_at(folder) == ids_at(str(folder)) == ids_at(f"file://{folder}") == [1, 2, 3]
    assert ids_at(folder / "tweets" / "dt=2026-11-22") == [1, 2, 3]


def test_globs_lists_and_single_objects_are_read(folder):
    assert ids_at(f"{folder}/tweets/**/*.csv") == [1, 3]
    assert ids_at(f"{folder}/tweets/dt=2026-*") == [1, 2, 3]
    assert ids_at(folder / f"{KEY.format(1)}.gz") == [2]
    assert ids_at([folder / KEY.format(2), str(folder / KEY.format(0))]) == [3, 1]


@pytest.mark.parametrize("name", ["absent.csv", "absent", "tweets/*/absent*.csv"])
def test_what_is_not_there_is_named(folder, name):
    with pytest.raises(FileNotFoundError, match="absent"):
        read_tweets(folder / name)


@pytest.mark.parametrize(
    "body", [b"id,text\n1,a\n", b"tweet_id\nx\n", b'tweet_id,hashtags\n1,"[oops"\n', b"\x1f\x8bnope"]
)
def test_what_is_no_tweet_csv_is_refused_by_name(tmp_path, body):
    (tmp_path / "bad.csv").write_bytes(body)
    with pytest.raises(ValueError, match=r"bad\.csv is no CSV of tweets"):
        read_tweets(tmp_path)


@pytest.fixture
def bucket(folder, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="copy")
        for file in folder.rglob("*.*"):
            client.put_object(Bucket="copy", Key=f"x/{file.relative_to(folder)}", Body=file.read_bytes())
        client.put_object(Bucket="copy", Key="bare/a.csv", Body=object_with({}))
        client.put_object(Bucket="copy", Key="young/seals/0000000001.json", Body=b"{}")
        yield


@pytest.mark.usefixtures("bucket")
def test_a_bucket_is_read_like_a_folder():
    assert ids_at("s3://copy/x") == ids_at("s3://copy/x/") == ids_at("s3://copy/x/tweets") == [1, 2, 3]
    assert ids_at(f"s3://copy/x/{KEY.format(1)}.gz") == [2]
    assert ids_at("s3://copy/x/tweets/*.csv") == [1, 3]
    assert ids_at("s3://copy//x") == ids_at("s3://copy/x//tweets/") == [1, 2, 3]
    assert ids_at("s3://copy/bare") == [FIRST_ID]
    assert ids_at("s3://copy/young") == []


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("url", ["s3://copy/absent", "s3://absent/x", "s3://copy/absent.csv", "s3://copy/absent*"])
def test_what_is_not_in_a_bucket_is_named(url):
    with pytest.raises(FileNotFoundError, match="absent"):
        read_tweets(url)
