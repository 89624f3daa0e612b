"""Planning: what a batch asks for is what is wanted less what is held and what open batches reserve."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from collector.core.accounts import Account
from collector.core.batches import Batch, BatchKind, Span, Window
from collector.core.coverage import Coverage
from collector.core.ids import AccountId, TweetId, id_at
from collector.core.ranges import IdRange, Ranges

NOTHING = Coverage()


def planned_through(window: Window, now: datetime, settle: timedelta) -> TweetId:
    """Return the newest id a batch may ask for: the window's end, or what has settled by now.

    In whole seconds, as X's Date header counts: a page asked now then settles all that is planned.
    """
    return id_at(min(window.end, now.replace(microsecond=0) - settle))


def wanted_of(account: Account, kind: BatchKind, window: Window, through: TweetId) -> IdRange:
    """Return what a batch wants of an account: a live one reaches back to the baseline, others to their window."""
    after = account.baseline if kind is BatchKind.LIVE else window.ids.after
    return IdRange(after, max(after, through))


def plan_spans(
    wanted: Mapping[AccountId, IdRange],
    held: Mapping[AccountId, Coverage],
    reserved: Mapping[AccountId, Sequence[IdRange]],
) -> list[Span]:
    """Return one span for each range that is wanted, not held and not reserved, in the order of `wanted`."""
    spans: list[Span] = []
    for account_id, ids in wanted.items():
        coverage, taken = held.get(account_id, NOTHING), reserved.get(account_id, ())
        spans.extend(Span(account_id, left) for left in _left(ids, coverage, taken))
    return spans


def will_be_held(after: TweetId, held: Coverage, reserved: Sequence[IdRange]) -> bool:
    """Say whether what open batches reserve above an id fills all that is not held there; with nothing reserved, no."""
    above = [ids for ids in reserved if ids.after >= after]
    return bool(above) and _is_whole(after, [*held.held, *above])


def is_held_above(after: TweetId, held: Coverage) -> bool:
    """Say whether something is held above an id, without a hole."""
    above = [ids for ids in held.held if ids.through > after]
    return bool(above) and _is_whole(after, above)


def _is_whole(after: TweetId, parts: Sequence[IdRange]) -> bool:
    top = TweetId(max(ids.through for ids in parts))
    return not Ranges.of([IdRange(after, top)]).minus(parts)


def _left(ids: IdRange, coverage: Coverage, taken: Sequence[IdRange]) -> Iterable[IdRange]:
    # Nearly every account of a large list has one covered range that ends where the wanted one goes on.
    if not taken and len(coverage.rows) == 1 and coverage.rows[0].ids.after <= ids.after:
        rest = IdRange(max(ids.after, coverage.rows[0].ids.through), ids.through)
        return () if rest.is_empty else (rest,)
    return Ranges.of([ids]).minus([*coverage.held, *taken])


def newest_of(batches: Iterable[Batch]) -> Batch | None:
    """Return the batch with the highest number, or None."""
    return max(batches, key=lambda batch: batch.number, default=None)
