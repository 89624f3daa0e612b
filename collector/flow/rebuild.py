"""Rebuild: the state from seals and manifests, when it is lost or old."""

from dataclasses import dataclass, replace

import structlog

from collector.core.accounts import Account, AccountStatus, shard_of
from collector.core.batches import BatchStatus
from collector.core.documents import Manifest, Seal, rebuilt_time
from collector.core.errors import ConfigError, ObjectMissing, StateConflict
from collector.core.ids import AccountId
from collector.core.ports import Clock, ObjectStore, StateStore, StateWriter
from collector.flow.commit import apply, rebuilt
from collector.flow.policy import Press
from collector.flow.publish import publish
from collector.flow.seal import read_seal

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild found."""

    batches: int
    accounts: int
    rows: int


def rebuild(*, state: StateStore, objects: ObjectStore, press: Press, clock: Clock, shards: int = 1) -> Rebuilt:
    """Fill an empty state from the log: publish what has no manifest, commit every manifest, go on numbering.

    Raises `ConfigError` when the state holds batches already, `StateConflict` when the log has a hole.
    """
    with state.reading() as tx:
        if tx.batches(limit=1) or tx.last_seal():
            message = "the state holds batches already; a rebuild fills an empty one"
            raise ConfigError(message, hint="set COLLECTOR_STATE_URL to a new database, or move the old one away")
    number, rows = 0, 0
    while (seal := _next(number, objects)) is not None:
        manifest = publish(seal, objects=objects, press=press)
        with state.writing() as tx:
            _restore(seal, manifest, shards, clock, tx)
        number = seal.number
        rows += sum(one.rows for one in manifest.objects)
    _refuse_hole(number, objects)
    with state.reading() as tx:
        found = Rebuilt(number, len(tx.accounts()), rows)
    log.info("state.rebuilt", batches=found.batches, accounts=found.accounts, rows=found.rows)
    return found


def _next(number: int, objects: ObjectStore) -> Seal | None:
    try:
        return read_seal(number + 1, objects)
    except ObjectMissing:
        return None


def _restore(seal: Seal, manifest: Manifest, shards: int, clock: Clock, tx: StateWriter) -> None:
    tx.save_accounts(_accounts(manifest, shards, clock, tx))
    tx.note_seal(seal.number)
    committed = rebuilt(manifest, rebuilt_time(seal.batch))
    tx.save_batch(replace(committed, status=BatchStatus.COMMITTED))
    apply(manifest, committed, tx)


def _accounts(manifest: Manifest, shards: int, clock: Clock, tx: StateWriter) -> list[Account]:
    """Return the manifest's accounts that are new to the state, or have another username now."""
    known: dict[AccountId, Account] = {account.account_id: account for account in tx.accounts()}
    now = clock.now().replace(microsecond=0)
    fresh = []
    for named in manifest.accounts:
        account = known.get(named.account_id)
        if account is None:
            shard = shard_of(named.account_id, shards)
            status = AccountStatus.ACTIVE
            fresh.append(Account(named.account_id, named.username, status, now, named.baseline, shard, now))
        elif account.username != named.username:
            fresh.append(replace(account, username=named.username))
    return fresh


def _refuse_hole(last: int, objects: ObjectStore) -> None:
    highest = max(objects.keys("seals/"), default="")
    if highest and int(highest.removeprefix("seals/").removesuffix(".json")) > last:
        message = f"seal {last + 1} is missing in {objects.location} while {highest} exists: the log has a hole"
        raise StateConflict(message, hint="restore the missing seal; collector verify lists the damage")
