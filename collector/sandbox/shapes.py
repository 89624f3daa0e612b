"""sandbox: the fields of a tweet with slots to fill, and the templates that fill them quickly."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import Any

from collector.sandbox.texts import HOSTILE, NUMBER, PLAIN, Text, short_text

Fields = dict[str, Any]

ID, CREATED_AT, AUTHOR, CONVERSATION, REFERENCE, REPLIED_USER, REPLIED_NAME, LIKES = (
    "\ue001", "\ue002", "\ue004", "\ue005", "\ue006", "\ue007", "\ue008", "\ue009",
)  # fmt: skip
SLOTS = (ID, CREATED_AT, NUMBER, AUTHOR, CONVERSATION, REFERENCE, REPLIED_USER, REPLIED_NAME, LIKES)

ALWAYS = frozenset({"id", "text", "edit_history_tweet_ids"})
RENAMED = {
    "note_tweet": "note_post",
    "referenced_tweets": "referenced_posts",
    "edit_history_tweet_ids": "edit_history_post_ids",
}
FIELDS = ALWAYS | {
    "article", "attachments", "author_id", "card_uri", "community_id", "context_annotations", "conversation_id",
    "created_at", "display_text_range", "edit_controls", "entities", "geo", "in_reply_to_user_id", "lang",
    "media_metadata", "note_tweet", "possibly_sensitive", "public_metrics", "referenced_tweets", "reply_settings",
    "scopes", "source", "suggested_source_links", "withheld",
}  # fmt: skip

_SLOT = re.compile(b"(%s)" % "|".join(SLOTS).encode())


@dataclass(frozen=True, eq=False)
class Shape:
    """A tweet but for what is its own: every field it can have, in the old vocabulary, with slots."""

    kind: str
    fields: Fields
    templates: dict["View", "Template"] = field(default_factory=dict)

    def template(self, view: "View") -> "Template":
        """Return how this shape is written for a view."""
        if view not in self.templates:
            self.templates[view] = _template(view.select(self.fields))
        return self.templates[view]


@dataclass(frozen=True, eq=False)
class View:
    """What a request wants to see of a tweet: the vocabulary (`tweet` or `post`) and the fields."""

    vocabulary: str
    fields: frozenset[str]

    def select(self, fields: Fields) -> Fields:
        """Return the fields asked for, under the names asked for."""
        chosen = {name: value for name, value in fields.items() if name in self.fields}
        return chosen if self.vocabulary == "tweet" else in_new_words(chosen)


@dataclass(frozen=True, slots=True)
class Template:
    """A format string and the slots it needs, in order."""

    text: bytes
    slots: Callable[[tuple[bytes, ...]], tuple[bytes, ...]]

    def fill(self, values: tuple[bytes, ...]) -> bytes:
        """Return the JSON of one tweet; `values` are in the order of `SLOTS`."""
        return self.text % self.slots(values)


@lru_cache(maxsize=256)
def view(vocabulary: str, fields: frozenset[str]) -> View:
    """Return the one view of these fields (old names), so that caches can go by identity."""
    return View(vocabulary, fields | ALWAYS)


EVERYTHING = view("tweet", FIELDS)


def encode(value: object) -> bytes:
    """Write JSON as X does, in UTF-8; a lone surrogate can only be an escape."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def in_new_words(fields: Fields) -> Fields:
    """Return a tweet's fields under the names of August 2026."""
    renamed = {RENAMED.get(name, name): value for name, value in fields.items()}
    metrics = renamed.get("public_metrics")
    if metrics:
        renamed["public_metrics"] = {name.replace("retweet", "repost"): count for name, count in metrics.items()}
    return renamed


def shape_of(text: Text, kind: str = "original", variant: int = 0) -> Shape:
    """Return the shape of a tweet of this text; `variant` decides which optional fields are left out."""
    fields: Fields = {"id": ID, "text": short_text(text.body), "edit_history_tweet_ids": [ID], "created_at": CREATED_AT}
    fields |= {"author_id": AUTHOR, "conversation_id": CONVERSATION, "public_metrics": _metrics(variant)}
    fields |= _relation(kind) | _decoration(text, variant)
    if kind == "reply":
        fields["entities"] = fields.get("entities", {}) | {"mentions": [_mention(text.body)]}
    if len(short_text(text.body)) < len(text.body):
        fields["note_tweet"] = {"text": text.body}
    return Shape(kind, fields)


def default_shapes(*, hostile: bool) -> list[Shape]:
    """Return the shapes an account goes through in turn: every text, every kind; the hostile texts if wanted."""
    breaking = HOSTILE if hostile else ()
    originals = [shape_of(text, variant=place) for place, text in enumerate(breaking + PLAIN)]
    replies = [
        shape_of(Text(f"@{REPLIED_NAME} {text.body}", text.lang), "reply", place) for place, text in enumerate(PLAIN)
    ]
    retweets = [
        shape_of(Text(f"RT @{REPLIED_NAME}: {text.body}"[:118] + "…", text.lang), "retweet", place)
        for place, text in enumerate(PLAIN)
    ]
    quotes = [shape_of(text, "quote", place) for place, text in enumerate((*PLAIN[:6], *breaking[:4]))]
    return originals + replies + retweets + quotes


def _template(fields: Fields) -> Template:
    written = encode(fields).replace(b"%", b"%%").replace(b'"%s"' % LIKES.encode(), LIKES.encode())
    parts = _SLOT.split(written)
    places = [SLOTS.index(slot.decode()) for slot in parts[1::2]]
    # Every tweet has its id twice, so that itemgetter always returns a tuple.
    return Template(b"%b".join(parts[::2]), itemgetter(*places))


def _metrics(variant: int) -> Fields:
    counts = {"retweet_count": variant % 7, "reply_count": variant % 3, "like_count": LIKES, "quote_count": variant % 2}
    if variant % 4:
        counts |= {"bookmark_count": variant % 5, "impression_count": variant * 37}
    return counts


def _relation(kind: str) -> Fields:
    types = {"reply": "replied_to", "retweet": "retweeted", "quote": "quoted"}
    if kind not in types:
        return {}
    relation: Fields = {"referenced_tweets": [{"type": types[kind], "id": REFERENCE}]}
    return relation | ({"in_reply_to_user_id": REPLIED_USER} if kind == "reply" else {})


def _decoration(text: Text, variant: int) -> Fields:
    fields: Fields = {"lang": text.lang} if variant % 11 else {}
    entities = {"hashtags": [_tag(text.body, tag) for tag in text.hashtags], "urls": _urls(text)}
    if any(entities.values()):
        fields["entities"] = {name: found for name, found in entities.items() if found}
    if text.media:
        fields["attachments"] = {"media_keys": [f"3_{1_000_000 + variant * 10 + place}" for place in range(text.media)]}
    if variant % 3:
        fields["possibly_sensitive"] = variant % 10 == 1
    return fields | {"source": "Sandbox"}


def _tag(body: str, tag: str) -> Fields:
    start = max(0, body.find(f"#{tag}"))
    return {"start": start, "end": start + len(tag) + 1, "tag": tag}


def _mention(body: str) -> Fields:
    return {"start": 0, "end": len(body.split(" ", 1)[0]), "username": REPLIED_NAME, "id": REPLIED_USER}


def _urls(text: Text) -> list[Fields]:
    short = "https://t.co/a1b2c3d4e5"
    start = text.body.find(short)
    return [
        {"start": start, "end": start + len(short), "url": short, "expanded_url": url, "display_url": url[8:]}
        for url in text.urls
    ]
