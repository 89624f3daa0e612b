"""Accounts that are followed: pause and resume them, spread them over shards, and keep their usernames true."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from collector.core.accounts import Account, AccountStatus, User, account_reference, shard_of
from collector.core.errors import ConfigError, SourceError
from collector.core.ids import AccountId
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


def change_status(written: Iterable[str], status: AccountStatus, *, state: StateStore, clock: Clock) -> list[Outcome]:
    """Pause or resume accounts; unknown ones become an outcome with a fault."""
    texts = list(written)
    now = clock.now().replace(microsecond=0)
    with state.writing() as tx:
        known = known_accounts(tx)
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
    due = chunks(_due(older_than, state, clock)[:most])
    renamed: list[tuple[Account, Account]] = []
    for done, some in enumerate(due):
        try:
            users = look_up(len(some), partial(source.users, some), budget, state, clock).found
        except SourceError as error:
            if not done:
                raise
            left = sum(map(len, due[done:]))
            log.warning("accounts.not_refreshed", accounts=left, error=type(error).__name__, message=str(error))
            break
        renamed += _note_usernames(some, users, state, clock)
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


def known_accounts(tx: StateReader) -> dict[Reference, Account]:
    """Return all accounts by both that a person may write: the id, and the username in lower case."""
    accounts = tx.accounts()
    return {one.username.lower(): one for one in accounts} | {one.account_id: one for one in accounts}


def reference_of(text: str) -> Reference:
    """Return what a written account is known by. Raises `ConfigError` for what can be neither id nor username."""
    reference = account_reference(text)
    return reference.lower() if isinstance(reference, str) else reference


def chunks(items: Sequence[Item]) -> list[Sequence[Item]]:
    """Cut what is to be looked up into what is looked up at once."""
    return [items[at : at + LOOKED_UP_AT_ONCE] for at in range(0, len(items), LOOKED_UP_AT_ONCE)]


def _changed(text: str, status: AccountStatus, now: datetime, known: dict[Reference, Account]) -> Outcome:
    try:
        account = known.get(reference_of(text))
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
