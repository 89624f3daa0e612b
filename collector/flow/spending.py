"""Spending: keep what is asked inside the budgets, with a ledger that is never less than what X may bill."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime
from threading import Condition

from collector.core.accounts import UserLookup
from collector.core.errors import BudgetExhausted, SourceError
from collector.core.money import Budget, Ledger, Limit, Spend, ledger_start, price
from collector.core.pages import Ask, Page
from collector.core.ports import Clock, Source, StateReader, StateStore, StateWriter
from collector.core.times import time_text

PAGE = 100
"""So many tweets a request asks for at most, and so many are reserved for it while it is open."""
FIRST_CHUNK = 10 * PAGE
MOST_CHUNK = 40 * PAGE


def ledger_of(now: datetime, tx: StateReader) -> Ledger:
    """Read what is spent of the day and of the month."""
    return Ledger.of(now.date(), tx.spend_since(ledger_start(now.date())))


class SpendingKeeper:
    """Keeps one fetch inside the budgets; safe to call from many threads.

    Tweets are reserved in chunks, each in the transaction that looks at the budgets, so that most requests, and all
    answers without tweets, cost the state nothing. The first chunk is 1,000 tweets ($5), later ones double up to 4,000
    ($20): a worker that dies leaves a chunk reserved, and a page for each of its open requests, and that counts as
    spent. Smaller chunks would lose less, and write more often.
    """

    def __init__(self, budget: Budget, *, state: StateStore, clock: Clock) -> None:
        self._budget, self._state, self._clock = budget, state, clock
        self._turn = Condition()
        self._chunk = FIRST_CHUNK
        self._day = clock.now().date()
        self._free = 0
        """Reserved on the day, and held by no request."""
        self._open = 0
        self._owed: defaultdict[date, Spend] = defaultdict(Spend)
        """What the next transaction has to change."""
        self._end: BudgetExhausted | None = None

    def page(self, ask: Ask, source: Source) -> Page:
        """Ask for a page that there is room for.

        Near the end of a budget it waits for the answers under way, which may leave room. Raises `BudgetExhausted`
        when they do not, then and ever after, and what source and state raise.
        """
        day = self._begin_request()
        tweets: int | None = None
        try:
            page = source.page(ask)
            tweets = len(page.tweet_ids)
        except SourceError as error:
            tweets = None if error.may_be_billed else 0
            raise
        finally:
            self._end_request(day, tweets)
        return page

    def reserve(self, tx: StateWriter) -> int:
        """Reserve the next chunk, or the whole pages of it that the budgets leave; once committed, `take` it."""
        # The time of the transaction: no other writer comes between, so nothing is added to a day that has passed.
        now = self._clock.now()
        self._turn_to(now.date())
        self._settle_owed(tx)
        limit = self._budget.for_tweets(ledger_of(now, tx))
        wanted = self._chunk - self._free
        allowed = wanted if limit is None else min(wanted, limit.tweets_left)
        granted = max(0, (self._free + allowed) // PAGE * PAGE - self._free)
        tx.add_spend(self._day, Spend(tweets_reserved=granted))
        return granted

    def take(self, granted: int) -> None:
        """Count a reservation as ours."""
        self._free += granted
        self._chunk = min(2 * self._chunk, MOST_CHUNK)

    def settle(self, tx: StateWriter) -> None:
        """Settle what was read and give back what was not; a request whose end is unknown keeps its page reserved."""
        with self._turn:
            self._give_back()
            self._settle_owed(tx)

    def _begin_request(self) -> date:
        with self._turn:
            while not self._has_page():
                exhausted = self._grow()
                if exhausted and self._open:
                    self._turn.wait()
                elif exhausted:
                    self._end = exhausted
                    self._turn.notify_all()
            self._free -= PAGE
            self._open += 1
            return self._day

    def _has_page(self) -> bool:
        if self._end is not None:
            raise self._end
        return self._free >= PAGE and self._day == self._clock.now().date()

    def _grow(self) -> BudgetExhausted | None:
        try:
            with self._state.writing() as tx:
                granted = self.reserve(tx)
                limit = self._budget.for_tweets(ledger_of(self._clock.now(), tx))
        except BaseException:
            # Whether it was committed is not known: what stands there counts as spent.
            self._free = 0
            raise
        self.take(granted)
        return exhausted(limit, f"a page of {PAGE} tweets") if limit is not None and self._free < PAGE else None

    def _end_request(self, day: date, tweets: int | None) -> None:
        with self._turn:
            self._open -= 1
            if tweets is not None:
                self._note(day, tweets)
            self._turn.notify()

    def _note(self, day: date, tweets: int) -> None:
        """Note what a request has read that began on a day; one that was open at 00:00 UTC counts on both."""
        read = Spend(tweets_settled=tweets)
        if day == self._day:
            self._free += PAGE - tweets
            self._owe(day, Spend(tweets_reserved=-tweets))
        else:
            self._owe(day, Spend(tweets_reserved=-PAGE))
        for one in {day, self._clock.now().date()}:
            self._owe(one, read)

    def _turn_to(self, day: date) -> None:
        if day != self._day:
            self._give_back()
            self._day = day

    def _give_back(self) -> None:
        self._owe(self._day, Spend(tweets_reserved=-self._free))
        self._free = 0

    def _owe(self, day: date, change: Spend) -> None:
        self._owed[day] = self._owed[day].plus(change)

    def _settle_owed(self, tx: StateWriter) -> None:
        for day, change in sorted(self._owed.items()):
            tx.add_spend(day, change)
        self._owed.clear()


def look_up(asked: int, ask: Callable[[], UserLookup], budget: Budget, state: StateStore, clock: Clock) -> UserLookup:
    """Look so many users up, and count those found. Raises `BudgetExhausted` when there is no room for all of them."""
    with state.writing() as tx:
        now = clock.now()
        limit = budget.for_users(ledger_of(now, tx))
        if limit is not None and price(users=asked) > price(tweets=limit.tweets_left):
            raise exhausted(limit, f"{asked:,} users at ${price(users=1)} each")
        tx.add_spend(now.date(), Spend(users_reserved=asked))
    try:
        lookup = ask()
    except SourceError as error:
        if not error.may_be_billed:
            _settle_users(now.date(), asked, 0, state, clock)
        raise
    _settle_users(now.date(), asked, len(lookup.found), state, clock)
    return lookup


def _settle_users(day: date, asked: int, found: int, state: StateStore, clock: Clock) -> None:
    with state.writing() as tx:
        tx.add_spend(day, Spend(users_reserved=-asked))
        for one in {day, clock.now().date()}:
            tx.add_spend(one, Spend(users_settled=found))


def exhausted(limit: Limit, asked: str) -> BudgetExhausted:
    """Return the error that says which limit has no room."""
    message = (
        f"the budget of {limit.most} has no room for {asked}: {limit.spent} of it are spent; "
        f"it begins anew at {time_text(limit.renewed_at)}"
    )
    return BudgetExhausted(message, hint=f"wait until then, or raise {limit.setting}")
