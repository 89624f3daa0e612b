"""What the CSV must hold, by the sandbox's truth; and what it holds, by the standard library alone."""

import csv
import gzip
import io
import json
import re
from collections import Counter
from datetime import datetime

ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r", "\\0": "\0"}
ESCAPE = re.compile(r"\\[\\nr0]")
COUNTS = {
    "like": "like",
    "retweet": "repost",
    "reply": "reply",
    "quote": "quote",
    "bookmark": "bookmark",
    "impression": "impression",
}
KINDS = {"retweeted": "retweet", "quoted": "quote", "replied_to": "reply"}
"""A tweet that is two of these is the first of them."""
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def rows_in(folder):
    """Return every row of every CSV object below a folder, as text."""
    paths = sorted(path for path in folder.glob("tweets/**/*.csv*") if path.is_file())
    return [row for path in paths for row in rows_of(path.read_bytes())]


def rows_of(body):
    text = (gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def unescaped(text):
    return ESCAPE.sub(lambda found: ESCAPES[found[0]], text)


def assert_each_once(rows, sandbox, followed):
    """Assert that the rows are exactly the tweets of the accounts in `(baseline, since_id]`, each once.

    `followed` maps an account id to its baseline and since_id.
    """
    wanted = {
        tweet_id
        for one, (baseline, since_id) in followed.items()
        for tweet_id in sandbox.api.source.ids(one, baseline, since_id + 1)
    }
    found = Counter(int(row["tweet_id"]) for row in rows)
    assert {one: times for one, times in found.items() if times > 1} == {}
    assert found.keys() ^ wanted == set()


def followed_by(collector):
    """Return what a collector says it holds: account id to baseline and since_id."""
    baselines = {
        one["account_id"]: int(one["baseline"]) for one in collector.done("accounts", "list", "--json").document
    }
    cursors = collector.done("cursors", "--json").document
    return {int(one["account_id"]): (baselines[one["account_id"]], int(one["since_id"])) for one in cursors}


def differences(rows, tweets, *, unescape=True):
    """Return every cell that is not what its tweet says, as (tweet id, column, is, should be)."""
    by_id = {str(tweet["id"]): tweet for tweet in tweets}
    return [
        (row["tweet_id"], name, row[name], cell)
        for row in rows
        for name, cell in cells_of(by_id[row["tweet_id"]]).items()
        if (unescaped(row[name]) if unescape and name == "text" else row[name]) != cell
    ]


def cells_of(tweet):
    """Return the cells that a tweet must become, in either vocabulary, worked out apart from the collector."""
    referenced = tweet.get("referenced_tweets") or tweet.get("referenced_posts") or []
    ids = {one["type"]: one["id"] for one in referenced}
    long = tweet.get("note_tweet") or tweet.get("note_post") or tweet
    metrics = tweet.get("public_metrics") or {}
    entities = long.get("entities") or tweet.get("entities") or {}
    counts = {
        f"{ours}_count": metrics.get(f"{ours}_count", metrics.get(f"{theirs}_count")) for ours, theirs in COUNTS.items()
    }
    cells = {
        "tweet_id": tweet["id"],
        "account_id": tweet.get("author_id"),
        "created_at": _seconds(tweet.get("created_at")),
        "text": LONE_SURROGATE.sub("\ufffd", long["text"]),
        "kind": next((kind for theirs, kind in KINDS.items() if theirs in ids), _alone(tweet)),
        "lang": tweet.get("lang"),
        "conversation_id": tweet.get("conversation_id"),
        "in_reply_to_user_id": tweet.get("in_reply_to_user_id"),
        "replied_to_id": ids.get("replied_to"),
        "quoted_id": ids.get("quoted"),
        "retweeted_id": ids.get("retweeted"),
        **counts,
        "hashtags": _list([one["tag"] for one in entities.get("hashtags") or []]),
        "mentions": _list([one["username"] for one in entities.get("mentions") or []]),
        "urls": _list([one.get("expanded_url") or one["url"] for one in entities.get("urls") or []]),
        "media_keys": _list((tweet.get("attachments") or {}).get("media_keys")),
        "possibly_sensitive": _flag(tweet.get("possibly_sensitive")),
        "edit_history_ids": _list(tweet.get("edit_history_tweet_ids") or tweet.get("edit_history_post_ids")),
    }
    return {name: "" if cell is None else str(cell) for name, cell in cells.items()}


def _alone(tweet):
    """A reply to what is gone refers to nobody's tweet, and is a reply all the same."""
    return "reply" if tweet.get("in_reply_to_user_id") else "original"


def _seconds(text):
    return text and datetime.fromisoformat(text).strftime("%Y-%m-%dT%H:%M:%SZ")


def _list(items):
    return None if not items else json.dumps(items, ensure_ascii=False, separators=(",", ":"))


def _flag(value):
    return None if value is None else str(value).lower()
