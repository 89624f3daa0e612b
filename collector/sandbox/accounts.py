"""sandbox: accounts, their invented names and what X says about each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from zlib import crc32

from collector.sandbox.snowflake import first_id, time_text

USERNAME = re.compile(r"[A-Za-z0-9_]{1,15}")
SAMPLE_NAMES = ("harbor_light", "stonebakery", "NorthPierNews", "quiet_atlas", "TramSpotterLia", "rooftop_bees")

USER_FIELDS = frozenset({
    "affiliation", "confirmed_email", "connection_status", "created_at", "description", "entities", "id",
    "is_identity_verified", "location", "most_recent_post_id", "most_recent_tweet_id", "name", "parody",
    "pinned_post_id", "pinned_tweet_id", "profile_banner_url", "profile_image_url", "protected", "public_metrics",
    "receives_your_dm", "subscription", "subscription_type", "url", "username", "verified",
    "verified_followers_count", "verified_type", "withheld",
})  # fmt: skip


class Status(StrEnum):
    """How X treats an account."""

    ACTIVE = "active"
    PROTECTED = "protected"
    SUSPENDED = "suspended"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Account:
    """One user of the stand-in X."""

    account_id: int
    username: str
    name: str
    created_at: datetime
    status: Status = Status.ACTIVE

    def as_json(self, fields: frozenset[str]) -> dict[str, Any]:
        """Return the user object: id, name and username, and the fields asked for."""
        counts = {"followers_count": self.account_id % 9973, "following_count": self.account_id % 311}
        optional = {
            "created_at": time_text(self.created_at),
            "description": "An invented account.",
            "protected": self.status is Status.PROTECTED,
            "public_metrics": counts | {"tweet_count": self.account_id % 5003, "listed_count": self.account_id % 17},
            "verified": False,
        }
        user: dict[str, Any] = {"id": str(self.account_id), "name": self.name, "username": self.username}
        return user | {name: value for name, value in optional.items() if name in fields}


def sample_accounts(seed: int, count: int) -> Iterator[Account]:
    """Yield invented accounts: half of them with an id of the old style, half with a snowflake."""
    for place in range(count):
        username = SAMPLE_NAMES[place] if place < len(SAMPLE_NAMES) else f"sample_{place:06d}"
        yield new_account(seed, place, username)


def new_account(seed: int, place: int, username: str) -> Account:
    """Return the invented account number `place` of a world."""
    draw = crc32(b"account %d %d" % (seed, place))
    created_at = datetime(2009, 1, 1, tzinfo=UTC) + timedelta(minutes=draw % 1_000_000)
    account_id = 10_000 + place * 977 + draw % 900
    if place % 2:
        created_at += timedelta(days=3700)
        account_id = first_id(created_at) + place
    return Account(account_id, username, username.replace("_", " ").title(), created_at)
