"""What is read back is what X said, whatever the credentials, the vocabulary, the compression, the state."""

import gzip

import pytest
from postgres import postgres_server, postgres_url
from truth import LONE_SURROGATE, assert_each_once, differences, followed_by, rows_in

from collector import read_tweets

__all__ = ["postgres_server", "postgres_url"]

KEYS = ("CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET")


def with_four_keys(sandbox):
    keys = {f"COLLECTOR_X_{name}": getattr(sandbox.credentials, name.lower()) for name in KEYS}
    return keys | {"COLLECTOR_X_BEARER_TOKEN": None}


def all_tweets(sandbox):
    return [tweet for account_id in sandbox.users for tweet in sandbox.world.timeline(account_id)]


def collected(collector, sandbox, **settings):
    collector.done("accounts", "add", *(account.username for account in sandbox.users.values()), **settings)
    collector.done("collect", **settings)
    assert collector.done("verify", "--json", **settings).document["ok"]


def assert_read_back(collector, sandbox):
    frame = read_tweets(collector.output)
    truth = {int(tweet["id"]): tweet for tweet in all_tweets(sandbox)}
    assert sorted(frame["tweet_id"]) == sorted(truth)
    for tweet_id, text, likes, username in frame[["tweet_id", "text", "like_count", "username"]].itertuples(
        index=False
    ):
        tweet = truth[tweet_id]
        assert text == LONE_SURROGATE.sub("\ufffd", tweet.get("note_tweet", tweet)["text"])
        assert likes == tweet["public_metrics"]["like_count"]
        assert username == sandbox.users[int(tweet["author_id"])].username


# F16 F17 F18 F50 F51
@pytest.mark.parametrize("vocabulary", ["tweet", "post"])
@pytest.mark.parametrize("newlines", ["escape", "keep"])
def test_every_cell_is_what_x_said(vocabulary, newlines, collector, sandbox):
    collected(collector, sandbox, COLLECTOR_X_VOCABULARY=vocabulary, COLLECTOR_CSV_NEWLINES=newlines)
    rows = rows_in(collector.output)
    assert len(rows) == 180
    assert differences(rows, all_tweets(sandbox)) == []
    assert_read_back(collector, sandbox)


def test_the_vocabulary_is_the_one_that_is_asked_for(collector, sandbox):
    collected(collector, sandbox, COLLECTOR_X_VOCABULARY="post")
    asked = [one.query for one in sandbox.requests if one.path.endswith("/tweets")]
    assert all("post.fields" in query and "tweet.fields" not in query for query in asked)


# F50
def test_one_record_is_one_line_where_line_breaks_are_escaped(collector, sandbox):
    collected(collector, sandbox)
    bodies = [path.read_bytes() for path in collector.output.glob("tweets/**/*.csv")]
    assert sum(body.count(b"\n") - 1 for body in bodies) == 180
    assert not any(b"\r" in body for body in bodies)


def test_gzip_objects_hold_the_same_rows(collectors, sandbox):
    plain, packed = collectors(sandbox, "plain"), collectors(sandbox, "packed")
    collected(plain, sandbox)
    collected(packed, sandbox, COLLECTOR_COMPRESSION="gzip")
    found = {path.name: path for path in packed.output.glob("tweets/**/*") if path.is_file()}
    assert {name.endswith(".csv.gz") for name in found} == {True}
    assert gzip.decompress(next(iter(found.values())).read_bytes()).startswith(b"tweet_id,account_id,")
    assert_read_back(packed, sandbox)
    named = {row["tweet_id"]: row["text"] for row in rows_in(plain.output)}
    assert {row["tweet_id"]: row["text"] for row in rows_in(packed.output)} == named


def test_four_keys_sign_every_request(collector, sandbox):
    settings = with_four_keys(sandbox)
    collected(collector, sandbox, **settings)
    assert {one.status for one in sandbox.requests} == {200}
    assert_read_back(collector, sandbox)
    refused = collector("accounts", "add", "somebody", **settings | {"COLLECTOR_X_CONSUMER_SECRET": "another"})
    assert refused.code == 2
    assert "401" in refused.complaint


def test_everything_at_once_on_postgres(collector, sandbox, postgres_url):
    settings = with_four_keys(sandbox) | {
        "COLLECTOR_X_VOCABULARY": "post",
        "COLLECTOR_COMPRESSION": "gzip",
        "COLLECTOR_CSV_NEWLINES": "keep",
        "COLLECTOR_SHARDS": "2",
        "COLLECTOR_STATE_URL": postgres_url,
    }
    collector.environment |= {name: value for name, value in settings.items() if value is not None}
    del collector.environment["COLLECTOR_X_BEARER_TOKEN"]
    collected(collector, sandbox)
    assert collector.done("gaps", "--json").document == []
    assert_each_once(rows_in(collector.output), sandbox, followed_by(collector))
    assert_read_back(collector, sandbox)
    assert "is at the newest schema" in collector.done("migrate").stdout.replace("state database is", "is")


def test_a_postgres_without_tables_asks_for_a_migration(collector, postgres_server):
    with postgres_server.database("template1") as url:
        ended = collector("cursors", COLLECTOR_STATE_URL=url)
        assert ended.code == 2
        assert "collector migrate" in ended.complaint
        collector.done("migrate", COLLECTOR_STATE_URL=url)
        assert collector.done("cursors", "--json", COLLECTOR_STATE_URL=url).document == []
