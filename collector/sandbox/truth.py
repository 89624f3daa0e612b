"""sandbox: what is true about every account and tweet at any moment, from the seed and the clock."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zlib import crc32

from collector.sandbox.accounts import USERNAME, Account, Status, sample_accounts
from collector.sandbox.expansions import expand
from collector.sandbox.problems import not_authorized, not_found, suspended
from collector.sandbox.shapes import EVERYTHING, Shape, View, default_shapes
from collector.sandbox.snowflake import LOW_BITS, LOW_MASK, TOP_ID, created_at, snowflake_ms
from collector.sandbox.source import Extras, Json, Wants
from collector.sandbox.timeline import Rhythm, Timeline

CACHED_TWEETS = 150_000

_HOUR_MS = 3_600_000
_STRIDE = 29


def utc_now() -> datetime:
    """Return the real time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Horizon:
    """How many of an account's newest tweets its timeline reaches."""

    tweets: int = 3200
    without_replies: int = 800


@dataclass(kw_only=True)
class Truth:
    """Accounts and tweets, all of them following from the seed, the clock and the actions taken.

    `tweets` is each account's backlog, spread over `history` before the start; `live_per_hour` keeps coming after it,
    one live tweet in five up to `lateness` after its id. With `hostile`, some texts are those that break CSV writers.
    """

    seed: int = 7
    accounts: int = 6
    tweets: int = 200
    history: timedelta = timedelta(days=3)
    live_per_hour: float = 0
    lateness: timedelta = timedelta(0)
    hostile: bool = True
    horizon: Horizon = field(default_factory=Horizon)
    clock: Callable[[], datetime] = utc_now
    users: dict[int, Account] = field(init=False, default_factory=dict)

    username = USERNAME

    def __post_init__(self) -> None:
        """Make the sample accounts."""
        self._ahead = timedelta(0)
        self._shapes = default_shapes(hostile=self.hostile)
        self._timelines: dict[int, Timeline] = {}
        self._account_ids: list[int] = []
        self._first_names: list[str] = []
        self._by_name: dict[str, int] = {}
        self._likes: dict[int, int] = {}
        self._written: dict[View, dict[int, bytes]] = {}
        self.started_at = self.now()
        for account in sample_accounts(self.seed, self.accounts):
            self._admit(account, self.tweets)

    def now(self) -> datetime:
        """Return the world's time, aware UTC."""
        return self.clock() + self._ahead

    def account(self, account_id: int) -> Account | None:
        """Return an account that exists."""
        found = self.users.get(account_id)
        return found if found and found.status is not Status.DELETED else None

    def account_named(self, username: str) -> Account | None:
        """Return the account that has this username now, in any case of letters."""
        return self.account(self._by_name.get(username.lower(), 0))

    def refusal(self, account_id: int) -> Json | None:
        """Return the body that answers for an account whose timeline cannot be read, None when it can."""
        account, value = self.account(account_id), str(account_id)
        if account is None:
            return {"errors": [not_found("user", "id", value)]}
        if account.status is Status.SUSPENDED:
            return {"errors": [suspended("id", value)]}
        return {"errors": [not_authorized("user", "id", value)]} if account.status is Status.PROTECTED else None

    def ids(self, account_id: int, after: int = 0, below: int = TOP_ID) -> Iterator[int]:
        """Yield the ids of an account's visible tweets between the two, both exclusive, newest first."""
        return self._timelines[account_id].walk(after, below, snowflake_ms(self.now()))

    def floor(self, account_id: int, *, without_replies: bool = False) -> int:
        """Return the oldest id that a timeline reaches, 0 when it reaches all."""
        reach = self.horizon.without_replies if without_replies else self.horizon.tweets
        return self._timelines[account_id].floor(reach, snowflake_ms(self.now()))

    def author_of(self, tweet_id: int) -> Account | None:
        """Return who wrote a tweet that exists now (protected or not), None when there is no such tweet."""
        if tweet_id & LOW_MASK >= len(self._account_ids):
            return None
        timeline = self._timeline_of(tweet_id)
        exists = tweet_id not in timeline.deleted and timeline.has_appeared(tweet_id, snowflake_ms(self.now()))
        return self.account(self._account_ids[timeline.index]) if exists else None

    def kind(self, tweet_id: int) -> str:
        """Return original, reply, retweet or quote."""
        return self._shape(tweet_id)[0].kind

    def reference(self, tweet_id: int) -> int | None:
        """Return the id that a reply, retweet or quote refers to; it need not exist any more."""
        shape, number = self._shape(tweet_id)
        return None if shape.kind == "original" else self._referred(tweet_id, number)

    def text(self, tweet_id: int) -> str:
        """Return the whole text of a tweet, as X writes it."""
        tweet = self.tweet(tweet_id)
        return str(tweet.get("note_tweet", tweet)["text"])

    def written(self, tweet_ids: list[int], view: View) -> list[bytes]:
        """Return the JSON of tweets."""
        cache = self._written.setdefault(view, {})
        if len(cache) > CACHED_TWEETS:
            cache.clear()
        for tweet_id in tweet_ids:
            if tweet_id not in cache:
                cache[tweet_id] = self._write(tweet_id, view)
        return [cache[tweet_id] for tweet_id in tweet_ids]

    def extras(self, tweet_ids: list[int], wants: Wants) -> Extras:
        """Return what `expansions` adds to an answer of these tweets."""
        if not wants.expansions:
            return Extras()
        return expand(self, tweet_ids, {tweet_id: self.reference(tweet_id) for tweet_id in tweet_ids}, wants)

    def tweet(self, tweet_id: int) -> Json:
        """Return every field of a tweet, in the old vocabulary."""
        found: Json = json.loads(self._write(tweet_id, EVERYTHING))
        return found

    def timeline(self, account_id: int) -> list[Json]:
        """Return all visible tweets of an account, newest first, whatever the horizon and the account's status."""
        return [self.tweet(tweet_id) for tweet_id in self.ids(account_id)]

    def _admit(self, account: Account, tweets: int) -> None:
        index = len(self._account_ids)
        rhythm = Rhythm(
            start_ms=snowflake_ms(self.started_at),
            salt=crc32(b"rhythm %d %d" % (self.seed, index)),
            backlog=tweets,
            past_slot_ms=max(1, self.history // timedelta(milliseconds=1) // max(1, tweets)),
            live_slot_ms=max(1, int(_HOUR_MS / self.live_per_hour)) if self.live_per_hour else 0,
            late_ms=self.lateness // timedelta(milliseconds=1),
        )
        self.users[account.account_id] = account
        self._timelines[account.account_id] = Timeline(index, rhythm)
        self._account_ids.append(account.account_id)
        self._first_names.append(account.username)
        self._by_name[account.username.lower()] = account.account_id

    def _timeline_of(self, tweet_id: int) -> Timeline:
        return self._timelines[self._account_ids[tweet_id & LOW_MASK]]

    def _shape(self, tweet_id: int) -> tuple[Shape, int]:
        timeline = self._timeline_of(tweet_id)
        posted = timeline.posted.get(tweet_id)
        if posted:
            return posted.shape, posted.number
        number = timeline.number_of(tweet_id)
        if number is None:
            message = f"there has never been a tweet {tweet_id}"
            raise KeyError(message)
        return self._shapes[(number * _STRIDE + timeline.index) % len(self._shapes)], number

    def _referred(self, tweet_id: int, number: int) -> int:
        posted = self._timeline_of(tweet_id).posted.get(tweet_id)
        return posted.reference if posted else self._foreign(tweet_id, number)

    def _foreign(self, tweet_id: int, number: int) -> int:
        """Return the newest older tweet of another account, or an id that no tweet has where there is none."""
        count, ms = len(self._account_ids), tweet_id >> LOW_BITS
        other = ((tweet_id & LOW_MASK) + 1 + number % max(1, count - 1)) % count
        timeline = self._timelines[self._account_ids[other]]
        newest = timeline.rhythm.newest(ms - 1)
        has_one = newest >= timeline.rhythm.first
        return timeline.id_of(newest) if has_one else (ms - _HOUR_MS) << LOW_BITS | other

    def _write(self, tweet_id: int, view: View) -> bytes:
        shape, number = self._shape(tweet_id)
        index, own = tweet_id & LOW_MASK, b"%d" % tweet_id
        account_id = self._account_ids[index]
        reference = tweet_id if shape.kind == "original" else self._referred(tweet_id, number)
        other, referred = reference & LOW_MASK, b"%d" % reference
        values = (
            own,
            created_at(tweet_id),
            b"%d" % (number + self._timelines[account_id].rhythm.backlog + 1),
            b"%d" % account_id,
            referred if shape.kind == "reply" else own,
            referred,
            b"%d" % self._account_ids[other],
            self._first_names[other].encode(),
            b"%d" % (crc32(own) % 1000 + self._likes.get(tweet_id, 0)),
        )
        return shape.template(view).fill(values)
