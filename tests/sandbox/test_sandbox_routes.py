"""Users, lookups, search, usage and the bill of the stand-in X, over HTTP."""

from datetime import timedelta

import pytest

from collector.sandbox.limits import TIMELINE, USERS_BY

WEEK_OLD_ID = str((1795327200000 - 7 * 86_400_000 - 1288834974657) << 22)


def test_users_are_found_by_name_in_any_case_and_missing_ones_are_errors(x):
    reply = x.get("/2/users/by", usernames="HARBOR_light,nobody_here,stonebakery", user__fields="created_at,protected")
    body = reply.json()
    assert [user["username"] for user in body["data"]] == ["harbor_light", "stonebakery"]
    assert body["data"][0].keys() == {"id", "name", "username", "created_at", "protected"}
    (error,) = body["errors"]
    assert (error["value"], error["parameter"], error["title"]) == ("nobody_here", "usernames", "Not Found Error")


def test_users_are_found_by_id(x, account_id):
    body = x.get("/2/users", ids=f"{account_id},5").json()
    assert [(user["id"], user["username"]) for user in body["data"]] == [(str(account_id), "harbor_light")]
    assert [error["resource_id"] for error in body["errors"]] == ["5"]
    assert x.get(f"/2/users/{account_id}").json()["data"]["username"] == "harbor_light"
    assert x.get("/2/users/by/username/harbor_light").json()["data"]["id"] == str(account_id)
    assert x.get("/2/users/5").json().keys() == {"errors"}


def test_a_suspended_user_is_an_error_and_a_protected_one_is_not(x, account_id):  # F13
    x.sandbox.world.suspend(account_id)
    body = x.get("/2/users/by", usernames="harbor_light").json()
    assert body["errors"][0]["detail"] == "User has been suspended: [harbor_light]."
    x.sandbox.world.protect(account_id)
    body = x.get("/2/users", ids=account_id, user__fields="protected").json()
    assert body["data"][0]["protected"] is True


@pytest.mark.parametrize(
    "query",
    [
        {"usernames": "no-dash"},
        {"usernames": "a234567890123456"},
        {"usernames": ""},
        {},
        {"usernames": "a," * 101 + "b"},
    ],
)
def test_names_that_cannot_be_are_a_400(x, query):
    assert x.get("/2/users/by", **query).status_code == 400


def test_one_hundred_and_one_names_are_too_many(x):
    names = [f"name{number}" for number in range(101)]
    assert x.get("/2/users/by", usernames=",".join(names)).status_code == 400
    assert len(x.get("/2/users/by", usernames=",".join(names[:100])).json()["errors"]) == 100


def test_a_renamed_account_frees_its_name_for_another(x):  # F14
    world = x.sandbox.world
    first, second = list(world.users)[:2]
    world.rename(first, "harbor_lights")
    world.rename(second, "harbor_light")
    body = x.get("/2/users/by", usernames="harbor_light,harbor_lights,stonebakery").json()
    assert {user["username"]: int(user["id"]) for user in body["data"]} == {
        "harbor_light": second,
        "harbor_lights": first,
    }
    assert [error["value"] for error in body["errors"]] == ["stonebakery"]


def test_gone_and_hidden_tweets_of_a_lookup_are_errors(x):  # F4 F12
    world = x.sandbox.world
    first, second = list(world.users)[:2]
    here, gone = x.ids(first)[:2]
    hidden = x.ids(second)[0]
    world.delete(gone)
    world.protect(second)
    body = x.get("/2/tweets", ids=f"{gone},{here},{hidden},77", tweet__fields="author_id").json()
    assert [(one["id"], one["author_id"]) for one in body["data"]] == [(str(here), str(first))]
    titles = {int(error["resource_id"]): error["title"] for error in body["errors"]}
    assert titles == {gone: "Not Found Error", hidden: "Authorization Error", 77: "Not Found Error"}


def test_search_finds_the_tweets_of_the_named_accounts_newest_first(x):
    first, second = list(x.sandbox.world.users)[:2]
    expected = sorted([*x.ids(first), *x.ids(second)], reverse=True)
    asked = {"query": "(from:harbor_light OR from:stonebakery)", "max_results": 100}
    bodies = [x.get("/2/tweets/search/recent", **asked).json()]
    while token := bodies[-1]["meta"].get("next_token"):
        bodies.append(x.get("/2/tweets/search/recent", **asked, next_token=token).json())
    assert [int(one["id"]) for body in bodies for one in body["data"]] == expected
    found = x.get("/2/tweets/search/recent", query="from:harbor_light BAKERY -is:reply -is:retweet").json()["data"]
    assert found
    assert all("#bakery" in one["text"] and one["text"][0] not in "@R" for one in found)


def test_a_search_from_more_than_a_week_ago_is_told_the_smallest_id(x):  # F10
    reply = x.get("/2/tweets/search/recent", query="tram", since_id="1900000000000000000")
    assert reply.status_code == 400
    message = reply.json()["errors"][0]["message"]
    assert message == (
        "'since_id' must be a tweet id created after 2026-11-15T06:00Z. "
        f"Please use a 'since_id' that is larger than {WEEK_OLD_ID}"
    )
    assert x.get("/2/tweets/search/recent", query="tram", since_id=int(WEEK_OLD_ID) + 1).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"since_id": int(WEEK_OLD_ID) + 9, "end_time": "2026-11-21T00:00:00Z"},
        {"start_time": "2026-11-01T00:00:00Z"},
        {"max_results": 5},
        {"query": "x" * 513},
        {"query": ""},
        {"exclude": "replies"},
    ],
)
def test_a_wrong_search_is_a_400(x, wrong):
    assert x.get("/2/tweets/search/recent", **({"query": "tram"} | wrong)).status_code == 400


def test_a_tweet_is_paid_once_per_utc_day(x, account_id):  # F48
    bill = x.sandbox.bill
    x.tweets(account_id, max_results=100)
    x.tweets(account_id, max_results=100)
    x.get("/2/users/by", usernames="harbor_light,nobody")
    assert (bill.tweets, bill.users, float(bill.usd)) == (100, 1, 0.51)
    assert bill.requests == {TIMELINE: 2, USERS_BY: 1}
    x.sandbox.world.advance(timedelta(days=1))
    x.tweets(account_id, max_results=10)
    x.get("/2/users", ids=account_id)
    assert (bill.tweets, bill.users, float(bill.usd)) == (110, 2, 0.57)
    written = x.get("/sandbox/bill").json()
    assert written == bill.as_json()
    assert written["requests"] == 5
    assert written["days"] == {
        "2026-11-22": {"tweets": 100, "users": 1},
        "2026-11-23": {"tweets": 10, "users": 1},
    }


def test_empty_and_refused_answers_are_free(x, account_id):
    x.tweets(account_id, since_id=9_000_000_000_000_000_000)
    x.tweets(account_id, max_results=1)
    assert x.sandbox.bill.usd == 0


def test_the_usage_endpoint_agrees_with_the_bill(x, account_id):  # F56
    x.tweets(account_id, max_results=100)
    usage = x.get("/2/usage/tweets", usage__fields="daily_project_usage").json()["data"]
    assert usage["project_usage"] == 100
    assert usage["project_cap"] == "3000000"
    assert usage["daily_project_usage"]["usage"][0] == {"date": "2026-11-22T00:00:00.000Z", "usage": "100"}
    x.sandbox.world.advance(timedelta(days=30))
    assert x.get("/2/usage/tweets").json()["data"]["project_usage"] == 0
