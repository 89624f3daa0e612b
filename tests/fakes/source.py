"""A source in memory: accounts and the ids of their tweets, told page by page as X tells them."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice
from threading import Lock

from collector.core.accounts import User, UserLookup
from collector.core.errors import AccountUnreadable, PageTokenExpired
from collector.core.ids import AccountId, time_of
from collector.core.pages import Ask, Page
from collector.core.ports import Clock
from collector.core.rates import RateWindow

HORIZON = 3200


class FakeSource:
    """A Source whose tweets a test adds and deletes; `page_size` and `horizon` may be set at any time.

    `asks` are the pages asked for, in order. `script` dictates the next answers of an account: an error is raised,
    a page given as it is, None means the true answer.
    """

    def __init__(self, clock: Clock, *, page_size: int = 100, horizon: int = HORIZON, provable: int = 3000) -> None:
        self.clock = clock
        self.page_size = page_size
        self.horizon = horizon
        self.provable = provable
        self.asks: list[Ask] = []
        self.lookups: list[tuple[str, ...]] = []
        self.users_by_id: dict[AccountId, User] = {}
        self.tweets: dict[AccountId, set[int]] = defaultdict(set)
        self.unreadable: dict[AccountId, str] = {}
        self.windows: dict[str, RateWindow] = {}
        self.lookup_error: Exception | None = None
        self._scripts: dict[AccountId, list[Page | Exception | None]] = defaultdict(list)
        self._always: dict[AccountId, Exception] = {}
        self._lock = Lock()

    def add(self, account_id: int, username: str, tweet_ids: Iterable[int] = ()) -> AccountId:
        """Let an account appear, or change its username."""
        account = AccountId(account_id)
        self.users_by_id[account] = User(account, username, is_protected=False)
        self.tweets[account].update(tweet_ids)
        return account

    def post(self, account_id: int, *tweet_ids: int) -> None:
        self.tweets[AccountId(account_id)].update(tweet_ids)

    def delete(self, account_id: int, *tweet_ids: int) -> None:
        self.tweets[AccountId(account_id)].difference_update(tweet_ids)

    def hide(self, account_id: int, reason: str) -> None:
        """Make an account protected, suspended or not_found, until `show`."""
        self.unreadable[AccountId(account_id)] = reason

    def show(self, account_id: int) -> None:
        self.unreadable.pop(AccountId(account_id), None)

    def script(self, account_id: int, *answers: Page | Exception | None) -> None:
        self._scripts[AccountId(account_id)].extend(answers)

    def always(self, account_id: int, error: Exception | None) -> None:
        """Let every page of an account fail; None ends that."""
        if error is None:
            self._always.pop(AccountId(account_id), None)
        else:
            self._always[AccountId(account_id)] = error

    def true_page(self, ask: Ask) -> Page:
        """Return the page that nothing spoils; a token is the id below which its page begins."""
        if ask.token is not None and not ask.token.isdecimal():
            message = f"page token {ask.token!r} is not one of ours"
            raise PageTokenExpired(message)
        below = int(ask.token) if ask.token else ask.ids.through + 1
        reach = sorted(self.tweets[ask.account_id], reverse=True)[: self.horizon]
        inside = (one for one in reach if ask.ids.after < one < min(below, ask.ids.through + 1))
        listed = list(islice(inside, self.page_size + 1))
        shown = listed[: self.page_size]
        token = str(shown[-1]) if len(listed) > len(shown) else None
        return page_of(shown, token, self.clock, ask.account_id)

    def page(self, ask: Ask) -> Page:
        with self._lock:
            self.asks.append(ask)
            script = self._scripts[ask.account_id]
            dictated = script.pop(0) if script else self._always.get(ask.account_id)
            if isinstance(dictated, Exception):
                raise dictated
            return dictated or self._readable_page(ask)

    def users_named(self, usernames: Sequence[str]) -> UserLookup:
        known = {user.username.lower(): user for user in self.users_by_id.values()}
        return self._looked_up({name: known.get(name.lower()) for name in usernames})

    def users(self, account_ids: Sequence[AccountId]) -> UserLookup:
        return self._looked_up({str(account_id): self.users_by_id.get(account_id) for account_id in account_ids})

    def requests_made(self) -> int:
        return len(self.asks) + len(self.lookups)

    def rate_windows(self) -> list[RateWindow]:
        return list(self.windows.values())

    def learn(self, windows: Iterable[RateWindow]) -> None:
        self.windows.update({window.endpoint: window for window in windows})

    def _readable_page(self, ask: Ask) -> Page:
        reason = self._reason(ask.account_id)
        if reason:
            message = f"account {ask.account_id} is {reason}"
            raise AccountUnreadable(message, reason=reason)
        return self.true_page(ask)

    def _reason(self, account_id: AccountId) -> str | None:
        return self.unreadable.get(account_id, None if account_id in self.users_by_id else "not_found")

    def _looked_up(self, asked: dict[str, User | None]) -> UserLookup:
        with self._lock:
            self.lookups.append(tuple(asked))
        if self.lookup_error:
            raise self.lookup_error
        found, missing = {}, {}
        for name, user in asked.items():
            reason = self._reason(user.account_id) if user else "not_found"
            if user and reason in {None, "protected"}:
                found[user.account_id] = User(user.account_id, user.username, is_protected=reason == "protected")
            else:
                missing[name] = reason or "not_found"
        return UserLookup(tuple(found.values()), missing)


def page_of(tweet_ids: Sequence[int], next_token: str | None, clock: Clock, account_id: int = 12) -> Page:
    """Return a page with these tweets, whatever their order, as X would write it now."""
    tweets = [
        {
            "id": str(tweet_id),
            "text": f"tweet {tweet_id}",
            "author_id": str(account_id),
            "created_at": f"{time_of(tweet_id):%Y-%m-%dT%H:%M:%S}.000Z",
        }
        for tweet_id in tweet_ids
    ]
    meta = {"result_count": len(tweets)} | ({"next_token": next_token} if next_token else {})
    body = json.dumps({"data": tweets, "meta": meta} if tweets else {"meta": meta}).encode()
    date = clock.now().replace(microsecond=0)
    return Page(body, tuple(tweet_ids), next_token, date)
