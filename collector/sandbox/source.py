"""sandbox: what a route may ask, whether tweets are made up or replayed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from collector.sandbox.accounts import Account
from collector.sandbox.shapes import View

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wants:
    """What a request wants to see: of a tweet, of a user, and of what tweets refer to."""

    view: View
    expansions: frozenset[str] = frozenset()
    user_fields: frozenset[str] = frozenset()


@dataclass(slots=True)
class Extras:
    """What stands beside the tweets of an answer, and the ids to pay for it."""

    users: list[bytes] = field(default_factory=list)
    tweets: list[bytes] = field(default_factory=list)
    errors: list[Json] = field(default_factory=list)
    user_ids: list[int] = field(default_factory=list)
    tweet_ids: list[int] = field(default_factory=list)
    tweets_name: str = "tweets"


class Source(Protocol):
    """The truth, or a recording of it."""

    username: re.Pattern[str]

    @property
    def users(self) -> Mapping[int, Account]:
        """The accounts that have a timeline."""

    def now(self) -> datetime:
        """Return X's time."""

    def account(self, account_id: int) -> Account | None:
        """Return an account that exists."""

    def account_named(self, username: str) -> Account | None:
        """Return the account that has this username now."""

    def refusal(self, account_id: int) -> Json | None:
        """Return the body that answers for an account whose timeline cannot be read, None when it can."""

    def ids(self, account_id: int, after: int = 0, below: int = ...) -> Iterator[int]:
        """Yield the ids of an account's visible tweets between the two, both exclusive, newest first."""

    def floor(self, account_id: int, *, without_replies: bool = False) -> int:
        """Return the oldest id that a timeline reaches, 0 when it reaches all."""

    def author_of(self, tweet_id: int) -> Account | None:
        """Return who wrote a tweet, None when there is no such tweet."""

    def kind(self, tweet_id: int) -> str:
        """Return original, reply, retweet or quote."""

    def text(self, tweet_id: int) -> str:
        """Return the whole text of a tweet, as X writes it."""

    def written(self, tweet_ids: list[int], view: View) -> list[bytes]:
        """Return the JSON of tweets."""

    def extras(self, tweet_ids: list[int], wants: Wants) -> Extras:
        """Return what stands beside these tweets in an answer."""
