"""What can happen in the world of the sandbox, seen over HTTP."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from collector.sandbox import World
from collector.sandbox.snowflake import made_at

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
FIELDS = "created_at,edit_history_tweet_ids,public_metrics,referenced_tweets"


def test_a_posted_tweet_is_the_newest_and_has_the_time_of_the_clock(x, account_id):
    x.sandbox.world.advance(timedelta(minutes=5))
    tweet_id = x.sandbox.world.post(account_id, 'hello, "world"\n&amp; all')
    tweet = x.tweets(account_id, tweet__fields=FIELDS).json()["data"][0]
    assert (tweet["id"], tweet["text"]) == (str(tweet_id), 'hello, "world"\n&amp; all')
    assert tweet["created_at"] == "2026-11-22T06:05:00.000Z"
    assert x.sandbox.world.post(account_id, "again") > tweet_id


def test_a_late_tweet_appears_below_a_newer_one(x, account_id):  # F1
    world = x.sandbox.world
    late = world.post(account_id, "late", late=timedelta(seconds=4))
    world.advance(timedelta(seconds=1))
    newer = world.post(account_id, "newer")
    assert x.ids(account_id)[0] == newer
    assert late not in x.ids(account_id)
    assert x.get("/2/tweets", ids=late).json().keys() == {"errors"}
    world.advance(timedelta(seconds=3))
    assert x.ids(account_id)[:2] == [newer, late]


def test_an_edit_is_a_new_id_and_the_timeline_shows_the_newest_version(x, account_id):  # F11
    world = x.sandbox.world
    first = world.post(account_id, "first", kind="quote")
    world.advance(timedelta(minutes=1))
    second = world.edit(first, "second")
    world.advance(timedelta(minutes=1))
    third = world.edit(second, "third")
    newest, next_one = x.tweets(account_id, tweet__fields=FIELDS).json()["data"][:2]
    assert (newest["text"], newest["edit_history_tweet_ids"]) == ("third", [str(first), str(second), str(third)])
    assert newest["referenced_tweets"][0]["type"] == "quoted"
    assert int(next_one["id"]) < first
    assert [one["text"] for one in x.get("/2/tweets", ids=f"{first},{third}").json()["data"]] == ["first", "third"]


def test_a_tweet_of_the_backlog_can_be_edited_but_not_more_than_five_times(x, account_id):
    world = x.sandbox.world
    old = latest = x.ids(account_id)[50]
    for version in range(5):
        latest = world.edit(latest, f"version {version}")
    assert x.ids(account_id)[0] == latest
    assert old not in x.ids(account_id)
    with pytest.raises(ValueError, match="edited 5 times"):
        world.edit(latest, "too much")


def test_deleting_one_version_deletes_all_and_they_can_reappear(x, account_id):  # F12
    world = x.sandbox.world
    before = x.ids(account_id)
    first = world.post(account_id, "first")
    second = world.edit(first, "second")
    world.delete(first)
    assert x.ids(account_id) == before
    assert len(x.get("/2/tweets", ids=f"{first},{second}").json()["errors"]) == 2
    world.undelete(second)
    assert x.ids(account_id) == [second, *before]
    world.delete(before[3])
    assert before[3] not in x.ids(account_id)
    world.undelete(before[3])
    assert x.ids(account_id) == [second, *before]


def test_unprotecting_shows_old_ids_again(x, account_id):  # F13
    world = x.sandbox.world
    before = x.ids(account_id)
    world.protect(account_id)
    hidden = world.post(account_id, "said in private")
    assert x.tweets(account_id).json().keys() == {"errors"}
    world.unprotect(account_id)
    assert x.ids(account_id) == [hidden, *before]
    world.suspend(account_id)
    world.unsuspend(account_id)
    assert x.ids(account_id) == [hidden, *before]


def test_likes_change_nothing_else(x, account_id):
    def newest():
        return x.tweets(account_id, tweet__fields=FIELDS).json()["data"][0]

    before = newest()
    x.sandbox.world.like(int(before["id"]), 5)
    before["public_metrics"]["like_count"] += 5
    assert newest() == before


def test_live_tweets_follow_from_the_clock_alone(open_sandbox):
    x = open_sandbox(tweets=10, live_per_hour=60)
    (account_id, *_) = x.sandbox.world.users
    x.sandbox.world.advance(timedelta(minutes=30))
    half = x.ids(account_id, max_results=100)
    x.sandbox.world.advance(timedelta(minutes=30))
    whole = x.ids(account_id, max_results=100)
    assert len(half) in {39, 40, 41}
    assert len(whole) in {69, 70, 71}
    assert whole[-len(half) :] == half
    assert all(made_at(one) <= x.sandbox.world.now() for one in whole)


def test_some_live_tweets_are_late_and_none_is_lost(open_sandbox):  # F1
    x = open_sandbox(accounts=1, tweets=0, live_per_hour=3600, lateness=timedelta(seconds=4))
    (account_id,) = x.sandbox.world.users
    seen, passed_over = set(), set()
    for _ in range(60):
        x.sandbox.world.advance(timedelta(milliseconds=700))
        now = set(x.ids(account_id, max_results=100))
        passed_over |= {one for one in now - seen if seen and one < max(seen)}
        seen |= now
    assert passed_over
    x.sandbox.world.advance(timedelta(seconds=5))
    prompt = World(accounts=1, tweets=0, live_per_hour=3600, clock=lambda: NOW)
    prompt.advance(timedelta(milliseconds=60 * 700))
    assert x.ids(account_id, max_results=100)[-40:] == list(prompt.ids(account_id))[-40:]


def test_a_quiet_account_and_a_quiet_world_answer(open_sandbox):
    x = open_sandbox(accounts=1, tweets=0)
    (account_id,) = x.sandbox.world.users
    assert x.tweets(account_id).json() == {"meta": {"result_count": 0}}
    new = x.sandbox.world.add_account("newcomer", tweets=3)
    assert len(x.ids(new)) == 3


def test_a_million_tweets_cost_nothing_until_they_are_asked_for():
    began = time.process_time()
    world = World(accounts=100, tweets=10_000)
    ids = [tweet_id for account_id in list(world.users)[:5] for tweet_id in world.ids(account_id)]
    assert len(set(ids)) == 50_000
    assert time.process_time() - began < 5


def test_ids_of_different_accounts_never_collide_and_lead_to_their_author():
    world = World(accounts=50, tweets=100, history=timedelta(seconds=1))
    ids = [(account_id, one) for account_id in world.users for one in world.ids(account_id)]
    assert len({one for _, one in ids}) == 5000
    for account_id, one in ids[::97]:
        author = world.author_of(one)
        assert author is not None
        assert author.account_id == account_id


def test_another_process_can_act_over_http(x, account_id):
    before = x.ids(account_id)
    posted = x.post("/sandbox/post", account_id=str(account_id), text="from afar", late=2).json()["result"]
    assert x.ids(account_id) == before
    x.post("/sandbox/advance", by=3)
    assert x.ids(account_id) == [int(posted), *before]
    edited = x.post("/sandbox/edit", tweet_id=posted, text="from nearer").json()["result"]
    x.post("/sandbox/like", tweet_id=edited)
    assert x.ids(account_id)[0] == int(edited)
    for action in ("delete", "undelete"):
        assert x.post(f"/sandbox/{action}", tweet_id=edited).json() == {"result": None}
    for action in ("protect", "unprotect", "suspend", "unsuspend", "remove_account", "restore_account"):
        assert x.post(f"/sandbox/{action}", account_id=account_id).status_code == 200
    x.post("/sandbox/rename", account_id=account_id, username="far_light")
    named = {one["account_id"]: one["username"] for one in x.get("/sandbox/accounts").json()}
    assert named[str(account_id)] == "far_light"
    assert x.post("/sandbox/add_account", username="newcomer").json()["result"].isdecimal()
    assert x.get("/sandbox/requests").json()[0]["status"] == 200


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("nothing", {}),
        ("post", {}),
        ("post", {"account_id": 1, "text": ""}),
        ("now", {}),
        ("faults", {"kind": "flood"}),
    ],
)
def test_a_wrong_action_is_a_400(x, action, body):
    assert x.post(f"/sandbox/{action}", **body).status_code == 400
