"""sandbox: X's rate limits, one window per endpoint and caller."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from collector.sandbox.auth import Caller

TIMELINE = "GET /2/users/:id/tweets"
USERS_BY = "GET /2/users/by"
USER_BY = "GET /2/users/by/username/:username"
USERS = "GET /2/users"
USER = "GET /2/users/:id"
TWEETS = "GET /2/tweets"
SEARCH = "GET /2/tweets/search/recent"
USAGE = "GET /2/usage/tweets"

WINDOW = timedelta(minutes=15)
PER_APP = {
    TIMELINE: 10_000, USERS_BY: 300, USER_BY: 300, USERS: 300, USER: 300, TWEETS: 3500, SEARCH: 450, USAGE: 50,
}  # fmt: skip
PER_USER = PER_APP | {TIMELINE: 900, USERS_BY: 900, USER_BY: 900, USERS: 900, USER: 900, TWEETS: 5000, SEARCH: 300}


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a window leaves, as the `x-rate-limit-*` headers say it; `remaining` is -1 when it is used up."""

    limit: int
    remaining: int
    reset_at: datetime

    def headers(self) -> dict[str, str]:
        """Return X's three headers."""
        return {
            "x-rate-limit-limit": str(self.limit),
            "x-rate-limit-remaining": str(max(0, self.remaining)),
            "x-rate-limit-reset": str(int(self.reset_at.timestamp())),
        }


@dataclass(slots=True)
class RateLimits:
    """Counts requests; `overrides` replaces an endpoint's limit for every caller."""

    overrides: Mapping[str, int] = field(default_factory=dict)
    window: timedelta = WINDOW
    _used: dict[tuple[str, Caller], tuple[datetime, int]] = field(default_factory=dict)

    def take(self, endpoint: str, caller: Caller, now: datetime) -> Allowance:
        """Count one request. A window starts with its first request, and lasts 15 minutes."""
        limit = self.overrides.get(endpoint, (PER_APP if caller is Caller.APP else PER_USER)[endpoint])
        reset_at, used = self._used.get((endpoint, caller), (now, 0))
        if now >= reset_at:
            reset_at, used = now + self.window, 0
        used = min(used + 1, limit + 1)
        self._used[endpoint, caller] = (reset_at, used)
        return Allowance(limit, limit - used, reset_at)
