"""Accounts: follow, pause, resume, and keep usernames true."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from collector.core.accounts import Account, AccountStatus, User, account_reference, shard_of
from collector.core.errors import ConfigError
from collector.core.ids import AccountId, id_at
from collector.core.ports import Clock, Source, StateStore

log = structlog.get_logger(__name__)


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


def follow(
    written: Iterable[str], following: Following, *, state: StateStore, source: Source, clock: Clock
) -> list[Outcome]:
    """Add accounts, each looked up once; return what became of each, in order.

    Wrong names, unknown users and repetitions become an outcome each and do not stop the rest. Raises what the source
    raises when it does not answer at all, with nothing added.
    """
    known = _Known(state)
    asked: dict[str | AccountId, str] = {}
    outcomes: dict[str, Outcome] = {}
    repeated: list[Outcome] = []
    for text in written:
        reference, outcome = _read(text, known)
        if reference is not None and _key(reference) in asked:
            repeated.append(Outcome(text, None, note=f"is in the list twice: also as {asked[_key(reference)]}"))
        elif reference is not None:
            asked[_key(reference)] = text
        elif outcome is not None:
            outcomes.setdefault(text, outcome)
    found = _look_up(asked, source)
    outcomes |= {text: _outcome(text, found[key], following, known, clock) for key, text in asked.items()}
    fresh = {one.account.account_id: one.account for one in outcomes.values() if one.account is not None}
    with state.writing() as tx:
        tx.save_accounts(fresh.values())
    log.info("accounts.added", accounts=len(fresh), faults=sum(bool(one.fault) for one in outcomes.values()))
    return [*outcomes.values(), *repeated]


def change_status(written: Iterable[str], status: AccountStatus, *, state: StateStore, clock: Clock) -> list[Outcome]:
    """Pause or resume accounts; unknown ones become an outcome with a fault."""
    known = _Known(state)
    outcomes = []
    for text in written:
        try:
            account = known.find(account_reference(text))
        except ConfigError as error:
            outcomes.append(Outcome(text, None, fault=str(error)))
            continue
        if account is None:
            outcomes.append(Outcome(text, None, fault=f"account {text!r} is not followed"))
        else:
            changed = replace(account, status=status, status_at=clock.now().replace(microsecond=0))
            outcomes.append(Outcome(text, changed, note=f"is {status} now"))
    with state.writing() as tx:
        tx.save_accounts(one.account for one in outcomes if one.account is not None)
    return outcomes


def refresh(older_than: timedelta, *, state: StateStore, source: Source, clock: Clock) -> list[tuple[Account, Account]]:
    """Read again the usernames that were last read so long ago; return the renamed accounts, before and after.

    Costs one user read an account, so it is done rarely, not in every batch.
    """
    now = clock.now().replace(microsecond=0)
    with state.reading() as tx:
        due = {one.account_id: one for one in tx.accounts() if one.is_wanted and now - one.username_at >= older_than}
    if not due:
        return []
    users = {user.account_id: user for user in source.users(list(due)).found}
    seen = [replace(account, username_at=now) for account in due.values()]
    seen = [replace(one, username=users[one.account_id].username) if one.account_id in users else one for one in seen]
    with state.writing() as tx:
        tx.save_accounts(seen)
    renamed = [(due[one.account_id], one) for one in seen if one.username != due[one.account_id].username]
    for before, after in renamed:
        log.info("account.renamed", account_id=after.account_id, before=before.username, after=after.username)
    return renamed


def reshard(shards: int, *, state: StateStore) -> int:
    """Spread the accounts over `shards`; return how many changed their shard."""
    with state.reading() as tx:
        accounts = tx.accounts()
    moved = [
        replace(one, shard=shard_of(one.account_id, shards))
        for one in accounts
        if one.shard != shard_of(one.account_id, shards)
    ]
    if moved:
        with state.writing() as tx:
            tx.save_accounts(moved)
    return len(moved)


class _Known:
    """The accounts followed already, by id and by username."""

    def __init__(self, state: StateStore) -> None:
        with state.reading() as tx:
            accounts = tx.accounts()
        self.by_id = {account.account_id: account for account in accounts}
        self._by_name = {account.username.lower(): account for account in accounts}

    def find(self, reference: str | AccountId) -> Account | None:
        return self._by_name.get(reference.lower()) if isinstance(reference, str) else self.by_id.get(reference)


def _key(reference: str | AccountId) -> str | AccountId:
    return reference.lower() if isinstance(reference, str) else reference


def _read(text: str, known: _Known) -> tuple[str | AccountId | None, Outcome | None]:
    try:
        reference = account_reference(text)
    except ConfigError as error:
        return None, Outcome(text, None, fault=str(error))
    account = known.find(reference)
    if account is not None:
        return None, Outcome(text, None, note=f"is followed already, as {account.username} ({account.account_id})")
    return reference, None


def _look_up(asked: dict[str | AccountId, str], source: Source) -> dict[str | AccountId, User | str]:
    names: Sequence[str] = [key for key in asked if isinstance(key, str)]
    ids: Sequence[AccountId] = [key for key in asked if not isinstance(key, str)]
    answers: dict[str | AccountId, User | str] = dict.fromkeys(asked, "not_found")
    if names:
        lookup = source.users_named(names)
        answers |= {name.lower(): reason for name, reason in lookup.missing.items()}
        answers |= {user.username.lower(): user for user in lookup.found}
    if ids:
        lookup = source.users(ids)
        answers |= {AccountId(int(text)): reason for text, reason in lookup.missing.items()}
        answers |= {user.account_id: user for user in lookup.found}
    return answers


def _outcome(text: str, answer: User | str, following: Following, known: _Known, clock: Clock) -> Outcome:
    if isinstance(answer, str):
        return Outcome(text, None, fault=f"account {text!r} cannot be followed: X says {answer.replace('_', ' ')}")
    now = clock.now().replace(microsecond=0)
    followed = known.by_id.get(answer.account_id)
    if followed is not None:
        renamed = replace(followed, username=answer.username, username_at=now)
        return Outcome(text, renamed, note=f"is followed already, as {followed.username}: the new username is noted")
    account = Account(
        account_id=answer.account_id,
        username=answer.username,
        status=AccountStatus.PROTECTED if answer.is_protected else AccountStatus.ACTIVE,
        status_at=now,
        baseline=id_at(now - following.initial_lookback),
        shard=shard_of(answer.account_id, following.shards),
        username_at=now,
    )
    return Outcome(text, account, note=f"is followed from {now - following.initial_lookback:%Y-%m-%dT%H:%M:%SZ} on")
