"""Collection checks: what an operator should know of accounts, batches and money."""

from collections.abc import Iterator
from datetime import timedelta

from collector.core.accounts import AccountStatus
from collector.core.findings import Finding, fine, warning
from collector.core.money import Budget, Limit
from collector.core.ports import Clock, ObjectStore, StateStore, Worker
from collector.core.times import duration_text, time_text
from collector.flow.seal import find_log
from collector.flow.views import Status, cursor_rows, holdings, status_of

NAMES = ("accounts", "open batches", "budget", "newest batch")
WHY = "accounts, coverage and batches are in the state"
LATE = timedelta(hours=2)
"""Longer than any sensible schedule takes for a batch and its retries."""

_WHY_ACCOUNTS = "only followed accounts are collected"
_WHY_OPEN = "what they reserve is asked for by nobody until they are closed; the next batch of their accounts does that"
_WHY_BUDGET = "X bills $0.005 a tweet, and nothing but a budget stops a busy account or a long backfill"
_WHY_LATE = "new tweets are not in the copy yet; what X no longer lists of a busy account will be missing for good"


def collection_findings(*, state: StateStore, clock: Clock, worker: Worker, budget: Budget) -> Iterator[Finding]:
    """Yield the findings of `NAMES`."""
    with state.reading() as tx:
        now = clock.now()
        found = status_of(cursor_rows(holdings(tx), now, tx), now, tx)
        batches, leases = tx.open_batches(), tx.leases()
    alive = {batch_id for batch_id, lease in leases.items() if not worker.is_gone(lease.worker)}
    yield _accounts(found.accounts)
    yield _open([batch.batch_id for batch in batches if batch.batch_id not in alive], len(batches))
    limits = [limit for limit in (budget.for_tweets(found.spent), budget.for_users(found.spent)) if limit]
    yield _budget(min(limits, key=lambda limit: limit.tweets_left, default=None))
    yield _newest(found)


def log_finding(*, state: StateStore, objects: ObjectStore) -> Finding:
    """Return whether the output is where this state has collected. Raises `LogMissing` when it is not."""
    last = find_log(state=state, objects=objects)
    what = f"seal {last}, the last of this state, stands in {objects.location}" if last else "no batch is sealed yet"
    return fine("log", what)


def _accounts(counts: dict[str, int]) -> Finding:
    told = ", ".join(f"{count:,} {status}" for status, count in sorted(counts.items()))
    if not counts:
        return warning("accounts", "no account is followed", why=_WHY_ACCOUNTS, command="collector accounts add nasa")
    if AccountStatus.ACTIVE not in counts:
        return warning("accounts", f"none is active: {told}", why=_WHY_ACCOUNTS, command="collector accounts list")
    return fine("accounts", told)


def _open(left: list[str], of: int) -> Finding:
    if not left:
        return fine("open batches", f"{of:,} under way, none left behind")
    named = ", ".join(left[:3]) + (f" and {len(left) - 3:,} more" if len(left) > 3 else "")  # noqa: PLR2004  a line
    return warning("open batches", f"nobody works on {named}", why=_WHY_OPEN, command="collector collect")


def _budget(limit: Limit | None) -> Finding:
    if limit is None:
        command = "export COLLECTOR_MAX_USD_PER_MONTH=50"
        return warning("budget", "no budget is set", why=_WHY_BUDGET, command=command)
    told = f"{limit.spent} spent of {limit.most}"
    if limit.tweets_left:
        return fine("budget", told)
    why = f"nothing is asked of X until {time_text(limit.renewed_at)}; what is missing meanwhile stays a gap"
    return warning("budget", f"{told}: it is used up", why=why, command=f"wait, or raise {limit.setting}")


def _newest(found: Status) -> Finding:
    newest = found.newest_batch
    if newest is None:
        return warning("newest batch", "no batch yet", why=_WHY_LATE, command="collector collect")
    told = f"{newest.batch_id} {newest.status}, lag {duration_text(found.lag)}, gaps {found.gaps:,}"
    if found.lag is None or found.lag <= LATE:
        return fine("newest batch", told)
    return warning("newest batch", told, why=_WHY_LATE, command="collector collect")
