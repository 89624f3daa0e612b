"""What the stand-in X does before it answers: credentials, parameters, limits, headers."""

import http.client
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
import requests
import tweepy
from requests.adapters import HTTPAdapter
from requests_oauthlib import OAuth1Session

from collector.sandbox import Credentials, Sandbox
from collector.sandbox.limits import TIMELINE


def signed(secret):
    ours = Credentials()
    return OAuth1Session(ours.consumer_key, ours.consumer_secret, ours.access_token, secret)


class ToSandbox(HTTPAdapter):
    """Sends tweepy's requests to the sandbox."""

    def __init__(self, url):
        super().__init__()
        self.url = url

    def send(self, request, **options):
        request.url = request.url.replace("https://api.twitter.com", self.url)
        return super().send(request, **options)


def test_a_wrong_or_missing_credential_is_a_401(x, account_id):  # F19
    url = f"{x.sandbox.x_url}/2/users/{account_id}/tweets"
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic c2FuZGJveA=="}):
        reply = requests.get(url, headers=headers, timeout=5)
        assert reply.status_code == 401
        assert reply.json() == {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}
        assert not any(name.startswith("x-rate-limit") for name in reply.headers)


def test_an_oauth_signature_is_verified(x, account_id):
    url = f"{x.sandbox.x_url}/2/users/{account_id}/tweets"
    params = {"max_results": "5", "tweet.fields": "created_at,author_id", "start_time": "2026-11-20T00:00:00Z"}
    with signed(Credentials().access_token_secret) as right, signed("another secret") as wrong:
        reply = right.get(url, params=params, timeout=5)
        assert (reply.status_code, reply.headers["x-rate-limit-limit"]) == (200, "900")
        assert wrong.get(url, params=params, timeout=5).status_code == 401
        authorization = reply.request.headers["Authorization"]
    replayed = {"Authorization": authorization.decode() if isinstance(authorization, bytes) else authorization}
    assert requests.get(url, params=params, headers=replayed, timeout=5).status_code == 200
    assert requests.get(url, params=params | {"max_results": "6"}, headers=replayed, timeout=5).status_code == 401


def test_tweepy_can_read_it(x, account_id):
    client = tweepy.Client("sandbox-token", return_type=dict)
    client.session.mount("https://", ToSandbox(x.sandbox.x_url))
    body = client.get_users_tweets(account_id, max_results=5, tweet_fields=["created_at"])
    assert [int(tweet["id"]) for tweet in body["data"]] == x.ids(account_id)[:5]
    client.session.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_results": "4"},
        {"max_results": "101"},
        {"max_results": "ten"},
        {"since_id": "12x"},
        {"since_id": "12345678901234567890"},
        {"since_id": ""},
        {"until_id": "-1"},
        {"since_id": "20", "until_id": "20"},
        {"end_time": "2026-11-22T05:59:51Z"},
        {"end_time": "2026-11-22"},
        {"start_time": "2026-11-31T00:00:00Z"},
        {"start_time": "2026-11-21T00:00:00Z", "end_time": "2026-11-20T00:00:00Z"},
        {"exclude": "quotes"},
        {"tweet__fields": "created_at,note_post"},
        {"post__fields": "note_tweet"},
        {"expansions": "everything"},
        {"user__fields": "password"},
        {"surprise": "1"},
        {"pagination_token": "abc"},
    ],
)
def test_a_wrong_parameter_is_a_400_that_names_it(x, account_id, wrong):
    reply = x.tweets(account_id, **wrong)
    assert reply.status_code == 400
    body = reply.json()
    assert body["title"] == "Invalid Request"
    assert body["type"].endswith("/invalid-request")
    name, value = next((name.replace("__", "."), value) for name, value in wrong.items())
    assert body["errors"][0]["parameters"] == {name: [value]}
    assert name.replace("since_id", "") in body["errors"][0]["message"]


def test_an_end_ten_seconds_old_is_allowed(x, account_id):
    assert x.tweets(account_id, end_time="2026-11-22T05:59:50Z").status_code == 200


def test_headers_tell_the_limit_and_its_end_and_the_next_window_is_full_again(open_sandbox):
    x = open_sandbox(limits={TIMELINE: 2})
    account_id, other = list(x.sandbox.world.users)[:2]
    replies = [x.tweets(account_id), x.tweets(other), x.tweets(account_id)]
    assert [reply.status_code for reply in replies] == [200, 200, 429]
    assert [reply.headers["x-rate-limit-remaining"] for reply in replies] == ["1", "0", "0"]
    (reset,) = {int(reply.headers["x-rate-limit-reset"]) for reply in replies}
    assert reset == int((x.sandbox.world.now() + timedelta(minutes=15)).timestamp())
    assert replies[2].json()["title"] == "Too Many Requests"
    assert x.get("/2/users", ids=account_id).status_code == 200
    x.sandbox.world.advance(timedelta(minutes=15))
    assert x.tweets(account_id).status_code == 200


def test_the_date_is_the_clock_of_the_world_plus_its_skew(open_sandbox):  # F8
    x = open_sandbox(skew=timedelta(minutes=-7))
    reply = x.get("/2/usage/tweets")
    assert parsedate_to_datetime(reply.headers["date"]) == x.sandbox.world.now() - timedelta(minutes=7)


def test_an_unknown_path_is_a_json_404(x):
    assert x.get("/2/nothing").status_code == 404
    assert x.post("/2/tweets").status_code == 404
    assert x.get("/2/nothing").json()["status"] == 404


def test_a_connection_is_kept_alive_until_it_asks_to_close(x):
    connection = http.client.HTTPConnection(x.sandbox.x_url.removeprefix("http://"), timeout=5)
    for headers in ({}, {}, {"Connection": "close"}):
        connection.request("GET", "/2/usage/tweets", headers=headers)
        connection.getresponse().read()
        socket = connection.sock
    assert socket is not None
    assert socket.recv(1) == b""
    connection.close()


def test_two_sandboxes_live_side_by_side_and_free_their_ports():
    with Sandbox() as one, Sandbox() as other:
        assert one.x_url != other.x_url
        port = int(one.x_url.rpartition(":")[2])
    with Sandbox(port=port) as again:
        assert again.x_url == one.x_url


def test_every_request_is_remembered(x, account_id):
    x.tweets(account_id, max_results=5)
    x.get("/2/nothing")
    seen = [(one.path, one.query, one.status) for one in x.sandbox.requests]
    assert seen == [(f"/2/users/{account_id}/tweets", {"max_results": "5"}, 200), ("/2/nothing", {}, 404)]
