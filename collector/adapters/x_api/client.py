"""XApi: the Source port on X's API v2, with bounded retries and waits."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import KW_ONLY, asdict, dataclass, field
from datetime import timedelta
from functools import partial
from threading import Lock, local
from typing import Any, TypeVar

import requests
import stamina

from collector.adapters.x_api.access import Access, as_source_errors
from collector.adapters.x_api.answers import read_page, read_users
from collector.adapters.x_api.credentials import XCredentials
from collector.adapters.x_api.fields import RENAMED_PARAMETERS, TWEET_FIELDS, Vocabulary
from collector.adapters.x_api.rates import Rates
from collector.adapters.x_api.refusals import is_rate_limit, refusal
from collector.adapters.x_api.transport import Answer, Door, Refused, Transport, tweepy_client
from collector.core.accounts import User, UserLookup
from collector.core.errors import (
    ConfigError,
    CredentialsRefused,
    PageTokenExpired,
    RateLimited,
    RequestRefused,
    SourceError,
    SourceUnavailable,
)
from collector.core.ids import AccountId
from collector.core.pages import Ask, Page
from collector.core.ports import Clock, Secret
from collector.core.rates import RateWindow

PAGE_SIZE = 100
PROVABLE = 3000
"""X lists about the newest 3,200 tweets of an account; the margin of 200 is ours."""

_LOOKUP_SIZE = 100
_MOST_WAITS = 2

Got = TypeVar("Got")
Call = Callable[[Any, bool], requests.Response]
"""Asks by a tweepy client, signing for a user or not."""
Label = Callable[[User], str]


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how long one question is tried when X does not answer properly; waits double, with jitter."""

    attempts: int = 4
    timeout: timedelta = timedelta(seconds=45)
    wait_initial: timedelta = timedelta(seconds=0.5)
    wait_max: timedelta = timedelta(seconds=8)
    wait_jitter: timedelta = timedelta(seconds=1)


@dataclass(eq=False, repr=False)
class XApi:
    """X through tweepy. One question makes at most `4 * retries.attempts` requests, whatever X answers.

    Credentials may change while we run: after a refusal they are read again once, and if they have changed X is asked
    again. `max_wait` is how long a rate limit may be waited for in place, twice at most per question; timeouts are in
    seconds. Raises `ConfigError` for an address or a vocabulary that cannot be.
    """

    credentials: Secret[XCredentials]
    _: KW_ONLY
    clock: Clock
    base_url: str = "https://api.x.com"
    vocabulary: Vocabulary = "tweet"
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    max_wait: timedelta = timedelta(seconds=20)
    concurrency: int = 8
    retries: Retries = Retries()
    sleep: Callable[[float], None] = time.sleep
    _access: Access | None = field(init=False, default=None)
    _access_lock: Lock = field(init=False, default_factory=Lock)
    _transport: Transport = field(init=False)
    _tried: stamina.BoundRetryingCaller = field(init=False)
    _threads: local = field(init=False, default_factory=local)

    def __post_init__(self) -> None:
        if self.vocabulary not in TWEET_FIELDS:
            message = f"X vocabulary {self.vocabulary!r} is not one of {', '.join(TWEET_FIELDS)}"
            raise ConfigError(message, hint="tweet is the older one, post the one of August 2026")
        renamed = RENAMED_PARAMETERS[self.vocabulary]
        door = Door(self.base_url, renamed, self.connect_timeout, self.read_timeout, self.concurrency)
        self._transport = Transport(door)
        self._tried = stamina.RetryingCaller(**asdict(self.retries)).on(SourceUnavailable)

    @property
    def provable(self) -> int:
        """Return how many of an account's newest tweets a list is sure to reach."""
        return PROVABLE

    def page(self, ask: Ask) -> Page:
        """Return one page of an account's timeline, at most 100 tweets, newest first.

        GET /2/users/:id/tweets; X leaves both since_id and until_id out, our ranges are `(after, through]`.
        """
        query = {
            "max_results": PAGE_SIZE,
            "since_id": ask.ids.after or None,
            "until_id": ask.ids.through + 1,
            "pagination_token": ask.token,
            "tweet_fields": list(TWEET_FIELDS[self.vocabulary]),
        }
        try:
            return self._asked(
                "users/:id/tweets",
                lambda client, auth: client.get_users_tweets(ask.account_id, **query, user_auth=auth),
                lambda answer: read_page(answer, ask.account_id),
            )
        except PageTokenExpired as refused:
            if ask.token is not None:
                raise
            raise RequestRefused(str(refused)) from refused

    def users_named(self, usernames: Sequence[str]) -> UserLookup:
        """Look users up by username, 100 a request (GET /2/users/by); what is missing is told as in `read_users`."""
        return self._looked_up("users/by", "usernames", usernames, lambda user: user.username)

    def users(self, account_ids: Sequence[AccountId]) -> UserLookup:
        """Look users up by id, 100 a request (GET /2/users); what is missing is told as in `read_users`."""
        return self._looked_up("users", "ids", list(map(str, account_ids)), lambda user: str(user.account_id))

    def requests_made(self) -> int:
        """Count the HTTP requests of this object's life, retries and failures included."""
        return self._transport.sent

    def rate_windows(self) -> list[RateWindow]:
        """Return the rate limits as the latest headers said, less what was asked since."""
        return self._current_access().rates.windows()

    def learn(self, windows: Iterable[RateWindow]) -> None:
        """Take over rate limits of this credential that other workers have seen."""
        self._current_access().rates.learn(windows)

    def close(self) -> None:
        """Close the connections; a later question opens new ones."""
        self._transport.close()

    def _looked_up(self, endpoint: str, parameter: str, names: Sequence[str], label: Label) -> UserLookup:
        asked = list({name.lower(): name for name in names}.values())
        chunks = [asked[at : at + _LOOKUP_SIZE] for at in range(0, len(asked), _LOOKUP_SIZE)]
        lookups = [self._lookup(endpoint, {parameter: chunk}, chunk, label) for chunk in chunks]
        found = {user.account_id: user for lookup in lookups for user in lookup.found}
        reasons = {name.lower(): why for lookup in lookups for name, why in lookup.missing.items()}
        missing = {name: reasons[name.lower()] for name in names if name.lower() in reasons}
        return UserLookup(tuple(found.values()), missing)

    def _lookup(self, endpoint: str, query: dict[str, Any], asked: list[str], label: Label) -> UserLookup:
        return self._asked(
            endpoint,
            lambda client, auth: client.get_users(**query, user_fields=["protected"], user_auth=auth),
            lambda answer: read_users(answer, asked, label),
        )

    def _asked(self, endpoint: str, call: Call, read: Callable[[Answer], Got]) -> Got:
        waits, is_renewed, ask_once = 0, False, _remembering(partial(self._ask_once, endpoint, call, read))
        access = self._current_access()
        while True:
            try:
                return self._tried(partial(ask_once, access))
            except CredentialsRefused:
                refused, access = access, self._renewed(access)
                if is_renewed or access is refused:
                    raise
                is_renewed = True
                continue
            except RateLimited as limited:
                wait = limited.reset_at - self.clock.now()
                waits += 1
                if waits > _MOST_WAITS or wait > self.max_wait:
                    raise
            self.sleep(max(0.0, wait.total_seconds()))

    def _ask_once(self, endpoint: str, call: Call, read: Callable[[Answer], Got], access: Access) -> Got:
        access.rates.reserve(endpoint)
        try:
            response = call(self._client(access.credentials), access.credentials.is_user_auth)
        except Refused as refused:
            raise _error(endpoint, refused.answer, access.rates) from refused
        access.rates.note(endpoint, response.headers)
        return read(Answer(response.status_code, response.headers, response.content))

    def _current_access(self) -> Access:
        with as_source_errors():
            return self._access_by(self.credentials.current())

    def _renewed(self, refused: Access) -> Access:
        """Return the access to ask again with: the refused one, unless the credentials have changed."""
        with as_source_errors():
            return self._access_by(self.credentials.renewed(refused.credentials))

    def _access_by(self, credentials: XCredentials) -> Access:
        with self._access_lock:
            if self._access is None or self._access.credentials != credentials:
                self._transport.hide(credentials)
                self._access = Access(credentials, Rates(credentials.fingerprint, self.clock))
            return self._access

    def _client(self, credentials: XCredentials) -> Any:  # noqa: ANN401 - tweepy is not typed
        if getattr(self._threads, "credentials", None) != credentials:
            self._threads.client = tweepy_client(credentials, self._transport)
            self._threads.credentials = credentials
        return self._threads.client


def _error(endpoint: str, answer: Answer, rates: Rates) -> SourceError:
    if is_rate_limit(answer):
        return rates.exhausted(endpoint, answer.headers)
    rates.note(endpoint, answer.headers)
    return refusal(answer)


def _remembering(ask: Callable[[Access], Got]) -> Callable[[Access], Got]:
    """Let the error of a question say so when any of its attempts may be billed, not only the last."""
    may_be_billed = False

    def asked(access: Access) -> Got:
        nonlocal may_be_billed
        try:
            return ask(access)
        except SourceError as error:
            may_be_billed = error.may_be_billed = may_be_billed or error.may_be_billed
            raise

    return asked
