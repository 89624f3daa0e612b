"""Accounts: follow, pause, resume, and keep usernames true."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from collector.core.accounts import Account, AccountStatus, User, UserLookup, account_reference, shard_of
from collector.core.errors import ConfigError, SourceError
from collector.core.ids import AccountId, id_at
from collector.core.money import NO_BUDGET, Budget
from collector.core.ports import Clock, Source, StateReader, StateStore
from collector.flow.spending import look_up

log = structlog.get_logger(__name__)

LOOKED_UP_AT_ONCE = 100
"""Accounts looked up before they are saved: one request of X's, so that an error loses nothing paid for."""

MOST_REFRESHED = 500
"""Usernames read again in one call, so that no batch waits long for them."""

Reference = str | AccountId
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one account as a person wrote it; `fault` is empty when all is well."""

    written: str
    account: Account | None
    note: str = ""
    fault: str = ""


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
    chunks = [chunk for same in by_kind for chunk in _chunks(same)]
    for done, chunk in enumerate(chunks):
        try:
            lookup = look_up(len(chunk), partial(_ask, chunk, source), budget, state, clock)
        except SourceError as error:
            if not done:
                raise
            outcomes |= {one.position: _put_off(one.text, error) for rest in chunks[done:] for one in rest}
            break
        outcomes |= _add(chunk, _answers(chunk, lookup), following, state, clock)
    told = [outcomes[position] for position in sorted(outcomes)]
    added = sum(one.account is not None for one in told)
    log.info("accounts.added", accounts=added, faults=sum(bool(one.fault) for one in told))
    return told


def change_status(written: Iterable[str], status: AccountStatus, *, state: StateStore, clock: Clock) -> list[Outcome]:
    """Pause or resume accounts; unknown ones become an outcome with a fault."""
    texts = list(written)
    now = clock.now().replace(microsecond=0)
    with state.writing() as tx:
        known = _known(tx)
        outcomes = [_changed(text, status, now, known) for text in texts]
        tx.save_accounts(one.account for one in outcomes if one.account is not None)
    return outcomes


def refresh(
    older_than: timedelta,
    *,
    state: StateStore,
    source: Source,
    clock: Clock,
    budget: Budget = NO_BUDGET,
    most: int | None = MOST_REFRESHED,
) -> list[tuple[Account, Account]]:
    """Read again the usernames that were last read so long ago; return the renamed accounts, before and after.

    Costs one user read an account, so it is done rarely, not in every batch, and for `most` accounts a call (None: for
    all), those read longest ago first. Raises what the source raises when its first answer is an error; after a later
    one, what is left stays due.
    """
    chunks = _chunks(_due(older_than, state, clock)[:most])
    renamed: list[tuple[Account, Account]] = []
    for done, chunk in enumerate(chunks):
        try:
            users = look_up(len(chunk), partial(source.users, chunk), budget, state, clock).found
        except SourceError as error:
            if not done:
                raise
            left = sum(map(len, chunks[done:]))
            log.warning("accounts.not_refreshed", accounts=left, error=type(error).__name__, message=str(error))
            break
        renamed += _note_usernames(chunk, users, state, clock)
    return renamed


def reshard(shards: int, *, state: StateStore) -> int:
    """Spread the accounts over `shards`; return how many changed their shard."""
    with state.reading() as tx:
        if not _misplaced(tx.accounts(), shards):
            return 0
    with state.writing() as tx:
        misplaced = _misplaced(tx.accounts(), shards)
        tx.save_accounts(replace(one, shard=shard_of(one.account_id, shards)) for one in misplaced)
    return len(misplaced)


@dataclass(frozen=True, slots=True)
class _Asked:
    """An account to be looked up, and where in the list a person wrote it."""

    position: int
    text: str
    reference: Reference


def _sorted_out(written: Iterable[str], state: StateStore) -> tuple[dict[int, Outcome], list[_Asked]]:
    """Return the outcomes that need no lookup, by position, and whom to look up."""
    with state.reading() as tx:
        known = _known(tx)
    outcomes: dict[int, Outcome] = {}
    asked: dict[Reference, _Asked] = {}
    for position, text in enumerate(written):
        try:
            reference = _read(text)
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


def _known(tx: StateReader) -> dict[Reference, Account]:
    accounts = tx.accounts()
    return {one.username.lower(): one for one in accounts} | {one.account_id: one for one in accounts}


def _read(text: str) -> Reference:
    reference = account_reference(text)
    return reference.lower() if isinstance(reference, str) else reference


def _chunks(items: Sequence[Item]) -> list[Sequence[Item]]:
    return [items[at : at + LOOKED_UP_AT_ONCE] for at in range(0, len(items), LOOKED_UP_AT_ONCE)]


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


def _changed(text: str, status: AccountStatus, now: datetime, known: dict[Reference, Account]) -> Outcome:
    try:
        account = known.get(_read(text))
    except ConfigError as error:
        return Outcome(text, None, fault=str(error))
    if account is None:
        return Outcome(text, None, fault=f"account {text!r} is not followed")
    return Outcome(text, replace(account, status=status, status_at=now), note=f"is {status} now")


def _due(older_than: timedelta, state: StateStore, clock: Clock) -> list[AccountId]:
    now = clock.now().replace(microsecond=0)
    with state.reading() as tx:
        due = [one for one in tx.accounts() if one.is_wanted and now - one.username_at >= older_than]
    return [one.account_id for one in sorted(due, key=lambda one: one.username_at)]


def _note_usernames(
    asked: Sequence[AccountId], users: Iterable[User], state: StateStore, clock: Clock
) -> list[tuple[Account, Account]]:
    now = clock.now().replace(microsecond=0)
    names = {user.account_id: user.username for user in users}
    wanted = set(asked)
    with state.writing() as tx:
        before = [one for one in tx.accounts() if one.account_id in wanted]
        after = [replace(one, username=names.get(one.account_id, one.username), username_at=now) for one in before]
        tx.save_accounts(after)
    renamed = [(old, new) for old, new in zip(before, after, strict=True) if old.username != new.username]
    for old, new in renamed:
        log.info("account.renamed", account_id=new.account_id, before=old.username, after=new.username)
    return renamed


def _misplaced(accounts: Iterable[Account], shards: int) -> list[Account]:
    return [one for one in accounts if one.shard != shard_of(one.account_id, shards)]
