"""The user timeline of the stand-in X, over HTTP."""

import json
import math
from datetime import UTC, datetime, timedelta

import pytest

from collector.sandbox import Horizon, World
from collector.sandbox.shapes import EVERYTHING, default_shapes
from collector.sandbox.texts import HOSTILE, NUMBER
from collector.sandbox.truth import _STRIDE

EPOCH_MS = 1288834974657
FIELDS = "created_at,author_id,public_metrics,referenced_{0}s,note_{0},edit_history_{0}_ids,lang,conversation_id"


def test_a_walk_returns_every_tweet_once_newest_first(x, account_id):
    truth = [int(tweet["id"]) for tweet in x.sandbox.world.timeline(account_id)]
    assert len(truth) == 120
    assert truth == sorted(set(truth), reverse=True)
    assert x.ids(account_id, max_results=100) == truth
    assert x.ids(account_id, max_results=7) == truth


def test_both_ends_of_a_range_are_exclusive(x, account_id):
    truth = x.ids(account_id, max_results=100)
    assert x.ids(account_id, since_id=truth[9], until_id=truth[0]) == truth[1:9]
    assert x.ids(account_id, since_id=truth[9] - 1, until_id=truth[0] + 1) == truth[:10]


def test_since_id_wins_over_start_time(x, account_id):
    truth = x.ids(account_id, max_results=100)
    assert x.ids(account_id, since_id=truth[30], start_time="2026-11-22T05:59:00Z") == truth[:30]


def test_times_are_to_the_second_and_the_start_is_inclusive(x, account_id):
    tweets = x.sandbox.world.timeline(account_id)
    start, end = tweets[20]["created_at"], tweets[10]["created_at"]
    found = x.ids(account_id, start_time=start.replace(".000Z", ".900Z"), end_time=end, max_results=100)
    assert found == [int(tweet["id"]) for tweet in tweets[11:21]]


def test_created_at_is_the_time_in_the_id_floored_to_the_second(x, account_id):
    for tweet in x.tweets(account_id, max_results=100, tweet__fields="created_at").json()["data"]:
        moment = datetime.fromtimestamp(((int(tweet["id"]) >> 22) + EPOCH_MS) // 1000, UTC)
        assert tweet["created_at"] == moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_only_three_fields_come_unasked(x, account_id):
    for tweet in x.tweets(account_id).json()["data"]:
        assert tweet.keys() == {"id", "text", "edit_history_tweet_ids"}


def test_meta_counts_the_page_and_names_its_ends(x, account_id):
    body = x.tweets(account_id, max_results=5).json()
    ids = [tweet["id"] for tweet in body["data"]]
    assert body["meta"].items() >= {"result_count": 5, "newest_id": ids[0], "oldest_id": ids[-1]}.items()
    assert "next_token" in body["meta"]
    assert "next_token" not in x.tweets(account_id, since_id=ids[-1]).json()["meta"]


def test_an_empty_answer_is_only_a_count(x, account_id):
    newest = x.tweets(account_id).json()["meta"]["newest_id"]
    reply = x.tweets(account_id, since_id=newest)
    assert (reply.status_code, reply.content) == (200, b'{"meta":{"result_count":0}}')


def test_the_answer_speaks_the_vocabulary_of_the_request(x, account_id):  # F16
    asked = {"max_results": 100, "expansions": "referenced_tweets.id"}
    old = x.tweets(account_id, **asked, tweet__fields=FIELDS.format("tweet")).json()
    asked["expansions"] = "referenced_posts.id"
    new = x.tweets(account_id, **asked, post__fields=FIELDS.format("post")).json()
    assert b"tweet" not in json.dumps(new).replace("retweeted", "").encode()
    renamed = json.dumps(old).replace("retweet_count", "repost_count")
    for name in ("note", "referenced", "edit_history"):
        renamed = renamed.replace(f'"{name}_tweet', f'"{name}_post')
    assert json.loads(renamed)["data"] == new["data"]
    assert old["includes"].keys() == {"tweets"}
    assert new["includes"].keys() == {"posts"}


def test_a_long_text_is_cut_silently_and_whole_in_its_note(x, account_id):  # F17
    truth = {tweet["id"]: tweet for tweet in x.sandbox.world.timeline(account_id) if "note_tweet" in tweet}
    assert truth
    for body in x.walk(account_id, max_results=100, tweet__fields="note_tweet"):
        for tweet in body.get("data", []):
            whole = tweet.get("note_tweet", {}).get("text")
            assert (whole is not None) == (tweet["id"] in truth)
            if whole:
                assert len(whole) > 300 > len(tweet["text"])
                assert whole.startswith(tweet["text"])


def test_every_text_and_kind_comes_up_in_turn(x, account_id):  # F50 F51
    assert math.gcd(_STRIDE, len(default_shapes(hostile=True))) == 1
    bodies = x.walk(account_id, max_results=100, tweet__fields="note_tweet,referenced_tweets")
    tweets = [tweet for body in bodies for tweet in body["data"]]
    texts = [tweet.get("note_tweet", tweet)["text"] for tweet in tweets]
    for hostile in HOSTILE:
        start, _, end = hostile.body.partition(NUMBER)
        assert any(text.startswith(start) and text.endswith(end) for text in texts)
    kinds = {one["type"] for tweet in tweets for one in tweet.get("referenced_tweets", [])}
    assert kinds == {"replied_to", "retweeted", "quoted"}


def test_a_lone_surrogate_travels_as_an_escape_and_the_rest_as_utf_8(x, account_id):
    content = x.tweets(account_id, max_results=100).content
    assert rb"\ud800" in content
    assert "مرحبا".encode() in content


def test_optional_fields_are_left_out_of_some_tweets(x, account_id):  # F18
    fields = ",".join(EVERYTHING.fields)
    tweets = x.tweets(account_id, max_results=100, tweet__fields=fields).json()["data"]
    for name in ("lang", "entities", "attachments", "possibly_sensitive", "referenced_tweets", "note_tweet"):
        assert {name in tweet for tweet in tweets} == {True, False}
    assert {"impression_count" in tweet["public_metrics"] for tweet in tweets} == {True, False}


def test_the_list_ends_at_the_horizon_without_a_word(open_sandbox):  # F3
    x = open_sandbox(accounts=1, tweets=60, horizon=Horizon(tweets=50, without_replies=20))
    (account_id,) = x.sandbox.world.users
    truth = [int(tweet["id"]) for tweet in x.sandbox.world.timeline(account_id)]
    assert x.ids(account_id, max_results=7) == truth[:50]
    assert x.ids(account_id, max_results=7, since_id=truth[55]) == truth[:50]
    assert x.tweets(account_id, until_id=truth[50]).json() == {"meta": {"result_count": 0}}
    without_replies = x.ids(account_id, max_results=7, exclude="replies")
    assert without_replies == [one for one in truth[:20] if x.sandbox.world.kind(one) != "reply"]


def test_the_horizon_moves_with_the_newest_visible_tweet(open_sandbox):
    x = open_sandbox(accounts=1, tweets=60, horizon=Horizon(tweets=50))
    (account_id,) = x.sandbox.world.users
    before = x.ids(account_id, max_results=100)
    first = x.sandbox.world.post(account_id, "one more")
    assert x.ids(account_id, max_results=100) == [first, *before[:-1]]
    x.sandbox.world.delete(first)
    assert x.ids(account_id, max_results=100) == before


def test_excluded_kinds_make_pages_short_or_empty_but_the_walk_complete(x, account_id):  # F9
    bodies = x.walk(account_id, max_results=5, exclude="replies,retweets")
    assert {len(body.get("data", [])) for body in bodies} >= {2, 3}
    kept = [one for one in x.ids(account_id) if x.sandbox.world.kind(one) in {"original", "quote"}]
    assert x.ids(account_id, max_results=5, exclude="replies,retweets") == kept


@pytest.mark.parametrize(
    ("action", "title"),
    [("protect", "Authorization Error"), ("suspend", "Forbidden"), ("remove_account", "Not Found Error")],
)
def test_an_account_that_cannot_be_read_answers_only_errors(x, account_id, action, title):  # F6
    getattr(x.sandbox.world, action)(account_id)
    reply = x.tweets(account_id)
    assert reply.status_code == 200
    assert reply.json().keys() == {"errors"}
    (error,) = reply.json()["errors"]
    assert (error["title"], error["resource_id"]) == (title, str(account_id))
    assert x.sandbox.bill.usd == 0


def test_expansions_add_authors_and_references_and_say_what_is_missing(x, account_id):  # F15 F57
    newest = next(one for one in x.ids(account_id) if x.sandbox.world.kind(one) == "quote")
    reference = x.sandbox.world.reference(newest)
    asked = {"until_id": newest + 1, "since_id": newest - 1, "expansions": "author_id,referenced_tweets.id"}
    body = x.tweets(account_id, **asked).json()
    assert [one["id"] for one in body["includes"]["users"]] == [str(account_id)]
    assert [one["id"] for one in body["includes"]["tweets"]] == [str(reference)]
    x.sandbox.world.delete(reference)
    body = x.tweets(account_id, **asked).json()
    assert body["data"][0]["id"] == str(newest)
    assert body["errors"][0]["resource_id"] == str(reference)


def test_a_tweet_refers_to_an_older_one_of_another_account(x, account_id):
    fields = "referenced_tweets,in_reply_to_user_id,conversation_id"
    for body in x.walk(account_id, max_results=100, tweet__fields=fields):
        for tweet in body["data"]:
            (reference,) = [int(one["id"]) for one in tweet.get("referenced_tweets", [])] or [None]
            assert reference == x.sandbox.world.reference(int(tweet["id"]))
            assert reference is None or reference < int(tweet["id"])
            assert ("in_reply_to_user_id" in tweet) == (int(tweet["conversation_id"]) == reference)
            author = x.sandbox.world.author_of(reference) if "in_reply_to_user_id" in tweet else None
            assert author is None or tweet["in_reply_to_user_id"] == str(author.account_id) != str(account_id)


def test_a_token_of_another_list_is_refused(x, account_id):
    token = x.tweets(account_id).json()["meta"]["next_token"]
    other = list(x.sandbox.world.users)[1]
    for wrong in (token[:-1] + "!", "x", token + "0", ""):
        assert x.tweets(account_id, pagination_token=wrong).status_code == 400
    reply = x.tweets(other, pagination_token=token)
    assert reply.status_code == 400
    assert reply.json()["title"] == "Invalid Request"
    assert reply.json()["errors"][0]["parameters"] == {"pagination_token": [token]}


def test_the_same_seed_and_clock_give_the_same_bytes(open_sandbox):  # F54
    def everything(seed):
        x = open_sandbox(seed=seed, tweets=120, live_per_hour=60)
        x.sandbox.world.advance(timedelta(hours=1))
        replies = [
            x.tweets(account_id, max_results=100, tweet__fields=FIELDS.format("tweet"))
            for account_id in x.sandbox.world.users
        ]
        return [(reply.content, dict(reply.headers)) for reply in replies]

    assert everything(7) == everything(7)
    assert everything(7) != everything(8)


def test_a_plain_world_has_no_text_that_breaks_csv_writers():
    world = World(accounts=2, tweets=200, hostile=False)
    texts = {world.text(tweet_id) for account_id in world.users for tweet_id in world.ids(account_id)}
    assert len(texts) > 100
    assert not any(character in text for text in texts for character in "\r\x00\ud800\u2028")
