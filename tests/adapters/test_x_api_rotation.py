"""A token that changes while we run: it is read again after a refusal, and shown to nobody."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from x_server import ASK, Reply, Rig, Seen, page, problem, tell, x_rig

from collector.adapters.kept_secret import KeptSecret
from collector.adapters.x_api import XApi, XCredentials
from collector.core.errors import (
    CollectorError,
    CredentialsRefused,
    SecretRefused,
    SecretUnavailable,
    SourceError,
    SourceUnavailable,
)
from collector.core.rates import RateWindow

OLD, NEW = "AAAAold-token", "AAAAnew-token"
TIMELINE = "users/:id/tweets"


@dataclass(slots=True)
class Place:
    """Where the token is kept."""

    token: str = OLD
    reads: int = 0
    error: CollectorError | None = None

    def read(self) -> XCredentials:
        self.reads += 1
        if self.error is not None:
            raise self.error
        return XCredentials(bearer_token=self.token)


@dataclass(slots=True)
class Rotated:
    """An X that accepts one token, and answers 401 to all others."""

    rig: Rig
    place: Place = field(default_factory=Place)
    accepted: str = OLD
    good: Reply = field(default_factory=lambda: page([500]))

    def api(self) -> XApi:
        self.rig.server.reply_to = self.reply_to
        return self.rig.api(KeptSecret(self.place.read, self.rig.clock))

    def rotate(self) -> None:
        self.accepted = self.place.token = NEW

    def reply_to(self, seen: Seen) -> Reply:
        self.rig.server.seen.append(seen)
        if seen.headers["Authorization"] == f"Bearer {self.accepted}":
            return self.good
        return tell(401, problem("unauthorized", "Unauthorized", f"no good: {OLD} {seen.headers['Authorization']}"))

    @property
    def sent(self) -> list[str]:
        return [seen.headers["Authorization"].removeprefix("Bearer ") for seen in self.rig.server.seen]


@pytest.fixture
def x() -> Iterator[Rotated]:
    with x_rig() as rig:
        yield Rotated(rig)


def test_a_rotated_token_needs_no_restart(x: Rotated) -> None:
    api = x.api()
    api.page(ASK)
    x.rotate()
    assert api.page(ASK).tweet_ids == (500,)
    assert api.page(ASK).tweet_ids == (500,)
    assert x.sent == [OLD, OLD, NEW, NEW]
    assert x.place.reads == 2


def test_users_are_looked_up_with_the_new_token_too(x: Rotated) -> None:
    api = x.api()
    api.page(ASK)
    x.rotate()
    x.good = tell(200, {"data": [{"id": "12", "username": "nasa", "name": "N"}]})
    assert [user.username for user in api.users_named(["nasa"]).found] == ["nasa"]


def test_a_token_that_is_read_again_in_time_costs_no_refused_request(x: Rotated) -> None:
    api = x.api()
    api.page(ASK)
    x.rotate()
    x.rig.clock.advance(timedelta(minutes=5))
    api.page(ASK)
    assert x.sent == [OLD, NEW]


def test_a_token_that_has_not_changed_is_a_refusal_after_one_request(x: Rotated) -> None:
    api = x.api()
    x.accepted = NEW
    for _ in range(3):
        with pytest.raises(CredentialsRefused, match="401"):
            api.page(ASK)
    assert x.sent == [OLD] * 3
    assert x.place.reads == 2


def test_a_new_token_that_is_refused_as_well_ends_the_question(x: Rotated) -> None:
    api = x.api()
    api.page(ASK)
    x.rotate()
    x.accepted = "another"
    with pytest.raises(CredentialsRefused, match="401"):
        api.page(ASK)
    assert x.sent == [OLD, OLD, NEW]


def test_a_token_that_changes_without_end_does_not_make_a_question_endless(x: Rotated) -> None:  # F22
    class Changing:
        def current(self) -> XCredentials:
            return XCredentials(bearer_token="first")

        def renewed(self, refused: XCredentials) -> XCredentials:
            return XCredentials(bearer_token=f"{refused.bearer_token}-and-on")

    x.api()
    with pytest.raises(CredentialsRefused, match="401"):
        x.rig.api(Changing()).page(ASK)
    assert x.sent == ["first", "first-and-on"]


def test_threads_go_on_with_the_new_token_after_one_read(x: Rotated) -> None:
    api = x.api()
    together = threading.Barrier(4)
    with ThreadPoolExecutor(4, initializer=together.wait) as pool:
        list(pool.map(api.page, [ASK] * 8))
        x.rotate()
        pages = list(pool.map(api.page, [ASK] * 40))
    assert {one.tweet_ids for one in pages} == {(500,)}
    assert x.sent[8:].count(OLD) <= 4
    assert x.place.reads == 2


def test_rate_limits_belong_to_the_token_they_were_told_for(x: Rotated) -> None:
    api = x.api()
    reset = int((x.rig.clock.now() + timedelta(minutes=5)).timestamp())
    x.good = page([500]).saying(x_rate_limit_limit=900, x_rate_limit_remaining=0, x_rate_limit_reset=reset)
    api.page(ASK)
    old = XCredentials(bearer_token=OLD).fingerprint
    assert [window.credential for window in api.rate_windows()] == [old]
    x.rotate()
    x.rig.clock.advance(timedelta(minutes=5))
    x.good = page([500])
    assert api.page(ASK).tweet_ids == (500,)
    new = XCredentials(bearer_token=NEW).fingerprint
    used_up = RateWindow(TIMELINE, new, 900, 0, x.rig.clock.now() + timedelta(minutes=5))
    api.learn([used_up])
    assert api.rate_windows() == [used_up]
    with pytest.raises(SourceError, match="rate limit"):
        api.page(ASK)


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (SecretUnavailable("the vault is away", hint="later"), SourceUnavailable),
        (SecretRefused("no right to the vault", hint="allow it"), CredentialsRefused),
    ],
)
def test_a_secret_that_cannot_be_read_is_an_error_of_the_source_and_bills_nothing(
    x: Rotated, error: CollectorError, raised: type[SourceError]
) -> None:
    api = x.api()
    api.page(ASK)
    x.accepted, x.place.error = NEW, error
    with pytest.raises(raised, match="the vault") as caught:
        api.page(ASK)
    assert caught.value.hint == error.hint
    assert not caught.value.may_be_billed
    assert len(x.sent) == 2


# F59
def test_neither_token_is_in_an_error_that_x_sends_back(x: Rotated) -> None:
    api = x.api()
    api.page(ASK)
    x.rotate()
    x.accepted = "another"
    with pytest.raises(CredentialsRefused) as caught:
        api.page(ASK)
    said = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert "no good" in said
    assert OLD not in said
    assert NEW not in said
