"""Commit: one transaction in which coverage grows by the manifest's ranges, cursors advance, the batch closes."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import structlog

from collector.core.accounts import Account, AccountStatus, Cursor
from collector.core.batches import Batch, BatchStatus, Counts
from collector.core.coverage import Coverage, Covered
from collector.core.documents import Manifest, SealedAccount
from collector.core.errors import StateConflict
from collector.core.ids import AccountId, end_of
from collector.core.planning import NOTHING
from collector.core.ports import Clock, StateStore, StateWriter

log = structlog.get_logger(__name__)

_READ = {None, "unproven", "not_proven_yet", "baseline_raised"}
"""Reasons that only a readable account can have."""
_UNREADABLE = {AccountStatus.PROTECTED, AccountStatus.SUSPENDED, AccountStatus.NOT_FOUND}


def commit(manifest: Manifest, *, state: StateStore, clock: Clock) -> Batch:
    """Return the batch, committed now or before.

    Raises `StateConflict`, with nothing changed, when the state does not know the batch or covers its ranges already.
    """
    with state.writing() as tx:
        batch = tx.batch(manifest.batch.batch_id)
        if batch is None or batch.plan_id != manifest.batch.plan_id:
            message = f"the manifest of batch {manifest.batch.batch_id} is of a plan that this state does not know"
            raise StateConflict(message, hint="another state writes here, or this one is old: collector rebuild")
        if not batch.is_open:
            return batch
        committed = _committed(batch, manifest, clock.now())
        apply(manifest, committed, {account.account_id: account for account in tx.accounts()}, tx)
        tx.end_lease(batch.batch_id)
    log.info(
        "batch.committed",
        batch_id=batch.batch_id,
        accounts=committed.counts.accounts,
        rows=committed.counts.rows,
        objects=committed.counts.objects,
        failures=len(committed.failures),
    )
    return committed


def apply(
    manifest: Manifest, committed: Batch, known: Mapping[AccountId, Account], tx: StateWriter
) -> dict[AccountId, Account]:
    """Write what a manifest says into the state: coverage, baselines, statuses, cursors, the batch.

    `known` holds the manifest's accounts as the state does, perhaps among others; returns those that changed.
    """
    ranges: dict[AccountId, list[Covered]] = defaultdict(list)
    for account_id, row in manifest.ranges:
        ranges[account_id].append(row)
    accounts = {one.account_id: known[one.account_id] for one in manifest.accounts if one.account_id in known}
    before = tx.coverage_of([one.account_id for one in manifest.accounts])
    after = {one: _grown(one, before.get(one, NOTHING), rows) for one, rows in ranges.items()}
    moment = committed.committed_at or committed.created_at
    changed = _changed_accounts(manifest, committed, accounts, moment)
    tx.save_coverage({one: (before.get(one, NOTHING), grown) for one, grown in after.items()})
    tx.save_accounts(changed.values())
    moved = {one: after.get(one) or before.get(one, NOTHING) for one in {**after, **changed}}
    tx.save_cursors(_cursors({**accounts, **changed}, moved, committed.batch_id, moment))
    tx.save_batch(committed)
    return changed


def _committed(batch: Batch, manifest: Manifest, now: datetime) -> Batch:
    counts = replace(
        batch.counts,
        rows=sum(one.rows for one in manifest.objects),
        objects=len(manifest.objects),
        accounts=len(manifest.accounts),
    )
    return replace(
        batch,
        status=BatchStatus.COMMITTED,
        seal=manifest.seal,
        counts=counts,
        failures=manifest.batch.failures,
        committed_at=now.replace(microsecond=0),
    )


def rebuilt(manifest: Manifest, moment: datetime) -> Batch:
    """Return the committed batch that a manifest alone tells of."""
    return _committed(replace(manifest.batch, counts=replace(Counts(), **_read(manifest))), manifest, moment)


def _read(manifest: Manifest) -> Mapping[str, int]:
    counts = manifest.batch.counts
    return {"requests": counts.requests, "tweets_read": counts.tweets_read}


def _grown(account_id: AccountId, coverage: Coverage, rows: list[Covered]) -> Coverage:
    try:
        return coverage.add(rows)
    except StateConflict as error:
        message = f"account {account_id}: {error}"
        raise StateConflict(message, hint=error.hint) from error


def _changed_accounts(
    manifest: Manifest, committed: Batch, accounts: Mapping[AccountId, Account], moment: datetime
) -> dict[AccountId, Account]:
    reasons = {failure.account_id: failure.reason for failure in committed.failures}
    changed = {}
    for named in manifest.accounts:
        account = accounts.get(named.account_id)
        if account is None:
            continue
        fresh = _seen(account, named, reasons.get(named.account_id), moment)
        if fresh != account:
            changed[account.account_id] = fresh
    return changed


def _seen(account: Account, named: SealedAccount, reason: str | None, moment: datetime) -> Account:
    status = _status(account.status, reason)
    if status is not account.status:
        account = replace(account, status=status, status_at=moment)
    return replace(account, baseline=named.baseline) if named.baseline > account.baseline else account


def _status(status: AccountStatus, reason: str | None) -> AccountStatus:
    if status is AccountStatus.PAUSED:
        return status
    if reason in _UNREADABLE:
        return AccountStatus(reason)
    return AccountStatus.ACTIVE if reason in _READ and status in _UNREADABLE else status


def _cursors(
    accounts: Mapping[AccountId, Account], coverage: Mapping[AccountId, Coverage], batch_id: str, moment: datetime
) -> list[Cursor]:
    return [
        Cursor(account_id, accounts[account_id].username, since_id, end_of(since_id), batch_id, moment)
        for account_id, held in coverage.items()
        if (since_id := held.cursor(accounts[account_id].baseline)) > accounts[account_id].baseline
    ]
