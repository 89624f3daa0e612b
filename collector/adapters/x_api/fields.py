"""The fields of a tweet that are asked for, in X's two vocabularies; no expansion, which may cost.

X's OpenAPI v2.167 (2026-08-07) says post where v2.166 said tweet; an answer speaks the vocabulary of its request.
"""

from types import MappingProxyType
from typing import Literal

Vocabulary = Literal["tweet", "post"]

_SHARED = (
    "attachments",
    "author_id",
    "conversation_id",
    "created_at",
    "entities",
    "id",
    "in_reply_to_user_id",
    "lang",
    "possibly_sensitive",
    "public_metrics",
    "text",
)

TWEET_FIELDS = MappingProxyType({
    "tweet": (*_SHARED, "edit_history_tweet_ids", "note_tweet", "referenced_tweets"),
    "post": (*_SHARED, "edit_history_post_ids", "note_post", "referenced_posts"),
})  # fmt: skip

RENAMED_PARAMETERS = MappingProxyType(
    {"tweet": MappingProxyType({}), "post": MappingProxyType({"tweet.fields": "post.fields"})}
)
"""tweepy 4.17 knows the parameters of the older vocabulary only, and warns about others."""
