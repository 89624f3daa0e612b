"""Every fault on request, seen by a client."""

import json
import time
from datetime import timedelta

import pytest
import requests

from collector.sandbox import Fault, Sandbox
from collector.sandbox.faults import KINDS
from collector.sandbox.snowflake import TOP_ID

FIELDS = "created_at,public_metrics,entities,attachments,referenced_tweets,note_tweet"

STATUSES = {
    "401": (401, "Unauthorized"),
    "402-credits": (402, "/problems/credits"),
    "402-credits-depleted": (402, "/problems/credits-depleted"),
    "403-client-forbidden": (403, "/problems/client-forbidden"),
    "403-spend-cap": (403, "SpendCapReached"),
    "404": (404, "Not Found"),
    "404-html": (404, "<!DOCTYPE html>"),
    "429": (429, "Too Many Requests"),
    "429-no-reset": (429, "Too Many Requests"),
    "429-past-reset": (429, "Too Many Requests"),
    "429-far-reset": (429, "Too Many Requests"),
    "429-usage-capped": (429, "/problems/usage-capped"),
    "500": (500, "Internal Server Error"),
    "502": (502, "<!DOCTYPE html>"),
    "503": (503, "Service Unavailable"),
    "504": (504, "upstream request timeout"),
    "error-list": (500, '[{"title"'),
    "html-200": (200, "<!DOCTYPE html>"),
    "text-200": (200, '{"data":[{'),
    "expired-token": (400, "pagination_token"),
}
PAGES = {"empty-page", "short-page", "repeated-token", "shuffled", "out-of-range", "subset"}
BODIES = {"with-errors", "both-vocabularies", "unknown-fields", "missing-fields", "null-fields"}
LINES = {"reset", "hang", "truncated", "latency"}


def test_every_fault_is_tried_here():
    assert {*STATUSES, *PAGES, *BODIES, *LINES} == KINDS


@pytest.mark.parametrize("kind", STATUSES)
def test_an_error_takes_the_place_of_the_answer_once_and_costs_nothing(x, account_id, kind):  # F7 F19 F21
    x.sandbox.faults.add(Fault(kind))
    reply = x.tweets(account_id)
    status, part = STATUSES[kind]
    assert reply.status_code == status
    assert part in reply.text
    assert ("html" in reply.headers["content-type"]) == ("<html" in reply.text)
    assert x.sandbox.bill.usd == 0
    assert len(x.tweets(account_id).json()["data"]) == 10


@pytest.mark.parametrize(
    ("kind", "wait"),
    [
        ("429", timedelta(minutes=15)),
        ("429-past-reset", timedelta(minutes=-15)),
        ("429-far-reset", timedelta(days=3650)),
    ],
)
def test_a_rate_limit_names_its_reset(x, account_id, kind, wait):  # F8
    x.sandbox.faults.add(Fault(kind), Fault("429", seconds=3, after=1))
    now = x.sandbox.world.now()
    assert int(x.tweets(account_id).headers["x-rate-limit-reset"]) == int((now + wait).timestamp())
    assert int(x.tweets(account_id).headers["x-rate-limit-reset"]) == int(now.timestamp()) + 3


def test_a_rate_limit_can_come_without_headers_and_a_cap_with_requests_left(x, account_id):  # F7 F8
    x.sandbox.faults.add(Fault("429-no-reset"), Fault("429-usage-capped", after=1))
    assert not [name for name in x.tweets(account_id).headers if name.startswith("x-rate-limit")]
    assert int(x.tweets(account_id).headers["x-rate-limit-remaining"]) > 0


def test_a_fault_strikes_the_requests_it_is_about(x, account_id):  # F5
    other = list(x.sandbox.world.users)[1]
    x.sandbox.faults.add(Fault("503", account_id=account_id, times=None), Fault("500", path="^/2/users/by$", after=1))
    assert [x.tweets(one).status_code for one in (account_id, other, account_id)] == [503, 200, 503]
    by_name = [x.get("/2/users/by", usernames="harbor_light").status_code for _ in range(3)]
    assert by_name == [200, 500, 200]
    x.sandbox.faults.clear()
    assert x.tweets(account_id).status_code == 200


def test_a_fault_can_be_asked_for_over_http(x, account_id):
    x.post("/sandbox/faults", kind="404-html", times=2, account_id=str(account_id))
    assert x.get("/sandbox/faults").json()[0]["kind"] == "404-html"
    assert [x.tweets(account_id).status_code for _ in range(3)] == [404, 404, 200]
    x.post("/sandbox/faults", kind="500", times=None)
    x.session.delete(x.sandbox.x_url + "/sandbox/faults", timeout=5)
    assert x.tweets(account_id).status_code == 200


def test_a_kind_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="there is no fault 'flood'; there are 401, "):
        Fault("flood")


def test_a_reset_breaks_the_connection(x, account_id):
    x.sandbox.faults.add(Fault("reset"))
    with pytest.raises(requests.ConnectionError):
        x.tweets(account_id)
    assert x.tweets(account_id).status_code == 200


def test_a_truncated_body_is_shorter_than_it_says(x, account_id):  # F21
    x.sandbox.faults.add(Fault("truncated"))
    reply = requests.get(
        f"{x.sandbox.x_url}/2/users/{account_id}/tweets",
        headers={"Authorization": "Bearer sandbox-token"},
        stream=True,
        timeout=5,
    )
    assert reply.status_code == 200
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        _ = reply.content
    assert x.sandbox.bill.tweets == 10


def test_a_hanging_request_ends_by_its_bound(x, account_id):  # F20
    x.sandbox.faults.add(Fault("hang", seconds=0.2))
    began = time.monotonic()
    with pytest.raises(requests.ConnectionError):
        x.tweets(account_id)
    assert 0.2 <= time.monotonic() - began < 2


def test_a_hanging_request_is_let_go_when_the_sandbox_stops():  # F20
    with Sandbox() as sandbox:
        sandbox.faults.add(Fault("hang"))
        with pytest.raises(requests.ReadTimeout):
            requests.get(sandbox.x_url + "/2/users/1", headers={"Authorization": "Bearer sandbox-token"}, timeout=0.1)
        began = time.monotonic()
    assert time.monotonic() - began < 2


def test_latency_delays_one_answer_or_all(x, account_id):
    x.sandbox.faults.add(Fault("latency", seconds=0.2))
    began = time.monotonic()
    x.tweets(account_id)
    assert time.monotonic() - began >= 0.2
    x.post("/sandbox/latency", seconds=0.1)
    began = time.monotonic()
    x.tweets(account_id)
    assert time.monotonic() - began >= 0.1


@pytest.mark.parametrize("kind", ["empty-page", "short-page", "shuffled"])
@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_walk_over_strange_pages_still_returns_every_tweet(x, account_id, kind, after):  # F9
    truth = x.ids(account_id)
    x.sandbox.faults.add(Fault(kind, after=after, times=2))
    walked = x.ids(account_id, max_results=30)
    assert sorted(walked, reverse=True) == truth
    assert (walked == truth) == (kind != "shuffled")


def test_an_empty_page_carries_a_token(x, account_id):  # F9
    x.sandbox.faults.add(Fault("empty-page"))
    body = x.tweets(account_id).json()
    assert body.keys() == {"meta"}
    assert body["meta"].keys() == {"result_count", "next_token"}


def test_a_repeated_token_leads_nowhere(x, account_id):  # F9
    token = x.tweets(account_id).json()["meta"]["next_token"]
    x.sandbox.faults.add(Fault("repeated-token"))
    body = x.tweets(account_id, pagination_token=token).json()
    assert body["meta"]["next_token"] == token
    assert len(body["data"]) == 10


def test_a_page_can_hold_a_tweet_nobody_asked_for(x, account_id):
    truth = x.ids(account_id)
    x.sandbox.faults.add(Fault("out-of-range", times=2))
    newer = [int(one["id"]) for one in x.tweets(account_id, until_id=truth[5], max_results=5).json()["data"]]
    assert newer == [truth[0], *truth[6:11]]
    older = [int(one["id"]) for one in x.tweets(account_id, since_id=truth[3], until_id=TOP_ID).json()["data"]]
    assert older == [*truth[:3], truth[3]]


def test_a_busy_account_can_answer_a_subset_and_say_nothing(x, account_id):  # F2
    truth = x.tweets(account_id, max_results=50).json()
    x.sandbox.faults.add(Fault("subset"))
    subset = x.tweets(account_id, max_results=50).json()
    ids, kept = ([one["id"] for one in body["data"]] for body in (truth, subset))
    assert 5 < len(kept) < 45
    assert kept == [one for one in ids if one in kept]
    assert subset["meta"]["next_token"] == truth["meta"]["next_token"]


def test_errors_can_stand_beside_good_tweets(x, account_id):  # F6
    truth = x.tweets(account_id).json()
    x.sandbox.faults.add(Fault("with-errors"))
    body = x.tweets(account_id).json()
    assert body.pop("errors")[0]["title"] == "Authorization Error"
    assert body == truth


@pytest.mark.parametrize("words", ["tweet", "post"])
def test_a_tweet_can_speak_both_vocabularies(x, account_id, words):  # F16
    x.sandbox.faults.add(Fault("both-vocabularies"))
    fields = {f"{words}__fields": FIELDS.replace("tweet", words)}
    for tweet in x.tweets(account_id, max_results=100, **fields).json()["data"]:
        assert tweet["edit_history_tweet_ids"] == tweet["edit_history_post_ids"]
        assert tweet.get("note_tweet") == tweet.get("note_post")
        assert tweet.get("referenced_tweets") == tweet.get("referenced_posts")
        assert tweet["public_metrics"]["retweet_count"] == tweet["public_metrics"]["repost_count"]


def test_fields_can_appear_vanish_or_be_null(x, account_id):  # F18 F53
    asked = {"max_results": 100, "tweet__fields": FIELDS}
    truth = x.tweets(account_id, **asked).json()["data"]
    x.sandbox.faults.add(Fault("unknown-fields"), Fault("missing-fields", after=1), Fault("null-fields", after=2))
    unknown, missing, null = (x.tweets(account_id, **asked).json() for _ in range(3))
    assert {"field_of_tomorrow", "meta", "data"} == unknown.keys()
    for tweet, known in zip(unknown["data"], truth, strict=True):
        assert tweet.pop("a_field_of_tomorrow")["text"] == 'comma, "quote"\n'
        assert tweet["public_metrics"].pop("echo_count") == 3
        assert tweet == known
    assert all(tweet.keys() == {"id", "text", "edit_history_tweet_ids"} for tweet in missing["data"])
    assert [one["text"] for one in missing["data"]] == [one["text"] for one in truth]
    assert all(tweet["geo"] is None and tweet["public_metrics"]["impression_count"] is None for tweet in null["data"])
    assert json.dumps(null["data"]).count('"media_keys": null') > 0
