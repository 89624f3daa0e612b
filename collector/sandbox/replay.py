"""sandbox: recorded answers served again, so that real input can go through."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

from collector.sandbox.accounts import USERNAME, Account
from collector.sandbox.shapes import RENAMED, View, encode
from collector.sandbox.snowflake import TOP_ID
from collector.sandbox.source import Extras, Json, Wants

_TIMELINE = re.compile(r"/2/users/(\d+)/tweets")
_MADE_UP_NAME = re.compile(r"user(\d{1,19})")
_KINDS = {"replied_to": "reply", "retweeted": "retweet", "quoted": "quote"}


@dataclass(frozen=True, slots=True)
class RecordedAccount(Account):
    """An account as a recording shows it."""

    recorded: Json = field(default_factory=dict, hash=False)

    def as_json(self, fields: frozenset[str]) -> Json:
        """Return the recorded user untouched, or what follows from the id."""
        return self.recorded or Account.as_json(self, fields)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded page."""

    tweets: dict[int, Json]
    body: Json

    def included(self, name: str) -> list[Json]:
        """Return the recorded users or tweets beside the page."""
        found: list[Json] = self.body.get("includes", {}).get(name, [])
        return found


@dataclass(slots=True)
class Recording:
    """A folder of envelopes `{request: {method, url}, status, headers, body}` of `GET /2/users/:id/tweets`.

    The pages of an account are put together and cut anew, so that any walk works; tweets, users and errors are the
    recorded ones, in the recorded vocabulary whatever is asked. Other files and statuses but 200 are passed over.
    """

    folder: Path
    now: Callable[[], datetime]
    username: re.Pattern[str] = re.compile(f"{USERNAME.pattern}|{_MADE_UP_NAME.pattern}")
    _pages: dict[int, list[Recorded]] = field(default_factory=dict)
    _tweets: dict[int, dict[int, Json]] = field(default_factory=dict)
    _users: dict[int, Account] = field(default_factory=dict)
    _authors: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read the folder."""
        for path in sorted(self.folder.glob("*.json")):
            self._add(json.loads(path.read_text("utf-8")))
        for account_id in self._pages:
            self._users.setdefault(account_id, _account(account_id, {}))

    @property
    def users(self) -> dict[int, Account]:
        """The accounts with a recorded timeline."""
        return {account_id: self._users[account_id] for account_id in self._pages}

    def account(self, account_id: int) -> Account | None:
        """Return a recorded account, or one made up from its id."""
        return self._users.get(account_id) or _account(account_id, {})

    def account_named(self, username: str) -> Account | None:
        """Return a recorded account by its name, or a made-up one by `user<id>`."""
        named = (account for account in self._users.values() if account.username.lower() == username.lower())
        made_up = _MADE_UP_NAME.fullmatch(username)
        return next(named, None) or (self.account(int(made_up[1])) if made_up else None)

    def refusal(self, account_id: int) -> Json | None:
        """Return the recorded answer that has only errors, where there is no other."""
        bodies = [page.body for page in self._pages.get(account_id, ())]
        refused = [body for body in bodies if "errors" in body and "data" not in body and "meta" not in body]
        return refused[0] if refused and len(refused) == len(bodies) else None

    def ids(self, account_id: int, after: int = 0, below: int = TOP_ID) -> Iterator[int]:
        """Yield the recorded ids between the two, both exclusive, newest first."""
        found = sorted(self._tweets.get(account_id, ()), reverse=True)
        return (tweet_id for tweet_id in found if after < tweet_id < below)

    def floor(self, account_id: int, *, without_replies: bool = False) -> int:
        """Return 0: a recording is served whole."""
        del account_id, without_replies
        return 0

    def author_of(self, tweet_id: int) -> Account | None:
        """Return whose timeline a tweet is recorded in."""
        return self._users.get(self._authors.get(tweet_id, 0))

    def kind(self, tweet_id: int) -> str:
        """Return original, reply, retweet or quote."""
        tweet = self._tweet(tweet_id)
        types = {one["type"] for one in tweet.get("referenced_tweets") or tweet.get("referenced_posts") or ()}
        return next((kind for name, kind in _KINDS.items() if name in types), "original")

    def text(self, tweet_id: int) -> str:
        """Return the whole text of a tweet."""
        tweet = self._tweet(tweet_id)
        long = tweet.get("note_tweet") or tweet.get(RENAMED["note_tweet"]) or tweet
        return str(long["text"])

    def written(self, tweet_ids: list[int], view: View) -> list[bytes]:
        """Return the recorded tweets, whatever the view."""
        del view
        return [encode(self._tweet(tweet_id)) for tweet_id in tweet_ids]

    def extras(self, tweet_ids: list[int], wants: Wants) -> Extras:
        """Return the errors recorded beside these tweets, and with any expansion what was recorded of others."""
        found = {self._authors[tweet_id] for tweet_id in tweet_ids}
        pages = [page for one in found for page in self._pages[one] if page.tweets.keys() & set(tweet_ids)]
        errors = [error for page in pages for error in page.body.get("errors", [])]
        if not wants.expansions:
            return Extras(errors=errors)
        users, tweets = (_by_id(one for page in pages for one in page.included(name)) for name in ("users", "tweets"))
        return Extras(_written(users), _written(tweets), errors, list(users), list(tweets))

    def _add(self, envelope: Json) -> None:
        match = _TIMELINE.search(envelope.get("request", {}).get("url", ""))
        if not match or envelope["status"] != HTTPStatus.OK:
            return
        account_id, body = int(match[1]), envelope["body"]
        page = Recorded(_by_id(body.get("data", [])), body)
        self._pages.setdefault(account_id, []).append(page)
        self._tweets.setdefault(account_id, {}).update(page.tweets)
        self._authors.update(dict.fromkeys(page.tweets, account_id))
        users = _by_id(page.included("users"))
        self._users.update({user_id: _account(user_id, user) for user_id, user in users.items()})

    def _tweet(self, tweet_id: int) -> Json:
        return self._tweets[self._authors[tweet_id]][tweet_id]


def _account(account_id: int, recorded: Json) -> Account:
    username = str(recorded.get("username", f"user{account_id}"))
    created_at = datetime.fromisoformat(recorded.get("created_at", "2015-01-01T00:00:00Z")).astimezone(UTC)
    return RecordedAccount(account_id, username, str(recorded.get("name", username)), created_at, recorded=recorded)


def _by_id(items: "Iterator[Json] | list[Json]") -> dict[int, Json]:
    return {int(item["id"]): item for item in items}


def _written(items: dict[int, Json]) -> list[bytes]:
    return [encode(item) for item in items.values()]
