"""X's JSON in, tweets column by column out; the only place that knows the names of X's fields, in both vocabularies.

Field names: X's OpenAPI documents v2.166 (tweet) and v2.167 (post). Decoding is typed and skips what it does not
know; a page that does not fit is read again leniently, so that a strange field costs its own cell and no row.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct
from msgspec.json import Decoder, Encoder

from collector.adapters.x_lenient import decode
from collector.core.columns import TWEET_COLUMNS, TweetColumns
from collector.core.ids import time_of

LAST_TIMELESS_ID = 29_700_859_247
"""The last tweet id that is no snowflake (2010-11-04): up to here an id carries no time."""

Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Count = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Moment = Annotated[datetime, Meta(tz=True)]


class Tag(Struct, frozen=True, gc=False):
    """A hashtag of a text."""

    tag: str | None = None


class Mention(Struct, frozen=True, gc=False):
    """A mention of a text."""

    username: str | None = None


class Link(Struct, frozen=True, gc=False):
    """A link of a text."""

    expanded_url: str | None = None
    url: str | None = None


class Entities(Struct, frozen=True, gc=False):
    """What X found in a text."""

    hashtags: list[Tag] | None = None
    mentions: list[Mention] | None = None
    urls: list[Link] | None = None


class Note(Struct, frozen=True, gc=False):
    """The whole of a long text."""

    text: str | None = None
    entities: Entities | None = None


class Reference(Struct, frozen=True, gc=False):
    """A tweet that a tweet refers to."""

    type: str | None = None
    id: Id | None = None


class Attachments(Struct, frozen=True, gc=False):
    """What is attached to a tweet."""

    media_keys: list[str] | None = None


class Metrics(Struct, frozen=True, gc=False):
    """The public counts of a tweet."""

    like_count: Count | None = None
    retweet_count: Count | None = None
    repost_count: Count | None = None
    reply_count: Count | None = None
    quote_count: Count | None = None
    bookmark_count: Count | None = None
    impression_count: Count | None = None


class Tweet(Struct, frozen=True, gc=False):
    """One tweet as X gives it; everything but the id may be absent."""

    id: Id
    text: str | None = None
    created_at: Moment | None = None
    lang: str | None = None
    conversation_id: Id | None = None
    in_reply_to_user_id: Id | None = None
    referenced_tweets: list[Reference] | None = None
    referenced_posts: list[Reference] | None = None
    public_metrics: Metrics | None = None
    entities: Entities | None = None
    attachments: Attachments | None = None
    possibly_sensitive: bool | None = None
    note_tweet: Note | None = None
    note_post: Note | None = None
    edit_history_tweet_ids: list[Id] | None = None
    edit_history_post_ids: list[Id] | None = None


class Page(Struct, frozen=True, gc=False):
    """The body of a timeline, lookup or search answer."""

    data: list[Tweet] | None = None


class XPosts:
    """Decodes whole page bodies into columns."""

    def __init__(self) -> None:
        self._decoder = Decoder(Page, strict=False)

    def columns(self, bodies: Sequence[bytes]) -> TweetColumns:
        """Return the tweets of `bodies` column by column, in the order given.

        Raises:
            ValueError: a body is no JSON object, or holds a tweet without a usable id (the message names it).
        """
        counts: list[int] = []
        values: dict[str, list[Any]] = {name: [] for name in TWEET_COLUMNS}
        # Page by page, while its tweets are in the processor's cache: twice as fast as all pages at once.
        for body in bodies:
            tweets = self._tweets(body)
            counts.append(len(tweets))
            for name, cells in _columns(tweets).items():
                values[name] += cells
        return TweetColumns(counts, values)

    def _tweets(self, body: bytes) -> list[Tweet]:
        return decode(body, self._decoder, Page).data or []


_NO_METRICS = Metrics()
_NO_ENTITIES = Entities()
_NO_REFERENCES: dict[str | None, int | None] = {}
_JSON = Encoder()


def _columns(tweets: list[Tweet]) -> dict[str, list[Any]]:
    references = [_references(tweet) for tweet in tweets]
    return {
        "tweet_id": [tweet.id for tweet in tweets],
        "created_at": [tweet.created_at or _moment_of(tweet.id) for tweet in tweets],
        "text": [_text(tweet) for tweet in tweets],
        "kind": [_kind(tweet, found) for tweet, found in zip(tweets, references, strict=True)],
        "lang": [tweet.lang for tweet in tweets],
        "conversation_id": [tweet.conversation_id for tweet in tweets],
        "in_reply_to_user_id": [tweet.in_reply_to_user_id for tweet in tweets],
        "replied_to_id": [found.get("replied_to") for found in references],
        "quoted_id": [found.get("quoted") for found in references],
        "retweeted_id": [found.get("retweeted") for found in references],
        **_count_columns([tweet.public_metrics or _NO_METRICS for tweet in tweets]),
        **_entity_columns([_entities(tweet) for tweet in tweets]),
        "media_keys": _json_of([tweet.attachments.media_keys if tweet.attachments else None for tweet in tweets]),
        "possibly_sensitive": [tweet.possibly_sensitive for tweet in tweets],
        "edit_history_ids": [
            _json_of_ids(tweet.edit_history_tweet_ids or tweet.edit_history_post_ids) for tweet in tweets
        ],
    }


def _count_columns(metrics: list[Metrics]) -> dict[str, list[Any]]:
    return {
        "like_count": [each.like_count for each in metrics],
        "retweet_count": [each.repost_count if each.retweet_count is None else each.retweet_count for each in metrics],
        "reply_count": [each.reply_count for each in metrics],
        "quote_count": [each.quote_count for each in metrics],
        "bookmark_count": [each.bookmark_count for each in metrics],
        "impression_count": [each.impression_count for each in metrics],
    }


def _entity_columns(found: list[Entities]) -> dict[str, list[Any]]:
    tags = [[tag.tag for tag in each.hashtags if tag.tag] if each.hashtags else None for each in found]
    names = [[one.username for one in each.mentions if one.username] if each.mentions else None for each in found]
    urls = [
        [url for link in each.urls if (url := link.expanded_url or link.url)] if each.urls else None for each in found
    ]
    return {"hashtags": _json_of(tags), "mentions": _json_of(names), "urls": _json_of(urls)}


def _references(tweet: Tweet) -> dict[str | None, int | None]:
    references = tweet.referenced_tweets or tweet.referenced_posts
    return {each.type: each.id for each in references} if references else _NO_REFERENCES


def _kind(tweet: Tweet, references: dict[str | None, int | None]) -> str:
    if "retweeted" in references:
        return "retweet"
    if "quoted" in references:
        return "quote"
    if "replied_to" in references or tweet.in_reply_to_user_id is not None:
        return "reply"
    return "original"


def _text(tweet: Tweet) -> str | None:
    note = tweet.note_tweet or tweet.note_post
    return (note.text or tweet.text) if note else tweet.text


def _entities(tweet: Tweet) -> Entities:
    note = tweet.note_tweet or tweet.note_post
    return (note.entities if note else None) or tweet.entities or _NO_ENTITIES


def _moment_of(tweet_id: int) -> datetime | None:
    if tweet_id <= LAST_TIMELESS_ID:
        return None
    return time_of(tweet_id).replace(microsecond=0)


def _json_of(lists: list[list[str] | None]) -> list[str | None]:
    texts = iter(_JSON.encode_lines([each for each in lists if each]).decode().split("\n"))
    return [next(texts) if each else None for each in lists]


def _json_of_ids(ids: list[int] | None) -> str | None:
    if not ids:
        return None
    return f'["{ids[0]}"]' if len(ids) == 1 else '["' + '","'.join(map(str, ids)) + '"]'
