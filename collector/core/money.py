"""Money: what X bills per read.

Source: X's published prices, $0.005 per tweet and $0.010 per user read, de-duplicated per UTC day; empty answers and
failures are free.
"""

from decimal import Decimal

TWEET_USD = Decimal("0.005")
USER_USD = Decimal("0.010")


def price(*, tweets: int = 0, users: int = 0) -> Decimal:
    """Return US dollars for reads; an upper bound, for a tweet read twice on one UTC day is billed once."""
    return tweets * TWEET_USD + users * USER_USD
