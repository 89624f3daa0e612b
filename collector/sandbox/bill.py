"""sandbox: what X would charge."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

USD_PER_TWEET = Decimal("0.005")
USD_PER_USER = Decimal("0.010")
MONTHLY_TWEETS = 3_000_000


@dataclass(slots=True)
class Bill:
    """Requests by endpoint, and the tweets and users read, each paid once per UTC day."""

    requests: Counter[str] = field(default_factory=Counter)
    _tweets: dict[date, set[int]] = field(default_factory=dict)
    _users: dict[date, set[int]] = field(default_factory=dict)

    @property
    def tweets(self) -> int:
        """The tweets paid."""
        return sum(map(len, self._tweets.values()))

    @property
    def users(self) -> int:
        """The users paid."""
        return sum(map(len, self._users.values()))

    @property
    def usd(self) -> Decimal:
        """The dollars paid."""
        return self.tweets * USD_PER_TWEET + self.users * USD_PER_USER

    def count(self, endpoint: str) -> None:
        """Count a request, whatever comes of it."""
        self.requests[endpoint] += 1

    def charge(self, day: date, tweets: Iterable[int], users: Iterable[int]) -> None:
        """Charge what an answer holds; what was read before on that day is free."""
        self._tweets.setdefault(day, set()).update(tweets)
        self._users.setdefault(day, set()).update(users)

    def tweets_on(self, day: date) -> int:
        """Return the tweets paid on a day."""
        return len(self._tweets.get(day, ()))

    def tweets_in_month(self, day: date) -> int:
        """Return the tweets paid in the month of a day."""
        return sum(len(ids) for on, ids in self._tweets.items() if (on.year, on.month) == (day.year, day.month))

    def as_json(self) -> dict[str, Any]:
        """Return the bill as a JSON document."""
        days = {
            str(day): {"tweets": len(ids), "users": len(self._users.get(day, ()))}
            for day, ids in sorted(self._tweets.items())
        }
        counts = {"requests": self.requests.total(), "tweets": self.tweets, "users": self.users}
        return counts | {"usd": float(self.usd), "days": days, "endpoints": dict(self.requests)}
