"""Measures what turning landed pages into CSV costs, against merely reading the same JSON.

`python tests/benchmarks/transform.py` prints ratios of CPU time, all from one run, and fails above 2.5 times what
`orjson.loads` costs, or when what scripts usually do, `pandas.json_normalize` and `to_csv`, costs less than ten times
as much as ours.
"""

import json
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from time import process_time

import orjson
import pandas as pd

from collector.adapters.x_posts import XPosts
from collector.core.assembly import assembled
from collector.core.columns import PageLabel
from collector.core.rows import Rows, by_partition, csv_bytes, joined, serialize
from collector.core.table import rows_of, table_of
from collector.flow.publish import OBJECT_BYTES, PIECE_BYTES

Part = list[bytes]

PART_BYTES = 8_000_000
PARTS = 4
ROUNDS = 5
MOST_OF_ORJSON = 2.5
LEAST_OF_PANDAS = 10

EPOCH_MS = 1288834974657
START_MS = 1_790_000_000_000
ACCOUNTS = 40
WORDS = (
    *("orbit", "launch", "comet", "probe", "lander", "sample", "return", "crew", "station", "window", "telescope"),
    *("mirror", "galaxy", "dust", "signal", "antenna", "weather", "delay", "thrust", "nozzle", "payload", "fairing"),
    *("splashdown", "rover", "dune", "crater", "ice", "météo", "données", "观测", "探测器", "🚀", "🌍"),
)


def main() -> int:
    """Print a line for each shape of batch; return 1 when one is over the budget."""
    verdicts = [_measure(hours) for hours in (1, 168)]
    return 0 if all(verdicts) else 1


def publish(parts: list[Part]) -> list[bytes]:
    """Turn landed parts into objects, in the steps of a publish, spilling to memory."""
    spilled: dict[int, list[bytes]] = defaultdict(list)
    claims = {account_id: [(0, 2**63 - 1)] for account_id in range(ACCOUNTS)}
    for part in parts:
        half = len(part) // 2
        rows = joined([_rows(part[:half]), _rows(part[half:])])
        for hour, cut in by_partition(rows):
            spilled[hour].append(serialize(cut))
    return [csv_bytes(rows) for hour in sorted(spilled) for rows in assembled(spilled[hour], claims, OBJECT_BYTES)]


def _rows(pages: Part) -> Rows:
    labels = [PageLabel(at % ACCOUNTS, "example_1", datetime.now(UTC), len(body)) for at, body in enumerate(pages)]
    typed = table_of(map(XPosts().columns, _pieces(pages)), labels, "live-20261122T061500Z-s00")
    return rows_of(typed, newlines="escape")


def _pieces(pages: Part) -> Iterator[Part]:
    """Cut pages as publish does before it decodes them."""
    most = PIECE_BYTES // len(pages[0])
    return (pages[at : at + most] for at in range(0, len(pages), most))


def read(parts: list[Part]) -> None:
    """Read every page and let it go: the least that any transformation must do."""
    for part in parts:
        for body in part:
            orjson.loads(body)


def normalize(parts: list[Part]) -> None:
    """Turn all pages into one CSV as scripts do: no types, no partitions, repetitions kept."""
    pages = (json.loads(body)["data"] for part in parts for body in part)
    pd.json_normalize([tweet for page in pages for tweet in page]).to_csv(index=False)


def _measure(hours: int) -> bool:
    rng = random.Random(7)  # noqa: S311 - the same pages in every run
    parts = [_part(rng, hours) for _ in range(PARTS)]
    works = (lambda: read(parts), lambda: publish(parts), lambda: normalize(parts))
    # In turns, so that a busy machine slows all of them alike.
    rounds = [[_seconds(work) for work in works] for _ in range(ROUNDS)]
    reading, ours, usual = (min(times) for times in zip(*rounds, strict=True))
    objects, pages = len(publish(parts)), sum(map(len, parts))
    print(
        f"{hours:4} hours  {pages * 100} tweets  {objects:4} objects  orjson.loads 1.00  "
        f"collector {ours / reading:.2f}  json_normalize + to_csv {usual / reading:.1f}, {usual / ours:.1f} times ours"
    )
    return ours / reading <= MOST_OF_ORJSON and usual / ours >= LEAST_OF_PANDAS


def _seconds(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return process_time() - start


def _part(rng: random.Random, hours: int) -> Part:
    part: Part = []
    while sum(map(len, part)) < PART_BYTES:
        part.append(page(rng, len(part) % ACCOUNTS, hours))
    return part


def page(rng: random.Random, account_id: int, hours: int, tweets: int = 100) -> bytes:
    """Return one timeline page of an account, its tweets spread over the last `hours`, newest first."""
    step_ms = hours * 3_600_000 // tweets
    made = [_tweet(rng, account_id, START_MS - step_ms * n - rng.randrange(step_ms)) for n in range(tweets)]
    meta = {"result_count": tweets, "newest_id": made[0]["id"], "oldest_id": made[-1]["id"], "next_token": "7140dibd"}
    return json.dumps({"data": made, "meta": meta}, ensure_ascii=False, separators=(",", ":")).encode()


def _tweet(rng: random.Random, account_id: int, ms: int) -> dict:
    tweet_id = str((ms - EPOCH_MS << 22) + rng.randrange(1 << 22))
    text = _text(rng, rng.randrange(8, 45))
    made = {
        "id": tweet_id,
        "text": text[:275],
        "author_id": str(account_id),
        "created_at": f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.000Z",
        "lang": rng.choice(("en", "fr", "zh", "qme")),
        "conversation_id": tweet_id,
        "edit_history_tweet_ids": [tweet_id],
        "edit_controls": {
            "edits_remaining": 5,
            "is_edit_eligible": False,
            "editable_until": "2026-11-22T07:15:00.000Z",
        },
        "public_metrics": _metrics(rng),
        "possibly_sensitive": False,
        "reply_settings": "everyone",
        "source": "Twitter Web App",
        "entities": _entities(rng),
        "context_annotations": [_context(rng) for _ in range(rng.randrange(0, 5))],
    }
    if rng.random() < 0.6:
        made["referenced_tweets"] = [{"type": rng.choice(("retweeted", "quoted", "replied_to")), "id": tweet_id}]
    if rng.random() < 0.3:
        made["in_reply_to_user_id"] = "2244994945"
    if rng.random() < 0.25:
        made["attachments"] = {"media_keys": [f"3_{tweet_id}"]}
    if rng.random() < 0.06:
        made["note_tweet"] = {"text": _text(rng, 90), "entities": _entities(rng)}
    return made


def _text(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(WORDS, k=words)).replace(" dune ", '\n"dune", ')


def _metrics(rng: random.Random) -> dict:
    names = ("retweet_count", "reply_count", "like_count", "quote_count", "bookmark_count", "impression_count")
    return {name: rng.randrange(10_000) for name in names}


def _entities(rng: random.Random) -> dict:
    made = {}
    if rng.random() < 0.4:
        made["hashtags"] = [{"start": 9, "end": 19, "tag": rng.choice(WORDS)} for _ in range(rng.randrange(1, 4))]
    if rng.random() < 0.6:
        made["mentions"] = [{"start": 0, "end": 8, "username": "example_1", "id": "2244994945"}]
    if rng.random() < 0.5:
        made["urls"] = [_url(rng)]
    if rng.random() < 0.5:
        made["annotations"] = [
            {"start": 4, "end": 9, "probability": 0.8121, "type": "Place", "normalized_text": rng.choice(WORDS)}
        ]
    return made


def _url(rng: random.Random) -> dict:
    return {
        "start": 117,
        "end": 140,
        "url": "https://t.co/abcdefghij",
        "expanded_url": f"https://news.example.org/articles/{rng.randrange(10**9)}",
        "display_url": "news.example.org/articles/…",
        "status": 200,
        "title": _text(rng, 9),
        "description": _text(rng, 20),
        "unwound_url": f"https://news.example.org/articles/{rng.randrange(10**9)}",
    }


def _context(rng: random.Random) -> dict:
    return {
        "domain": {"id": "131", "name": "Unified Taxonomy", "description": "A taxonomy of user interests. "},
        "entity": {"id": "1070032753834438656", "name": rng.choice(WORDS), "description": _text(rng, 8)},
    }


if __name__ == "__main__":
    sys.exit(main())
