"""Accounts: whom we follow, and how a person may write them down."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from collector.core.errors import ConfigError
from collector.core.ids import AccountId, TweetId

_USERNAME = re.compile(r"^[A-Za-z0-9_]{1,15}$")
_ACCOUNT_ID = re.compile(r"^[0-9]{1,19}$")
_PROFILE = re.compile(
    r"^(?:https?://)?(?:www\.|mobile\.)?(?:x|twitter)\.com/([A-Za-z0-9_]{1,15})/?(?:[?#].*)?$", re.IGNORECASE
)


class AccountStatus(StrEnum):
    """Whether an account can be read; all but `paused` is what the source last said."""

    ACTIVE = "active"
    PROTECTED = "protected"
    SUSPENDED = "suspended"
    NOT_FOUND = "not_found"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Account:
    """One followed user: the id is who it is, the username is a label that can change."""

    account_id: AccountId
    username: str
    status: AccountStatus
    status_at: datetime
    baseline: TweetId
    shard: int
    username_at: datetime
    """When the username was last read from the source."""

    @property
    def is_wanted(self) -> bool:
        """Say whether plans ask for this account; an unreadable one is asked again, a paused one is not."""
        return self.status is not AccountStatus.PAUSED


@dataclass(frozen=True, slots=True)
class Cursor:
    """An account's `since_id`, as the last commit wrote it."""

    account_id: AccountId
    username: str
    since_id: TweetId
    since_at: datetime
    batch_id: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class User:
    """What the source says of one user."""

    account_id: AccountId
    username: str
    is_protected: bool


@dataclass(frozen=True, slots=True)
class UserLookup:
    """The users found, and for each name or id that was not, why."""

    found: tuple[User, ...]
    missing: dict[str, str]


def account_reference(text: str) -> str | AccountId:
    """Read how a person writes an account: name, @name, profile URL, or numeric id.

    Returns an `AccountId` for digits, else the bare username. A username of digits only must be written `@123`.
    Raises `ConfigError` naming the text when it is none of these.
    """
    word = text.strip()
    if _ACCOUNT_ID.match(word):
        return AccountId(int(word))
    profile = _PROFILE.match(word)
    name = profile.group(1) if profile else word.removeprefix("@")
    if not _USERNAME.match(name):
        message = f"account {text.strip()!r} is no username (letters, digits, _; 15 at most), profile URL or numeric id"
        raise ConfigError(message, hint="write nasa, @nasa, https://x.com/nasa or 11348282")
    return name


def shard_of(account_id: AccountId, shards: int) -> int:
    """Return the stable shard of an account; ids mix well in their low bits only after a multiplication."""
    return (account_id * 0x9E3779B97F4A7C15 >> 40) % shards
