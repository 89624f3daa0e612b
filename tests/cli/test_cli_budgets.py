"""Money on the command line: the ledger against the sandbox's bill, and budgets that several commands share."""

import sqlite3
import time
from contextlib import closing
from datetime import timedelta

import pytest
from truth import assert_each_once, followed_by, rows_in

from collector.flow.spending import MOST_CHUNK, PAGE
from collector.sandbox.faults import Fault

EVERYTHING = ("backfill", "--from", "2020-01-01", "--to", "2100-01-01")
FREE = ("503", "429", "404-html", "empty-page", "short-page")
BILLED = ("truncated", "repeated-token")
CONCURRENCY = 8


def names_of(sandbox):
    return [account.username for account in sandbox.users.values()]


def ledger(collector):
    """Return tweets and users, reserved and settled, of all days."""
    with closing(sqlite3.connect(collector.state)) as state:
        columns = ("tweets_reserved", "tweets_settled", "users_reserved", "users_settled")
        sums = ", ".join(f"sum({name})" for name in columns)
        return dict(zip(columns, state.execute(f"SELECT {sums} FROM spend").fetchone(), strict=True))  # noqa: S608


def billed(sandbox):
    return {
        "tweets_reserved": 0,
        "tweets_settled": sandbox.bill.tweets,
        "users_reserved": 0,
        "users_settled": sandbox.bill.users,
    }


def test_the_ledger_is_what_x_bills(following, sandbox):  # F56
    following.done("collect", COLLECTOR_INITIAL_LOOKBACK="1h")
    following.done(*EVERYTHING)
    following("accounts", "add", "nobody_of_that_name")
    following.done("collect")
    assert (sandbox.bill.tweets, sandbox.bill.users) == (180, 3)
    assert ledger(following) == billed(sandbox)


def test_users_read_again_on_the_same_day_are_free_but_count(following, sandbox):
    following.done("accounts", "refresh")
    assert (ledger(following)["users_settled"], sandbox.bill.users) == (6, 3)


@pytest.mark.parametrize("kind", [*FREE, *BILLED])
def test_faults_that_pass_leave_the_ledger_what_x_bills(kind, following, sandbox):  # F56
    sandbox.faults.add(Fault(kind, r"/tweets$", seconds=1.0 if kind == "429" else None))
    following.done("collect")
    found = ledger(following)
    assert found["tweets_settled"] >= sandbox.bill.tweets == 180
    assert found["tweets_reserved"] == 0
    if kind in FREE or kind == "truncated":
        assert found == billed(sandbox)


def test_an_answer_that_never_arrives_whole_counts_in_full(following, sandbox):  # F56
    one = next(iter(sandbox.users))
    sandbox.faults.add(Fault("truncated", r"/tweets$", account_id=one, times=None))
    assert following("collect").code == 1
    sandbox.faults.clear()
    found = ledger(following)
    assert (found["tweets_reserved"], found["tweets_settled"]) == (PAGE, 120)
    assert sandbox.bill.tweets == 180


def test_a_killed_fetch_leaves_the_ledger_above_the_bill_by_a_chunk_at_most(open_sandbox, collectors):  # F56 F24
    sandbox = open_sandbox(accounts=4, tweets=400, latency=timedelta(seconds=0.05))
    collector = collectors(sandbox)
    collector.done("accounts", "add", *names_of(sandbox))
    asked = len(sandbox.requests)
    with collector.start("collect") as running:
        while len(sandbox.requests) < asked + 9 and running.is_running():
            time.sleep(0.005)
        assert running.kill().code == -9
    time.sleep(0.2)  # what was on its way is answered, and billed
    found = ledger(collector)
    spent = found["tweets_reserved"] + found["tweets_settled"]
    assert sandbox.bill.tweets <= spent <= sandbox.bill.tweets + MOST_CHUNK + CONCURRENCY * PAGE
    assert found["tweets_reserved"] > 0
    collector.done("collect")
    assert ledger(collector)["tweets_reserved"] == found["tweets_reserved"]
    assert sandbox.bill.tweets <= sum(ledger(collector).values())


def test_at_the_end_of_a_budget_it_is_75_and_the_rest_is_a_gap(following, sandbox):
    ended = following("collect", COLLECTOR_MAX_TWEETS_PER_DAY="130")
    assert ended.code == 75
    assert "budget_exhausted" in ended.stdout
    assert sandbox.bill.tweets <= 130
    gaps = following.done("gaps", "--json").document
    assert {gap["reason"] for gap in gaps} == {"budget_exhausted"}
    assert following("collect", COLLECTOR_MAX_USD_PER_MONTH="0.40").code == 75
    following.done("collect")
    assert following.done("gaps", "--json").document == []
    assert following.done("verify", "--json").document["rows"] == sandbox.bill.tweets == 180


def test_accounts_beyond_the_budget_are_75_and_name_the_setting(collector, sandbox):
    ended = collector("accounts", "add", *names_of(sandbox), COLLECTOR_MAX_USD_PER_MONTH="0.02")
    assert ended.code == 75
    assert "COLLECTOR_MAX_USD_PER_MONTH" in ended.complaint
    assert sandbox.bill.users == 0


def test_status_tells_what_is_spent_and_allowed(following):
    following.done("collect")
    limits = {"COLLECTOR_MAX_TWEETS_PER_DAY": "5000", "COLLECTOR_MAX_USD_PER_MONTH": "49.50"}
    document = following.done("status", "--json", **limits).document
    assert document["spent_today"] == document["spent_this_month"] == {"tweets": 180, "users": 3, "usd": "0.930"}
    assert (document["max_tweets_per_day"], document["max_usd_per_month"]) == (5000, "49.50")
    said = following.done("status", **limits).stdout
    assert "spent today     180 tweets, 3 users ($0.93 at most) of 5,000 tweets allowed\n" in said
    assert "this month      180 tweets, 3 users ($0.93 at most) of $49.50 allowed\n" in said


def test_a_dry_run_says_what_a_budget_leaves(following):
    words = ("backfill", "--from", "2026-01-01", "--to", "2026-01-02", "--dry-run")
    said = following.done(*words, COLLECTOR_MAX_TWEETS_PER_DAY="5000").stdout
    assert "more than the budget of 5,000 tweets a day leaves: 5,000 tweets until" in said
    assert following.done(*words, "--json", COLLECTOR_MAX_TWEETS_PER_DAY="5000").document["tweets_left"] == 5000


def test_commands_at_the_same_time_share_a_budget(open_sandbox, collectors):  # F55
    sandbox = open_sandbox(accounts=4, tweets=600, history=timedelta(hours=40), latency=timedelta(seconds=0.02))
    collector = collectors(sandbox)
    collector.environment |= {"COLLECTOR_INITIAL_LOOKBACK": "8h", "COLLECTOR_MAX_TWEETS_PER_DAY": "1500"}
    collector.done("accounts", "add", *names_of(sandbox))
    with collector.start(*EVERYTHING) as backfill:
        assert collector("collect").code in {0, 75}
        assert backfill.wait().code in {0, 75}
    while True:
        before = sandbox.bill.tweets
        assert collector(*EVERYTHING).code == 75
        if sandbox.bill.tweets == before:
            break
    assert ledger(collector)["tweets_settled"] >= sandbox.bill.tweets
    assert 1500 - PAGE < sandbox.bill.tweets <= 1500
    collector.environment.pop("COLLECTOR_MAX_TWEETS_PER_DAY")
    collector.done("collect")
    collector.done(*EVERYTHING)
    since = {account_id: (0, since_id) for account_id, (_, since_id) in followed_by(collector).items()}
    assert_each_once(rows_in(collector.output), sandbox, since)
