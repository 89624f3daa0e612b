"""The S3 store before a server that does as S3 does."""

import pytest
from s3_server import HASTY, Bucket, known_session
from scripted_s3 import Answer, scripted_s3, store_before

from collector.adapters.s3 import S3Objects, open_client
from collector.core.errors import ConfigError


@pytest.mark.parametrize(("setting", "has_checksum"), [("when_required", False), ("when_supported", True)])
def test_checksums_follow_the_aws_settings(monkeypatch: pytest.MonkeyPatch, setting: str, has_checksum: bool) -> None:
    monkeypatch.setenv("AWS_REQUEST_CHECKSUM_CALCULATION", setting)
    with store_before(Answer()) as (store, server):
        store.create("a.json", b"{}")
    names = {name.lower() for name in server.requests[0].headers}
    assert any(name.startswith("x-amz-checksum") for name in names) == has_checksum


def test_a_server_of_ones_own_is_asked_by_path(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted_s3(Answer()) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://localhost:{server.port}")
        client = open_client(session=known_session(), patience=HASTY)
        S3Objects("posts", client=client).create("a.json", b"{}")
        client.close()
    assert server.requests[0].path == "/posts/a.json"


@pytest.mark.parametrize(
    ("key", "media_type"),
    [
        ("a.csv", "text/csv; charset=utf-8"),
        ("a.csv.gz", "application/gzip"),
        ("a.ndjson.gz", "application/gzip"),
        ("a.ndjson.zst", "application/zstd"),
        ("a.json", "application/json"),
        ("a", "application/octet-stream"),
    ],
)
def test_objects_say_what_they_are_and_arrive_as_they_are(s3_bucket: Bucket, key: str, media_type: str) -> None:
    s3_bucket.objects("x").create(key, b"1")
    head = s3_bucket.client.head_object(Bucket=s3_bucket.name, Key=f"x/{key}")
    assert head["ContentType"] == media_type
    assert "ContentEncoding" not in head


def test_prefixes_of_one_bucket_do_not_see_each_other(s3_bucket: Bucket) -> None:
    for prefix in ("", "x", "x/y", "xx"):
        s3_bucket.objects(prefix).create("a", prefix.encode())
    assert list(s3_bucket.objects("x").keys("")) == ["a", "y/a"]
    assert list(s3_bucket.objects("x").keys("a")) == ["a"]
    assert list(s3_bucket.objects("").keys("x")) == ["x/a", "x/y/a", "xx/a"]
    assert s3_bucket.objects("x/y").read("a") == b"x/y"


def test_folders_made_in_the_console_are_no_objects(s3_bucket: Bucket) -> None:
    for key in ("x/", "x/seals/"):
        s3_bucket.client.put_object(Bucket=s3_bucket.name, Key=key)
    s3_bucket.objects("x").create("seals/1", b"")
    assert list(s3_bucket.objects("x").keys("")) == ["seals/1"]


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("s3://posts", "s3://posts"),
        ("s3://posts/", "s3://posts"),
        ("s3://posts/a/b", "s3://posts/a/b"),
        ("s3://posts//a//b/", "s3://posts/a/b"),
        ("s3://my.posts-1/a b#c?d", "s3://my.posts-1/a b#c?d"),
    ],
)
def test_a_url_gives_bucket_and_prefix(s3_bucket: Bucket, url: str, location: str) -> None:
    assert S3Objects.from_url(url, client=s3_bucket.client).location == location


@pytest.mark.parametrize(
    "url", ["", "posts/a", "S3://posts", "file:///a", "s3://", "s3:///a", "s3://p q/a", "s3://posts/../a"]
)
def test_a_wrong_url_is_a_wrong_setting(s3_bucket: Bucket, url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        S3Objects.from_url(url, client=s3_bucket.client)
    assert "s3://bucket/prefix" in caught.value.hint
