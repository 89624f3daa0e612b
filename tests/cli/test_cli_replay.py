"""`collector sandbox --replay`: recorded answers go through the whole collector, and every text and number arrives."""

import json
import shlex
import signal
import time
from contextlib import contextmanager

import pytest
from truth import differences, rows_in

from collector.sandbox import Sandbox

FIRST = 1399000000000000000
HOURS = ("--from", "2021-05-30", "--to", "2021-06-03")
GONE = {
    "value": "77",
    "detail": "Could not find user with id: [77].",
    "title": "Not Found Error",
    "resource_type": "user",
    "parameter": "id",
    "resource_id": "77",
    "type": "https://api.x.com/2/problems/resource-not-found",
}
TEXTS = (
    "plain words",
    'first line\nsecond line\r\nthird, with "quotes" and a \\ backslash',
    "=SUM(A1) &amp; &lt;b&gt;",
    "\u202eright to left\u202c 🐝 e\u0301",
    "half a pair \ud83d, a NUL \x00, a line separator \u2028",
    "",
)


def recorded_tweet(tweet_id, account_id, number):
    tweet = {"id": str(tweet_id), "author_id": str(account_id), "text": TEXTS[number % len(TEXTS)]}
    tweet |= {"created_at": "2021-05-31T10:00:00.000Z", "conversation_id": str(tweet_id), "source": "an app"}
    tweet["public_metrics"] = {"like_count": number * 7, "retweet_count": 2**40, "reply_count": 0, "quote_count": 1}
    if number % 2:
        tweet |= {"lang": "und", "possibly_sensitive": number % 4 == 1, "withheld": {"country_codes": ["XX"]}}
    if number % 3 == 1:
        tweet["referenced_tweets"] = [{"type": "quoted", "id": str(tweet_id - 5)}, {"type": "replied_to", "id": "9"}]
    if number % 3 or number % 2:
        tweet["in_reply_to_user_id"] = "12"
    if number % 5 == 2:
        tweet["entities"] = {
            "hashtags": [{"start": 0, "end": 3, "tag": "größe"}, {"start": 4, "end": 6, "tag": "x"}],
            "mentions": [{"start": 1, "end": 2, "username": "some_one"}],
            "urls": [{"url": "https://t.co/1"}, {"url": "https://t.co/2", "expanded_url": "https://long.example/?a=1"}],
        }
        tweet["attachments"] = {"media_keys": ["3_1", "7_2"], "poll_ids": ["1"]}
    return tweet


def envelope(account_id, body):
    url = f"https://api.x.com/2/users/{account_id}/tweets?max_results=100&start_time=2021-05-30T00:00:00Z"
    return {"request": {"method": "GET", "url": url}, "status": 200, "headers": {"date": "x"}, "body": body}


@pytest.fixture
def recordings(tmp_path):
    """A folder of recordings: two pages of one account, one of another, and one that is gone."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    pages = [
        [recorded_tweet(FIRST + place * 4_000_003, 42, place) for place in reversed(span)]
        for span in (range(100, 190), range(100))
    ]
    users = {"users": [{"id": "42", "username": "recorded_one", "name": "Recorded One"}]}
    bodies = {
        "a": envelope(42, {"data": pages[0], "meta": {"result_count": 90, "next_token": "t"}}),
        "b": envelope(42, {"data": pages[1], "includes": users, "meta": {"result_count": 100}}),
        "c": envelope(99, {"data": [recorded_tweet(FIRST + 7, 99, 2)], "meta": {"result_count": 1}, "errors": []}),
        "d": envelope(77, {"errors": [GONE]}),
    }
    for name, body in bodies.items():
        (folder / f"{name}.json").write_text(json.dumps(body), "utf-8")
    return folder


@contextmanager
def served(collector, folder):
    """Serve recordings by the real command, and yield the environment that it prints."""
    with collector.start("sandbox", "--no-s3", "--replay", str(folder)) as running:
        until = time.monotonic() + 30
        while "Ctrl-C" not in running.stderr:
            assert running.is_running(), running.stderr
            assert time.monotonic() < until
            time.sleep(0.02)
        lines = running.said[0].read_text("utf-8").splitlines()
        yield dict(word.partition("=")[::2] for line in lines for word in shlex.split(line)[1:])
        running.signal(signal.SIGTERM)
        assert running.wait().code == 0


# F6 F11 F16 F18 F50 F51 F53
def test_every_text_and_number_of_a_recording_is_in_the_csv(recordings, collectors):
    with Sandbox(replay=recordings) as truth:
        collector = collectors(truth)
        with served(collector, recordings) as environment:
            collector.environment |= environment
            collector.done("accounts", "add", "42", "99", "77")
            ended = collector("backfill", *HOURS, "--json")
        tweets = [tweet for pages in truth.api.source._tweets.values() for tweet in pages.values()]
    assert ended.code == 1
    reasons = {one["account_id"]: one["reason"] for one in ended.document["failures"]}
    assert reasons == {"77": "not_found", "42": "not_proven_yet", "99": "not_proven_yet"}
    rows = rows_in(collector.output)
    assert ended.document["rows"] == len(rows) == len(tweets) == 191
    assert differences(rows, tweets) == []
    assert {row["username"] for row in rows} == {"recorded_one", "user99"}


def test_a_sandbox_prints_what_to_paste_and_whom_to_follow(collector, recordings):
    with served(collector, recordings) as environment:
        assert environment.keys() == {"COLLECTOR_X_BASE_URL", "COLLECTOR_X_BEARER_TOKEN"}
        ended = collector.done("accounts", "add", "recorded_one", **environment)
    assert ended.stdout.startswith("recorded_one (42) is followed from ")
