"""sandbox: the ways in which a page or a body can be wrong."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from collector.sandbox.pages import Page
from collector.sandbox.problems import not_authorized
from collector.sandbox.shapes import ALWAYS, RENAMED, encode

Body = dict[str, Any]

_KEPT = 0.5
_NEW_NAMES = frozenset(RENAMED.values())
_NULLABLE = {"public_metrics": "impression_count", "entities": "hashtags", "attachments": "media_keys"}


def _empty(page: Page) -> Page:
    """Nothing on this page, and a token for it once more."""
    return replace(page, ids=(), next_below=page.below)


def _short(page: Page) -> Page:
    """A third of the page, and a token for the rest."""
    kept = page.ids[: max(1, len(page.ids) // 3)]
    return replace(page, ids=kept, next_below=kept[-1]) if len(kept) < len(page.ids) else page


def _repeated(page: Page) -> Page:
    """The page is right, its token leads back to it."""
    return replace(page, next_below=page.below)


def _shuffled(page: Page) -> Page:
    """The right tweets in disorder."""
    ids = list(page.ids)
    random.Random(sum(ids)).shuffle(ids)  # noqa: S311
    return replace(page, ids=tuple(ids) if tuple(ids) != page.ids else page.ids[::-1])


def _out_of_range(page: Page) -> Page:
    """One tweet more, newer or older than asked."""
    return replace(page, ids=tuple(sorted((*page.ids, *page.outside[:1]), reverse=True)))


def _subset(page: Page) -> Page:
    """About half of the tweets are not there, and nothing says so."""
    draw = random.Random(sum(page.ids))  # noqa: S311
    return replace(page, ids=tuple(tweet_id for tweet_id in page.ids if draw.random() < _KEPT))


def _with_errors(body: Body) -> None:
    body.setdefault("errors", []).append(not_authorized("tweet", "referenced_tweets.id", "1000000000000000001"))


def _both_vocabularies(body: Body) -> None:
    for tweet in _tweets(body):
        for old, new in RENAMED.items():
            given = tweet.get(old, tweet.get(new))
            tweet.update({} if given is None else {old: given, new: given})
        metrics = tweet.get("public_metrics", {})
        count = metrics.get("retweet_count", metrics.get("repost_count"))
        metrics.update({} if count is None else {"retweet_count": count, "repost_count": count})


def _unknown_fields(body: Body) -> None:
    body["field_of_tomorrow"] = {"nested": [1, None, {"deeper": True}]}
    body.setdefault("meta", {})["count_of_tomorrow"] = 1.5
    for tweet in _tweets(body):
        tweet["a_field_of_tomorrow"] = {"list": [1, "two", None], "text": 'comma, "quote"\n'}
        tweet.get("public_metrics", {})["echo_count"] = 3


def _missing_fields(body: Body) -> None:
    for tweet in _tweets(body):
        for name in tweet.keys() - ALWAYS - _NEW_NAMES:
            del tweet[name]


def _null_fields(body: Body) -> None:
    for tweet in _tweets(body):
        for name, nested in _NULLABLE.items():
            if name in tweet:
                tweet[name][nested] = None
        tweet["geo"] = None


def _tweets(body: Body) -> list[Body]:
    found = body.get("data", [])
    return found if isinstance(found, list) else []


def _on_bytes(change: Callable[[Body], None]) -> Callable[[bytes], bytes]:
    def changed(written: bytes) -> bytes:
        body = json.loads(written)
        change(body)
        return encode(body)

    return changed


PAGE_DAMAGE: dict[str, Callable[[Page], Page]] = {
    "empty-page": _empty,
    "short-page": _short,
    "repeated-token": _repeated,
    "shuffled": _shuffled,
    "out-of-range": _out_of_range,
    "subset": _subset,
}
BODY_DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "with-errors": _on_bytes(_with_errors),
    "both-vocabularies": _on_bytes(_both_vocabularies),
    "unknown-fields": _on_bytes(_unknown_fields),
    "missing-fields": _on_bytes(_missing_fields),
    "null-fields": _on_bytes(_null_fields),
}
