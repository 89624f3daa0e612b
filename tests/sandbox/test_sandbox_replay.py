"""Recorded answers, served again over HTTP."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

MISSING = {
    "errors": [{"value": "77", "title": "Not Found Error", "resource_id": "77", "detail": "gone, in their words"}]
}
REMARK = {"parameter": "entities.mentions.username", "value": "someone", "title": "Forbidden"}


def envelope(account_id, body, status=200):
    url = f"https://api.x.com/2/users/{account_id}/tweets?max_results=100"
    return {"request": {"method": "GET", "url": url}, "status": status, "headers": {}, "body": body}


def tweet(tweet_id, **fields):
    return {"id": str(tweet_id), "text": f"recorded {tweet_id} \ud800 \u2028", "odd": [1, None, {"a": 1.5}]} | fields


@pytest.fixture
def folder(tmp_path):
    users = [{"id": "42", "username": "recorded_name", "name": "Recorded", "odd": True}]
    reply = {"referenced_tweets": [{"type": "replied_to", "id": "1"}]}
    newer = {"data": [tweet(2000 + one) for one in range(9, -1, -1)], "meta": {"next_token": "abc"}, "errors": [REMARK]}
    older = {
        "data": [tweet(1001, **reply), tweet(1000)],
        "includes": {"users": users, "tweets": [tweet(1)]},
        "meta": {"result_count": 2},
    }
    files = {
        "page_1": envelope(42, newer),
        "page_2": envelope(42, older),
        "gone": envelope(77, MISSING),
        "failed": envelope(43, {"title": "Internal Server Error"}, 500),
        "error": {"status": 401, "body": {}},
    }
    for name, content in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return tmp_path


@pytest.fixture
def recorded(open_sandbox, folder):
    return open_sandbox(replay=folder, clock=lambda: datetime.now(UTC))


def test_the_pages_of_an_account_are_one_list_that_any_walk_works_on(recorded):
    whole = [*range(2009, 1999, -1), 1001, 1000]
    assert recorded.ids(42, max_results=100) == whole
    assert recorded.ids(42, max_results=5) == whole
    assert recorded.ids(42, since_id=1001, until_id=2009) == whole[1:10]
    assert recorded.ids(42, max_results=5, exclude="replies") == [one for one in whole if one != 1001]


def test_recorded_tweets_pass_untouched(recorded):
    body = recorded.tweets(42, max_results=5, until_id=2000, post__fields="lang").json()
    assert body["data"][1] == tweet(1000)
    assert body.keys() == {"data", "meta"}


def test_recorded_errors_stand_beside_their_tweets_and_includes_where_asked(recorded):  # F6
    assert recorded.tweets(42, since_id=2005).json()["errors"] == [REMARK]
    body = recorded.tweets(42, until_id=2000, expansions="author_id").json()
    assert "errors" not in body
    assert body["includes"]["users"][0]["username"] == "recorded_name"
    assert body["includes"]["tweets"] == [tweet(1)]


def test_an_answer_of_only_errors_is_served_as_it_is(recorded):
    reply = recorded.tweets(77)
    assert reply.status_code == 200
    assert reply.json() == MISSING
    assert recorded.tweets(43).json() == {"meta": {"result_count": 0}}


def test_users_are_the_recorded_ones_or_follow_from_their_id(recorded):
    body = recorded.get("/2/users", ids="42,77,1234567890123456789").json()
    assert [user["username"] for user in body["data"]] == ["recorded_name", "user77", "user1234567890123456789"]
    assert body["data"][0]["odd"] is True
    named = recorded.get("/2/users/by", usernames="Recorded_Name,user77,user1234567890123456789,nobody").json()
    assert [user["id"] for user in named["data"]] == ["42", "77", "1234567890123456789"]
    assert [error["value"] for error in named["errors"]] == ["nobody"]


def test_the_date_is_now_and_the_bill_counts(recorded):
    reply = recorded.tweets(42, max_results=5)
    assert abs(parsedate_to_datetime(reply.headers["date"]) - datetime.now(UTC)) < timedelta(seconds=5)
    assert recorded.sandbox.bill.tweets == 5
    assert recorded.get("/2/tweets", ids="1000,999").json()["errors"][0]["value"] == "999"
