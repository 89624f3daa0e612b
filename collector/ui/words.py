"""Words: how the page writes moments, amounts and reasons."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol

from collector.core.batches import Batch
from collector.core.money import price, usd_text

REASONS = {
    "not asked yet": ("unasked", "no closed batch has asked for it yet"),
    "rate_limited": ("limited", "X's rate limit was used up; it is asked again"),
    "credits_exhausted": ("limited", "the credits at X were used up; it is asked again"),
    "outage": ("outage", "X did not answer; it is asked again"),
    "source_closed": ("outage", "X had stopped answering; it is asked again"),
    "page_token_expired": ("outage", "X forgot its place in the list; it is asked again"),
    "credentials_refused": ("refused", "X refused the credentials; it is asked again"),
    "request_refused": ("refused", "X refused the request; it is asked again"),
    "protected": ("unreadable", "the account is protected; it is asked again"),
    "suspended": ("unreadable", "the account is suspended; it is asked again"),
    "not_found": ("unreadable", "the account is gone; it is asked again"),
    "interrupted": ("interrupted", "the batch was closed before it came to ask; it is asked again"),
    "not_proven_yet": ("waiting", "newer tweets are not collected, so the end of X's list proved nothing; asked again"),
    "unproven": ("unproven", "X's list ended where X stops listing; it is not asked again"),
}
"""How each reason is drawn, and what it means."""

STYLES = (*dict.fromkeys(style for style, _ in REASONS.values()), "other")


class HasReason(Protocol):
    """A gap or a failure."""

    @property
    def reason(self) -> str:
        """Return the short name."""


def style_of(reason: str) -> str:
    """Return how a reason is drawn."""
    return REASONS.get(reason, ("other", ""))[0]


def meaning_of(reason: str) -> str:
    """Return what a reason means, in a few words; nothing for one that is its own word."""
    return REASONS.get(reason, ("", ""))[1]


def tally_text(reasons: Iterable[HasReason]) -> str:
    """Return reasons with their counts, the most frequent first, as `2 outage, 1 unproven`."""
    counted = Counter(one.reason for one in reasons).most_common()
    return ", ".join(f"{count:,} {reason}" for reason, count in counted)


def cost(batch: Batch) -> Decimal:
    """Return what a batch cost at most."""
    return price(tweets=batch.counts.tweets_read)


def page_numbers(page: int, pages: int) -> list[int | None]:
    """Return the pages to offer: the first, those around this one, the last; None where some are left out."""
    near = sorted({1, page - 1, page, page + 1, pages} & set(range(1, pages + 1)))
    offered: list[int | None] = []
    for number in near:
        if offered and offered[-1] != number - 1:
            offered.append(None)
        offered.append(number)
    return offered


def day(moment: datetime) -> str:
    """Return the UTC day."""
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def time_of_day(moment: datetime) -> str:
    """Return the UTC time to the second."""
    return f"{moment.astimezone(UTC):%H:%M:%S}"


def usd(amount: Decimal) -> str:
    """Return US dollars, as the command line writes them."""
    return usd_text(amount)


def count(number: int) -> str:
    """Return a number with its thousands apart."""
    return f"{number:,}"


def percent(share: Decimal) -> str:
    """Return a share in whole percent."""
    return f"{share:.0%}"
