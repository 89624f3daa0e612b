"""Every command that answers in JSON: one document on stdout, as documented, and log lines on stderr."""

import json
from datetime import UTC, datetime, timedelta
from types import NoneType

import pytest

BATCH = {
    "batch_id": str,
    "kind": str,
    "window_start": str,
    "window_end": str,
    "status": str,
    "rows": int,
    "objects": int,
    "requests": int,
    "committed_at": str,
    "failures": list,
}
CURSOR = {
    "account_id": str,
    "username": str,
    "status": str,
    "since_id": str,
    "since_at": str,
    "lag_seconds": int,
    "gaps": int,
}
GAP = {
    "account_id": str,
    "username": str,
    "after_id": str,
    "through_id": str,
    "start": str,
    "end": str,
    "reason": str,
}
FAILURE = {"account_id": str, "username": str, "reason": str, "message": str}
ACCOUNT = {"account_id": str, "username": str, "status": str, "status_at": str, "baseline": str, "shard": int}
AUDIT = {"ok": bool, "batches": int, "objects": int, "rows": int, "problems": list}
PRICE = {
    "accounts": int,
    "spans": int,
    "requests": int,
    "tweets": int,
    "usd": str,
    "expected_tweets": int,
    "expected_usd": str,
    "tweets_left": NoneType,
}
STATUS = {
    "watermark": str,
    "lag_seconds": int,
    "accounts": dict,
    "gaps": int,
    "open_batches": int,
    "newest_batch": dict,
    "rows": int,
    "requests": int,
    "tweets_read": int,
    "usd": str,
    "spent_today": dict,
    "spent_this_month": dict,
    "max_tweets_per_day": NoneType,
    "max_usd_per_month": NoneType,
}
WINDOW = ("--from", "2026-01-01", "--to", "2026-01-02")


def an_hour_ago():
    """Return the options of a window that leaves the newest hour to the next batch."""
    end = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    return ("--window-start", f"{end - timedelta(hours=1):%FT%TZ}", "--window-end", f"{end:%FT%TZ}")


def shape_of(document):
    return {name: type(value) for name, value in document.items()}


@pytest.fixture
def with_a_gap(following, sandbox):
    """A collection of which one account is protected since the first batch."""
    following.done("collect", *an_hour_ago())
    account_id = next(iter(sandbox.users))
    sandbox.world.protect(account_id)
    following("collect")
    sandbox.world.unprotect(account_id)
    return following


def test_collect_gives_its_batch(following):
    ended = following.done("collect", "--json")
    assert shape_of(ended.document) == BATCH
    assert (ended.document["rows"], ended.document["requests"]) == (180, 3)
    assert ended.document["status"] == "committed"


def test_a_backfill_gives_its_batch(following):
    ended = following.done("backfill", *WINDOW, "--json")
    assert shape_of(ended.document) == BATCH
    assert ended.document["kind"] == "backfill"


def test_collect_gives_a_list_when_there_are_shards(following):
    ended = following.done("collect", "--json", COLLECTOR_SHARDS="2")
    assert [shape_of(batch) for batch in ended.document] == [BATCH, BATCH]
    assert sum(batch["rows"] for batch in ended.document) == 180


@pytest.mark.parametrize(("view", "shape"), [("cursors", CURSOR), ("gaps", GAP), ("batches", BATCH)])
def test_a_view_gives_a_list(view, shape, with_a_gap):
    documents = with_a_gap.done(view, "--json").document
    assert documents
    assert [shape_of(document) for document in documents] == [shape] * len(documents)


def test_a_batch_tells_its_failures(with_a_gap):
    newest = with_a_gap.done("batches", "--json", "--limit", "1").document
    assert [shape_of(failure) for failure in newest[0]["failures"]] == [FAILURE]
    assert newest[0]["failures"][0]["reason"] == "protected"
    assert with_a_gap.done("gaps", "--json").document[0]["reason"] == "protected"


def test_the_account_list_is_a_document(following, sandbox):
    documents = following.done("accounts", "list", "--json").document
    assert [shape_of(document) for document in documents] == [ACCOUNT] * 3
    assert {int(document["account_id"]) for document in documents} == set(sandbox.users)


def test_the_status_is_a_document(with_a_gap):
    document = with_a_gap.done("status", "--json").document
    assert shape_of(document) == STATUS
    assert document["accounts"] == {"active": 2, "protected": 1}
    assert shape_of(document["newest_batch"]) == BATCH


def test_verify_gives_its_audit(following):
    following.done("collect")
    ended = following.done("verify", "--json")
    assert shape_of(ended.document) == AUDIT
    assert (ended.document["ok"], ended.document["rows"], ended.document["problems"]) == (True, 180, [])


def test_verify_names_what_is_damaged(following):
    following.done("collect")
    damaged = min(following.output.glob("tweets/**/*.csv"))
    damaged.write_bytes(damaged.read_bytes() + b"\n")
    ended = following("verify", "--json")
    assert ended.code == 1
    assert not ended.document["ok"]
    assert [str(following.output / problem["key"]) for problem in ended.document["problems"]] == [str(damaged)]


def test_a_dry_run_prices_a_backfill_and_asks_nothing(following, sandbox):
    asked = len(sandbox.requests)
    ended = following.done("backfill", *WINDOW, "--dry-run", "--json")
    assert shape_of(ended.document) == PRICE
    assert ended.document["accounts"] == 3
    assert 3 * 2400 <= ended.document["tweets"] <= 3 * 2401
    assert ended.document["usd"] == f"{ended.document['tweets'] * 5 / 1000:.3f}"
    assert len(sandbox.requests) == asked


@pytest.mark.parametrize("view", ["cursors", "gaps", "batches", "accounts list"])
def test_an_empty_view_is_an_empty_list(view, collector):
    assert collector.done(*view.split(), "--json").document == []


def test_an_empty_view_tells_people_what_to_do(collector):
    assert "collector accounts add" in collector.done("cursors").stdout
    assert "collector accounts add" in collector.done("accounts", "list").stdout
    assert "collector collect" in collector.done("batches").stdout


def test_the_log_is_json_lines_on_stderr(following):
    ended = following.done("collect", "--json")
    events = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [event["event"] for event in events] == [
        "batch.planned",
        "batch.sealed",
        "batch.fetched",
        "batch.published",
        "batch.committed",
    ]
    assert {event["batch_id"] for event in events} == {ended.document["batch_id"]}


def test_collecting_for_nobody_says_so(collector):
    ended = collector.done("collect")
    assert "accounts.none" in {event["event"] for event in ended.events}


# F31
def test_ids_are_text_in_every_document(with_a_gap):
    for words in (["cursors"], ["gaps"], ["accounts", "list"], ["batches"]):
        for document in with_a_gap.done(*words, "--json").document:
            numbers = [value for name, value in document.items() if name.endswith("_id") and not isinstance(value, str)]
            assert numbers == []
