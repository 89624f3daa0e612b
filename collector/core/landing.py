"""Landing: what the landed pages of a batch settle of its spans."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collector.core.batches import Span
from collector.core.ids import AccountId
from collector.core.pages import LandedPage
from collector.core.ranges import IdRange, Ranges
from collector.core.walk import Above


@dataclass(frozen=True, slots=True)
class Claim:
    """What a batch may say of one account: proven and unproven ids, both inside its spans."""

    proven: Ranges
    unproven: Ranges

    @property
    def ids(self) -> Ranges:
        """Return all the ids whose tweets the batch publishes."""
        return self.proven.plus(self.unproven)


def spans_by_account(spans: Iterable[Span]) -> dict[AccountId, list[IdRange]]:
    """Group spans by account, each account's newest first."""
    grouped: dict[AccountId, list[IdRange]] = defaultdict(list)
    for span in spans:
        grouped[span.account_id].append(span.ids)
    return {account_id: sorted(ids, reverse=True) for account_id, ids in grouped.items()}


class Landing:
    """The landed ranges of a batch, page after page."""

    def __init__(self) -> None:
        self._settled: dict[AccountId, list[IdRange]] = defaultdict(list)
        self._unproven: dict[AccountId, list[IdRange]] = defaultdict(list)
        self._tweets: dict[AccountId, int] = defaultdict(int)
        self.pages = 0
        self.damaged: set[str] = set()
        """Raw parts that cannot be read: they do not count, and no seal lists them."""

    def add(self, page: LandedPage) -> None:
        """Count a landed page in."""
        if page.settles:
            self._settled[page.account_id].extend(page.settles)
        if page.unproven:
            self._unproven[page.account_id].extend(page.unproven)
        self._tweets[page.account_id] += page.tweets
        self.pages += 1

    def claim(self, account_id: AccountId, spans: Sequence[IdRange]) -> Claim:
        """Return what the pages settle of an account's spans."""
        proven = Ranges.of(self._settled.get(account_id, ())).within(spans)
        unproven = Ranges.of(self._unproven.get(account_id, ())).within(spans).minus(proven)
        return Claim(proven, unproven)

    def is_doubted(self, account_id: AccountId) -> bool:
        """Say whether a page left something of the account unproven."""
        return account_id in self._unproven

    @property
    def tweets(self) -> int:
        """Count the tweets on all landed pages, repeated ones each time."""
        return sum(self._tweets.values())

    def above(self, account_id: AccountId) -> Above:
        """Return what an account's landed pages hold, repeated tweets counted each time."""
        settled = Ranges.of(self._settled.get(account_id, ()))
        unproven = Ranges.of(self._unproven.get(account_id, ()))
        return Above(settled, unproven.minus(settled), self._tweets.get(account_id, 0))

    def is_interrupted(self, account_id: AccountId, spans: Sequence[IdRange]) -> bool:
        """Say whether something is left below what has landed, or nothing has landed.

        What is left above is what X's clock had not reached: a later batch's, and nobody's fault.
        """
        highest = self.claim(account_id, spans).ids.highest
        return any(highest is None or ids.after < highest for ids in self.left(account_id, spans))

    def left(self, account_id: AccountId, spans: Sequence[IdRange]) -> list[IdRange]:
        """Return what is planned and not landed, newest first: all that a resumed fetch asks for."""
        claim = self.claim(account_id, spans)
        return sorted(Ranges.of(spans).minus(claim.ids), reverse=True)
