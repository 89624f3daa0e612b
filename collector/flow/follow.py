"""Follow: look accounts up and add them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from collector.core.accounts import Account, AccountStatus, User, UserLookup, shard_of
from collector.core.errors import ConfigError, SourceError
from collector.core.ids import AccountId, id_at
from collector.core.money import NO_BUDGET, Budget
from collector.core.ports import Clock, Source, StateStore
from collector.flow.accounts import Outcome, Reference, chunks, known_accounts, reference_of
from collector.flow.spending import look_up

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Following:
    """How accounts are followed: how far back the first batch reaches, and over how many shards they spread."""

    initial_lookback: timedelta
    shards: int = 1

    def start(self, now: datetime) -> datetime:
        """Return where an account begins that is followed from now on: 20 years back at most, longer than X exists."""
        return now - min(self.initial_lookback, timedelta(days=20 * 366))


def follow(
    written: Iterable[str],
    following: Following,
    *,
    state: StateStore,
    source: Source,
    clock: Clock,
    budget: Budget = NO_BUDGET,
) -> list[Outcome]:
    """Add accounts, each looked up once; return what became of each, in order.

    Wrong names, unknown users and repetitions become an outcome each and do not stop the rest. Accounts are saved as
    soon as they are looked up: when the source fails midway, the remaining ones become an outcome with a fault. Raises
    what the source raises when its first answer is an error, with nothing added; the budget's end is such an error.
    """
    outcomes, asked = _sorted_out(written, state)
    by_kind = [[one for one in asked if isinstance(one.reference, kind)] for kind in (str, int)]
    parts = [part for same in by_kind for part in chunks(same)]
    for done, part in enumerate(parts):
        try:
            lookup = look_up(len(part), partial(_ask, part, source), budget, state, clock)
        except SourceError as error:
            if not done:
                raise
            outcomes |= {one.position: _put_off(one.text, error) for rest in parts[done:] for one in rest}
            break
        outcomes |= _add(part, _answers(part, lookup), following, state, clock)
    told = [outcomes[position] for position in sorted(outcomes)]
    added = sum(one.account is not None for one in told)
    log.info("accounts.added", accounts=added, faults=sum(bool(one.fault) for one in told))
    return told


@dataclass(frozen=True, slots=True)
class _Asked:
    """An account to be looked up, and where in the list a person wrote it."""

    position: int
    text: str
    reference: Reference


def _sorted_out(written: Iterable[str], state: StateStore) -> tuple[dict[int, Outcome], list[_Asked]]:
    """Return the outcomes that need no lookup, by position, and whom to look up."""
    with state.reading() as tx:
        known = known_accounts(tx)
    outcomes: dict[int, Outcome] = {}
    asked: dict[Reference, _Asked] = {}
    for position, text in enumerate(written):
        try:
            reference = reference_of(text)
        except ConfigError as error:
            outcomes[position] = Outcome(text, None, fault=str(error))
            continue
        if reference in known:
            outcomes[position] = _followed_already(text, known[reference])
        elif reference in asked:
            outcomes[position] = Outcome(text, None, note=f"is in the list twice: also as {asked[reference].text}")
        else:
            asked[reference] = _Asked(position, text, reference)
    return outcomes, list(asked.values())


def _ask(asked: Sequence[_Asked], source: Source) -> UserLookup:
    names = [one.reference for one in asked if isinstance(one.reference, str)]
    if names:
        return source.users_named(names)
    return source.users([one.reference for one in asked if not isinstance(one.reference, str)])


def _answers(asked: Sequence[_Asked], lookup: UserLookup) -> dict[Reference, User | str]:
    if any(isinstance(one.reference, str) for one in asked):
        reasons: dict[Reference, str] = {name.lower(): reason for name, reason in lookup.missing.items()}
        return reasons | {user.username.lower(): user for user in lookup.found}
    reasons = {AccountId(int(text)): reason for text, reason in lookup.missing.items()}
    return reasons | {user.account_id: user for user in lookup.found}


def _add(
    asked: Sequence[_Asked], answers: dict[Reference, User | str], following: Following, state: StateStore, clock: Clock
) -> dict[int, Outcome]:
    now = clock.now().replace(microsecond=0)
    with state.writing() as tx:
        followed = {one.account_id: one for one in tx.accounts()}
        outcomes = {
            one.position: _outcome(one.text, answers.get(one.reference, "not_found"), following, followed, now)
            for one in asked
        }
        tx.save_accounts(one.account for one in outcomes.values() if one.account is not None)
    return outcomes


def _outcome(
    text: str, answer: User | str, following: Following, followed: dict[AccountId, Account], now: datetime
) -> Outcome:
    if isinstance(answer, str):
        return Outcome(text, None, fault=f"account {text!r} cannot be followed: X says {answer.replace('_', ' ')}")
    account = followed.get(answer.account_id)
    if account is None:
        start = following.start(now)
        return Outcome(text, _account(answer, following, now), note=f"is followed from {start:%Y-%m-%dT%H:%M:%SZ} on")
    if account.username == answer.username:
        return _followed_already(text, account)
    renamed = replace(account, username=answer.username, username_at=now)
    return Outcome(text, renamed, note=f"is followed already, as {account.username}: the new username is noted")


def _account(user: User, following: Following, now: datetime) -> Account:
    return Account(
        account_id=user.account_id,
        username=user.username,
        status=AccountStatus.PROTECTED if user.is_protected else AccountStatus.ACTIVE,
        status_at=now,
        baseline=id_at(following.start(now)),
        shard=shard_of(user.account_id, following.shards),
        username_at=now,
    )


def _followed_already(text: str, account: Account) -> Outcome:
    return Outcome(text, None, note=f"is followed already, as {account.username} ({account.account_id})")


def _put_off(text: str, error: SourceError) -> Outcome:
    return Outcome(text, None, fault=f"account {text!r} was not looked up: {error}; add it again later")
