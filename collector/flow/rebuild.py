"""Rebuild: the state from seals and manifests, when it is lost or old."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import structlog

from collector.core.accounts import Account, AccountStatus, shard_of
from collector.core.documents import Manifest, Seal, decode_manifest, manifest_key, rebuilt_time
from collector.core.errors import ConfigError, ObjectMissing, StateConflict
from collector.core.ids import AccountId
from collector.core.ports import Clock, ObjectStore, StateStore, StateWriter
from collector.flow.commit import apply, rebuilt
from collector.flow.policy import Press
from collector.flow.publish import publish
from collector.flow.seal import read_seal

log = structlog.get_logger(__name__)

_SEAL = re.compile(r"seals/([0-9]{10})\.json")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuilt state holds."""

    batches: int
    accounts: int
    rows: int


def rebuild(*, state: StateStore, objects: ObjectStore, press: Press, clock: Clock, shards: int = 1) -> Rebuilt:
    """Fill a state from the log: publish what has no manifest, commit every manifest, go on numbering.

    Goes on where a rebuild of the same log broke off. Raises `ConfigError` when the state holds anything else,
    `StateConflict` when the log has a hole, `ObjectMissing` when a batch that was never published lost a raw part.
    """
    number = _begun(state, objects)
    with state.reading() as tx:
        known = {account.account_id: account for account in tx.accounts()}
    while (seal := _next(number, objects)) is not None:
        manifest = _manifest(seal, objects, press)
        fresh = _fresh(manifest, known, shards, clock)
        known.update(fresh)
        with state.writing() as tx:
            tx.save_accounts(fresh.values())
            known.update(_restore(manifest, known, tx))
        number = seal.number
    _refuse_hole(number, objects)
    with state.reading() as tx:
        found = Rebuilt(number, len(known), tx.totals().rows)
    log.info("state.rebuilt", batches=found.batches, accounts=found.accounts, rows=found.rows)
    return found


def seal_number(key: str) -> int | None:
    """Return the number of the seal that a key under `seals/` names, or None when it names no seal."""
    named = _SEAL.fullmatch(key)
    return int(named.group(1)) if named else None


def _begun(state: StateStore, objects: ObjectStore) -> int:
    """Return how many seals a rebuild of this log has restored already. Raises `ConfigError` for any other state."""
    with state.reading() as tx:
        batches, last = tx.batches(), tx.last_seal()
    plans = {batch.seal: batch.plan_id for batch in batches if not batch.is_open}
    is_whole = len(plans) == len(batches) == last
    if is_whole and (last == 0 or plans.get(last) == _plan_of(last, objects)):
        return last
    message = "the state holds batches already; a rebuild fills an empty one, or goes on where it broke off"
    raise ConfigError(message, hint="set COLLECTOR_STATE_URL to a new database, or move the old one away")


def _plan_of(number: int, objects: ObjectStore) -> str:
    try:
        return read_seal(number, objects).batch.plan_id
    except ObjectMissing:
        return ""


def _next(number: int, objects: ObjectStore) -> Seal | None:
    try:
        return read_seal(number + 1, objects)
    except ObjectMissing:
        return None


def _manifest(seal: Seal, objects: ObjectStore, press: Press) -> Manifest:
    key = manifest_key(seal.batch.batch_id)
    try:
        standing = objects.read(key)
    except ObjectMissing:
        return publish(seal, objects=objects, press=press)
    manifest = decode_manifest(standing)
    if (manifest.seal, manifest.batch.plan_id) != (seal.number, seal.batch.plan_id):
        message = f"{key} is of seal {manifest.seal}, not of seal {seal.number}, which names the same batch"
        raise StateConflict(message, hint="two states have written to this output; collector verify lists the damage")
    return manifest


def _restore(manifest: Manifest, known: Mapping[AccountId, Account], tx: StateWriter) -> Mapping[AccountId, Account]:
    tx.note_seal(manifest.seal)
    return apply(manifest, rebuilt(manifest, rebuilt_time(manifest.batch)), known, tx)


def _fresh(
    manifest: Manifest, known: Mapping[AccountId, Account], shards: int, clock: Clock
) -> dict[AccountId, Account]:
    """Return the manifest's accounts that are new to the state, or have another username now."""
    now = clock.now().replace(microsecond=0)
    fresh = {}
    for named in manifest.accounts:
        account = known.get(named.account_id)
        if account is None:
            shard = shard_of(named.account_id, shards)
            status = AccountStatus.ACTIVE
            found = Account(named.account_id, named.username, status, now, named.baseline, shard, now)
            fresh[named.account_id] = found
        elif account.username != named.username:
            fresh[named.account_id] = replace(account, username=named.username)
    return fresh


def _refuse_hole(last: int, objects: ObjectStore) -> None:
    highest = max((key for key in objects.keys("seals/") if (seal_number(key) or 0) > last), default="")
    if highest:
        message = f"seal {last + 1} is missing in {objects.location} while {highest} exists: the log has a hole"
        raise StateConflict(message, hint="restore the missing seal; collector verify lists the damage")
