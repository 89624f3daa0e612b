"""Money: what X bills per read, what is spent of a day and a month, and what a budget leaves.

Source: X's published prices, $0.005 per tweet and $0.010 per user read, de-duplicated per UTC day; empty answers and
failures are free.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal, localcontext

TWEET_USD = Decimal("0.005")
USER_USD = Decimal("0.010")

_DAY = timedelta(days=1)


def price(*, tweets: int = 0, users: int = 0) -> Decimal:
    """Return US dollars for reads; an upper bound, for a tweet read twice on one UTC day is billed once."""
    return tweets * TWEET_USD + users * USER_USD


def usd_text(amount: Decimal) -> str:
    """Return US dollars for a person, rounded up to the cent: what is called the most must not be less."""
    with localcontext(rounding=ROUND_CEILING):
        return f"${amount:,.2f}"


@dataclass(frozen=True, slots=True)
class Spend:
    """Reads that are settled, and those reserved: what may have been read, at its maximum. Also a change of these."""

    tweets_reserved: int = 0
    tweets_settled: int = 0
    users_reserved: int = 0
    users_settled: int = 0

    @property
    def tweets(self) -> int:
        """Return the tweets that count as spent."""
        return self.tweets_reserved + self.tweets_settled

    @property
    def users(self) -> int:
        """Return the users that count as spent."""
        return self.users_reserved + self.users_settled

    @property
    def usd(self) -> Decimal:
        """Return what that costs at most."""
        return price(tweets=self.tweets, users=self.users)

    @property
    def unsettled(self) -> "Spend":
        """Return what is reserved alone."""
        return Spend(tweets_reserved=self.tweets_reserved, users_reserved=self.users_reserved)

    def plus(self, other: "Spend") -> "Spend":
        """Return the sum."""
        return Spend(
            self.tweets_reserved + other.tweets_reserved,
            self.tweets_settled + other.tweets_settled,
            self.users_reserved + other.users_reserved,
            self.users_settled + other.users_settled,
        )


@dataclass(frozen=True, slots=True)
class Ledger:
    """What counts as spent on a UTC day, and in its month.

    What is reserved on the day before counts on both days until it is settled: it may be a request that was open at
    00:00 UTC, of which nobody knows on which day X bills it.
    """

    day: date
    today: Spend
    month: Spend

    @classmethod
    def of(cls, day: date, spent: Mapping[date, Spend]) -> "Ledger":
        """Return the ledger of a day, of what is spent by day since `ledger_start`."""
        carried = spent.get(day - _DAY, Spend()).unsettled
        month = carried if day.day == 1 else Spend()
        for on, own in spent.items():
            if (on.year, on.month) == (day.year, day.month):
                month = month.plus(own)
        return cls(day, carried.plus(spent.get(day, Spend())), month)


def ledger_start(day: date) -> date:
    """Return the first day that a day's ledger needs to know of: of its month, or the day before."""
    return min(day.replace(day=1), day - _DAY)


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of a budget: in words, what is spent of it, and what it leaves."""

    setting: str
    most: str
    spent: str
    tweets_left: int
    renewed_at: datetime


@dataclass(frozen=True, slots=True)
class Budget:
    """The most tweets that a UTC day may read, and the most dollars that a UTC month may cost; None is no limit."""

    tweets_per_day: int | None = None
    usd_per_month: Decimal | None = None

    def for_tweets(self, ledger: Ledger) -> Limit | None:
        """Return the limit that leaves the fewest tweets, None where there is no limit."""
        limits = [limit for limit in (self._of_day(ledger), self.for_users(ledger)) if limit is not None]
        return min(limits, key=lambda limit: limit.tweets_left, default=None)

    def for_users(self, ledger: Ledger) -> Limit | None:
        """Return the limit that users are read under too, None where there is none."""
        if self.usd_per_month is None:
            return None
        return Limit(
            setting="COLLECTOR_MAX_USD_PER_MONTH",
            most=f"{usd_text(self.usd_per_month)} a month",
            spent=usd_text(ledger.month.usd),
            tweets_left=max(0, int((self.usd_per_month - ledger.month.usd) / TWEET_USD)),
            renewed_at=_midnight((ledger.day.replace(day=1) + 31 * _DAY).replace(day=1)),
        )

    def _of_day(self, ledger: Ledger) -> Limit | None:
        if self.tweets_per_day is None:
            return None
        return Limit(
            setting="COLLECTOR_MAX_TWEETS_PER_DAY",
            most=f"{self.tweets_per_day:,} tweets a day",
            spent=f"{ledger.today.tweets:,}",
            tweets_left=max(0, self.tweets_per_day - ledger.today.tweets),
            renewed_at=_midnight(ledger.day + _DAY),
        )


NO_BUDGET = Budget()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
