"""What every source keeps: pages newest first, ranges to the id, one token after the other, and users as they are."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Protocol

import pytest
from fakes.clock import NOON, FakeClock
from fakes.source import FakeSource
from x_server import FAST

from collector.adapters.x_api import XApi, XCredentials
from collector.adapters.x_outline import outline
from collector.adapters.x_posts import XPosts
from collector.core.accounts import User
from collector.core.errors import AccountUnreadable, PageTokenExpired
from collector.core.ids import AccountId, id_at
from collector.core.pages import Ask, Page
from collector.core.ports import Source
from collector.core.ranges import IdRange
from collector.core.rates import RateWindow
from collector.sandbox import Credentials, Horizon, Sandbox

HORIZON = 350
EVERYTHING = IdRange(0, 2**62)


class World(Protocol):
    """What a test does to the world behind a source."""

    source: Source
    clock: FakeClock
    credential: str

    def add(self, username: str, tweets: int) -> AccountId: ...

    def ids(self, account: AccountId) -> list[int]:
        """Return an account's tweets, newest first."""

    def post(self, account: AccountId) -> int: ...

    def delete(self, account: AccountId, tweet_id: int) -> None: ...

    def undelete(self, account: AccountId, tweet_id: int) -> None: ...

    def rename(self, account: AccountId, username: str) -> None: ...

    def become(self, account: AccountId, reason: str | None) -> None:
        """Make an account protected, suspended or not_found, or readable again."""


class FakeWorld:
    credential = "fake"

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.source = FakeSource(self.clock, horizon=HORIZON)

    def add(self, username: str, tweets: int) -> AccountId:
        ages = (timedelta(minutes=number + 1) for number in range(tweets))
        return self.source.add(1000 + len(self.source.users_by_id), username, [id_at(NOON - age) for age in ages])

    def ids(self, account: AccountId) -> list[int]:
        return sorted(self.source.tweets[account], reverse=True)

    def post(self, account: AccountId) -> int:
        tweet_id = id_at(self.clock.now())
        self.source.post(account, tweet_id)
        return tweet_id

    def delete(self, account: AccountId, tweet_id: int) -> None:
        self.source.delete(account, tweet_id)

    def undelete(self, account: AccountId, tweet_id: int) -> None:
        self.source.post(account, tweet_id)

    def rename(self, account: AccountId, username: str) -> None:
        self.source.add(account, username)

    def become(self, account: AccountId, reason: str | None) -> None:
        if reason is None:
            self.source.show(account)
        else:
            self.source.hide(account, reason)


class SandboxWorld:
    def __init__(self, sandbox: Sandbox, clock: FakeClock, source: XApi) -> None:
        self.clock, self.source = clock, source
        self.credential = source.credentials.fingerprint
        self._world = sandbox.world

    def add(self, username: str, tweets: int) -> AccountId:
        return AccountId(self._world.add_account(username, tweets))

    def ids(self, account: AccountId) -> list[int]:
        return list(self._world.ids(account))

    def post(self, account: AccountId) -> int:
        tweet_id = self._world.post(account, "posted just now")
        self.clock.advance(timedelta(seconds=1))
        return tweet_id

    def delete(self, account: AccountId, tweet_id: int) -> None:
        del account
        self._world.delete(tweet_id)

    def undelete(self, account: AccountId, tweet_id: int) -> None:
        del account
        self._world.undelete(tweet_id)

    def rename(self, account: AccountId, username: str) -> None:
        self._world.rename(account, username)

    def become(self, account: AccountId, reason: str | None) -> None:
        turns = {
            "protected": self._world.protect,
            "suspended": self._world.suspend,
            "not_found": self._world.remove_account,
            None: self._world.unprotect,
        }
        turns[reason](account)


@pytest.fixture(params=["fake", "X", "X with post.fields", "X with OAuth 1.0a"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "fake":
        yield FakeWorld()
        return
    clock, accepted = FakeClock(), Credentials()
    keys = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    credentials = XCredentials(bearer_token=accepted.bearer_token)
    if "OAuth" in request.param:
        credentials = XCredentials(**{key: getattr(accepted, key) for key in keys})
    vocabulary = "post" if "post" in request.param else "tweet"
    with Sandbox(accounts=0, clock=clock.now, horizon=Horizon(HORIZON)) as sandbox:
        api = XApi(credentials, clock=clock, base_url=sandbox.x_url, vocabulary=vocabulary, retries=FAST)
        yield SandboxWorld(sandbox, clock, api)
        api.close()


def walk(source: Source, account: AccountId, ids: IdRange = EVERYTHING) -> list[Page]:
    pages = [source.page(Ask(account, ids))]
    while pages[-1].next_token is not None:
        pages.append(source.page(Ask(account, ids, pages[-1].next_token)))
    return pages


def listed(source: Source, account: AccountId, ids: IdRange = EVERYTHING) -> list[int]:
    return [tweet_id for page in walk(source, account, ids) for tweet_id in page.tweet_ids]


def test_the_pages_of_a_list_hold_every_tweet_once_newest_first(world: World) -> None:  # F9
    account = world.add("nasa", 250)
    pages = walk(world.source, account)
    assert [len(page.tweet_ids) for page in pages] == [100, 100, 50]
    found = [tweet_id for page in pages for tweet_id in page.tweet_ids]
    assert found == world.ids(account)
    assert all(newer > older for newer, older in pairwise(found))


def test_a_range_begins_above_its_first_id_and_holds_its_last(world: World) -> None:
    account = world.add("nasa", 30)
    ids = world.ids(account)
    for after, through in ((20, 10), (29, 0), (11, 10), (10, 10)):
        assert listed(world.source, account, IdRange(ids[after], ids[through])) == ids[through:after]
    assert listed(world.source, account, IdRange(ids[20] - 1, ids[10] - 1)) == ids[11:21]


def test_a_range_that_holds_nothing_is_an_empty_page_and_its_end(world: World) -> None:  # F47
    account = world.add("nasa", 3)
    page = world.source.page(Ask(account, IdRange(world.ids(account)[0], 2**62)))
    assert (page.tweet_ids, page.next_token) == ((), None)


def test_a_page_says_what_its_body_says(world: World) -> None:
    account = world.add("nasa", 120)
    for page in walk(world.source, account):
        told = outline(page.body)
        assert (told.tweet_ids, told.next_token) == (page.tweet_ids, page.next_token)
        assert XPosts().columns([page.body]).counts == [len(page.tweet_ids)]


def test_a_page_tells_the_time_of_the_source(world: World) -> None:
    account = world.add("nasa", 1)
    world.clock.advance(timedelta(hours=1, milliseconds=700))
    assert world.source.page(Ask(account, EVERYTHING)).date == NOON + timedelta(hours=1)


def test_the_list_ends_at_the_horizon_without_an_error(world: World) -> None:  # F3
    account = world.add("nasa", HORIZON + 60)
    assert listed(world.source, account) == world.ids(account)[:HORIZON]
    older = IdRange(0, world.ids(account)[HORIZON])
    assert listed(world.source, account, older) == []


def test_a_token_that_the_source_does_not_know_is_an_expired_one(world: World) -> None:  # F9
    account = world.add("nasa", 1)
    with pytest.raises(PageTokenExpired):
        world.source.page(Ask(account, EVERYTHING, "never-given"))


@pytest.mark.parametrize("reason", ["protected", "suspended", "not_found"])
def test_an_account_may_be_unreadable_and_come_back_with_all_its_tweets(world: World, reason: str) -> None:  # F6 F13
    account, other = world.add("nasa", 5), world.add("esa", 5)
    world.become(account, reason)
    with pytest.raises(AccountUnreadable) as caught:
        world.source.page(Ask(account, EVERYTHING))
    assert caught.value.reason == reason
    assert listed(world.source, other) == world.ids(other)
    world.become(account, None)
    assert listed(world.source, account) == world.ids(account)


def test_an_account_that_never_was_is_not_found(world: World) -> None:
    with pytest.raises(AccountUnreadable) as caught:
        world.source.page(Ask(AccountId(999_999_999), EVERYTHING))
    assert caught.value.reason == "not_found"


def test_a_deleted_tweet_is_gone_and_may_reappear_below_newer_ones(world: World) -> None:  # F1 F12
    account = world.add("nasa", 10)
    before = world.ids(account)
    world.delete(account, before[4])
    assert listed(world.source, account) == before[:4] + before[5:]
    newest = world.post(account)
    world.undelete(account, before[4])
    assert listed(world.source, account) == [newest, *before]


def test_users_are_found_by_name_in_any_case_and_by_id(world: World) -> None:
    account = world.add("NorthPier", 0)
    user = User(account, "NorthPier", is_protected=False)
    assert world.source.users_named(["northPIER"]).found == (user,)
    assert world.source.users([account]).found == (user,)


def test_what_is_missing_is_told_by_the_name_or_id_asked_for(world: World) -> None:  # F14
    gone = world.add("banned_one", 0)
    world.become(gone, "suspended")
    named = world.source.users_named(["Nobody_Here", "Banned_One"])
    assert (named.found, named.missing) == ((), {"Nobody_Here": "not_found", "Banned_One": "suspended"})
    assert world.source.users([AccountId(999), gone]).missing == {"999": "not_found", str(gone): "suspended"}


def test_a_protected_user_is_found_and_said_to_be_so(world: World) -> None:  # F13
    account = world.add("private", 0)
    world.become(account, "protected")
    assert world.source.users_named(["private"]).found == (User(account, "private", is_protected=True),)


def test_a_renamed_account_keeps_its_id_and_another_may_take_its_name(world: World) -> None:  # F14
    first = world.add("nasa", 3)
    world.rename(first, "nasa_old")
    second = world.add("nasa", 3)
    assert [user.account_id for user in world.source.users_named(["nasa", "nasa_old"]).found] == [second, first]
    assert world.source.users([first]).found[0].username == "nasa_old"
    assert listed(world.source, first) == world.ids(first)


def test_any_number_of_users_can_be_looked_up_at_once(world: World) -> None:  # F31
    accounts = [world.add(f"account_{number}", 0) for number in range(230)]
    names = [f"account_{number}" for number in range(250)]
    found = world.source.users_named(names)
    assert [user.account_id for user in found.found] == accounts
    assert list(found.missing) == names[230:]
    assert len(world.source.users(accounts).found) == 230
    assert world.source.users_named([]).found == world.source.users([]).found == ()


def test_every_page_is_counted_as_a_request(world: World) -> None:
    account = world.add("nasa", 250)
    before = world.source.requests_made()
    walk(world.source, account)
    assert world.source.requests_made() == before + 3


def test_many_threads_may_ask_at_once(world: World) -> None:
    accounts = [world.add(f"account_{number}", 120) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda account: listed(world.source, account), accounts * 2))
    assert found == [world.ids(account) for account in accounts] * 2


def test_rate_limits_that_others_have_seen_are_known(world: World) -> None:
    window = RateWindow("users/:id/tweets", world.credential, 900, 899, NOON + timedelta(minutes=10))
    world.source.learn([window])
    assert world.source.rate_windows() == [window]
    world.source.learn([replace(window, remaining=5)])
    assert world.source.rate_windows() == [replace(window, remaining=5)]


def test_a_list_is_sure_to_reach_less_than_its_horizon(world: World) -> None:
    assert 0 < world.source.provable <= 3000
