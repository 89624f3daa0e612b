"""The model's world as the real steps see it: a tick is half an hour and has one possible id, its last one."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from collector.adapters.x_posts import XPosts
from collector.core.columns import TweetColumns
from collector.core.errors import PageTokenExpired, RateLimited
from collector.core.ids import AccountId, TweetId, end_of, id_at, time_of
from collector.core.pages import Ask, Page
from collector.core.ranges import IdRange
from collector.core.rates import RateWindow
from protocol.baton import Baton
from protocol.schedules import Choose
from protocol.world import PAGE, Row, World, ids

TICK = timedelta(minutes=30)
START = datetime(2026, 11, 22, tzinfo=UTC)
ACCOUNT = AccountId(12)
USERNAME = "nasa"


def moment(number: int) -> datetime:
    """Return when a tick ends."""
    return START + number * TICK


def id_of(number: int) -> TweetId:
    """Return the id of the tweet of a tick: with the last one, `(after, through]` is the same in ticks and in ids."""
    return id_at(moment(number))


def tick(tweet_id: int) -> int:
    """Return the newest tick whose tweet has this id or a lower one."""
    return (end_of(tweet_id) - START) // TICK


def ticks(ranges: Iterable[IdRange]) -> frozenset[int]:
    """Return the ticks whose tweets lie in some ranges."""
    return frozenset().union(*(ids(tick(one.after), tick(one.through)) for one in ranges))


class WorldClock:
    """A worker's clock, which may be ahead of the world's."""

    def __init__(self, world: World, skew: int) -> None:
        self._world, self._skew = world, skew

    def now(self) -> datetime:
        return moment(self._world.now + self._skew)


class WorldSource:
    """The world's account as X tells of it; now and then X has no more for us, or a page token expires.

    A token names what earlier pages have shown."""

    def __init__(self, world: World, baton: Baton, choose: Choose) -> None:
        self._world, self._baton, self._choose = world, baton, choose
        self.provable = world.provable

    def page(self, ask: Ask) -> Page:
        self._baton.wait()
        if self._choose("stop", 10) == 1:
            message = "no more requests today"
            raise RateLimited(message, reset_at=moment(self._world.now + 1))
        if ask.token and self._choose("token", 10) == 1:
            message = "the page token has expired"
            raise PageTokenExpired(message)
        rows = self._rest(ask)
        shown = [id_of(number) for number, _ in rows[:PAGE]]
        token = ",".join(map(str, [*_served(ask), *shown])) if len(rows) > PAGE else None
        return Page(_body(rows[:PAGE]), tuple(shown), token, moment(self._world.now))

    def _rest(self, ask: Ask) -> list[Row]:
        """List what no page before has shown; now and then an older tweet comes first."""
        served = _served(ask)
        rows = self._world.found(tick(ask.ids.after), tick(ask.ids.through))
        rest = [row for row in rows if not served or max(served) > id_of(row[0]) not in served]
        is_jumbled = len(rest) > PAGE and self._choose("jumble", 6) == 1
        return [rest.pop(PAGE), *rest] if is_jumbled else rest

    def requests_made(self) -> int:
        return 0

    def rate_windows(self) -> list[RateWindow]:
        return []

    def learn(self, windows: Iterable[RateWindow]) -> None:
        """Learn nothing: there is nothing to share."""


class OtherCode:
    """Reads pages as another version of the code would: the same tweets, other bytes."""

    def __init__(self, version: int) -> None:
        self._version = version

    def columns(self, bodies: Sequence[bytes]) -> TweetColumns:
        columns = XPosts().columns(bodies)
        return TweetColumns(columns.counts, columns.values | {"lang": [f"v{self._version}"] * sum(columns.counts)})


def _served(ask: Ask) -> list[int]:
    return [int(one) for one in ask.token.split(",")] if ask.token else []


def _body(rows: Iterable[Row]) -> bytes:
    tweets = [
        {
            "id": str(id_of(number)),
            "text": f"tweet {number}",
            "created_at": f"{time_of(id_of(number)):%Y-%m-%dT%H:%M:%S}.000Z",
            "public_metrics": {"like_count": likes},
        }
        for number, likes in rows
    ]
    return json.dumps({"data": tweets} if tweets else {"meta": {"result_count": 0}}).encode()
