"""One account's walks: its ranges newest first, each page landed with what it settles."""

from collections.abc import Iterable
from dataclasses import dataclass

from collector.core.batches import Failure
from collector.core.coverage import Coverage
from collector.core.errors import PageTokenExpired, SourceUnavailable
from collector.core.ids import AccountId
from collector.core.pages import Ask, LandedPage, Page
from collector.core.ports import Clock, Source
from collector.core.ranges import IdRange, Ranges
from collector.core.walk import Above, Proof, Settled, Walk
from collector.flow.lander import Lander
from collector.flow.leases import LeaseKeeper
from collector.flow.policy import Policy
from collector.flow.spending import SpendingKeeper

IDLE_PAGES = 20
"""So many pages in a row that reach no older tweet are an outage: short and empty pages are normal, a loop is not."""
_STRANGE = IDLE_PAGES // 3 + 1
"""A page of tweets that were not asked for is paid, so three of them in a row are enough."""


@dataclass(frozen=True, slots=True)
class AccountWork:
    """What is left to fetch of one account, newest first, and what is known of it."""

    account_id: AccountId
    username: str
    left: tuple[IdRange, ...]
    coverage: Coverage
    landed: Above
    """What the batch's landed pages hold of the account."""

    def above(self, through: int, landed: Above) -> Above:
        """Return what is known above an id, from coverage and landed pages."""
        return Above.of(self.coverage, through).plus(landed)


class AccountWalk:
    """Walks accounts; safe to call from many threads."""

    def __init__(
        self,
        source: Source,
        lander: Lander,
        lease: LeaseKeeper,
        spending: SpendingKeeper,
        clock: Clock,
        policy: Policy,
    ) -> None:
        self._source, self._lander, self._clock, self._policy = source, lander, clock, policy
        self._lease, self._spending = lease, spending

    def __call__(self, work: AccountWork) -> list[Failure]:
        """Land all that is left of an account; return what stays unproven. Raises what source and store raise."""
        landed, proofs = work.landed, []
        for ids in work.left:
            landed, proof = self._walk_range(work, ids, landed)
            proofs.append(proof)
        return _unproven(work, proofs)

    def _walk_range(self, work: AccountWork, ids: IdRange, landed: Above) -> tuple[Above, Proof]:
        while True:
            walk, end = self._walk(work, ids, work.above(ids.through, landed))
            landed = landed.plus(Above(walk.settled, Ranges(), walk.tweets))
            if end is not None:
                return landed.plus(Above.settled(end.settles)), end.proof
            if walk.top is None or walk.low >= ids.through:
                message = f"account {work.account_id}: the page token expires or repeats, and no page is new"
                raise SourceUnavailable(message)
            ids = IdRange(ids.after, walk.low)

    def _walk(self, work: AccountWork, ids: IdRange, above: Above) -> tuple[Walk, Settled | None]:
        """Walk until the list ends, or return None where its page token is of no more use."""
        walk = Walk(ids, self._policy.settle, self._source.provable)
        token, seen, idle = None, set[str](), 0
        while True:
            self._lease.keep()
            try:
                page = self._spending.page(Ask(work.account_id, ids, token), self._source)
            except PageTokenExpired:
                return walk, None
            lowest = walk.lowest_seen
            walk, settled = walk.turn(page, above)
            self._land(work, page, settled)
            if settled.is_end:
                return walk, settled
            token = page.next_token
            idle = 0 if walk.lowest_seen != lowest else idle + (_STRANGE if page.tweet_ids else 1)
            if token is None or token in seen or idle >= IDLE_PAGES:
                return walk, None
            seen.add(token)

    def _land(self, work: AccountWork, page: Page, settled: Settled) -> None:
        if page.tweet_ids or settled.settles or settled.unproven:
            self._lander.land(
                LandedPage(
                    account_id=work.account_id,
                    username=work.username,
                    landed_at=self._clock.now(),
                    settles=settled.settles,
                    unproven=settled.unproven,
                    tweets=len(page.tweet_ids),
                    body=page.body,
                )
            )


REASONS = {
    Proof.FAILS: ("unproven", "the list ends where the source stops listing: older tweets of the range may be missing"),
    Proof.WAITS: ("not_proven_yet", "newer tweets are not collected yet, so the end of the list proves nothing"),
}


def _unproven(work: AccountWork, proofs: Iterable[Proof]) -> list[Failure]:
    for proof in (Proof.FAILS, Proof.WAITS):
        if proof in proofs:
            return [Failure(work.account_id, work.username, *REASONS[proof])]
    return []
