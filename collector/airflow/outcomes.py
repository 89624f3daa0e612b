"""Outcomes: what an error of the collector means to Airflow: wait without a slot, try again later, or fail at once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowRescheduleException

from collector import wiring
from collector.core.batches import Batch, Failure
from collector.core.errors import (
    BudgetExhausted,
    CollectorError,
    CreditsExhausted,
    NotProvenYet,
    RateLimited,
    RetryableError,
)

_SHOWN = 50
_MONEY = (CreditsExhausted, BudgetExhausted)
"""What does not pass while a run's tries last."""
_DOUBT = timedelta(seconds=15)
_SECOND = timedelta(seconds=1)


@contextmanager
def outcomes() -> Iterator[None]:
    """Raise what Airflow acts upon, in place of the collector's errors.

    A rate limit gives the slot back until the reset and uses no try; so do, for a few seconds, newer windows that are
    being collected. What may pass is tried again with growing delay. Everything else fails at once, lost credentials,
    exhausted credits and budgets among it.
    """
    try:
        yield
    except RateLimited as error:
        raise wait_until(error.reset_at + _SECOND) from error
    except NotProvenYet as error:
        raise wait_until(wiring.clock().now() + _DOUBT) from error
    except RetryableError as error:
        raise (_failed(error) if isinstance(error, _MONEY) else AirflowException(_line(error))) from error
    except CollectorError as error:
        raise _failed(error) from error


def wait_until(moment: datetime) -> AirflowRescheduleException:
    """Return what makes Airflow run the task again at a moment, until then without a slot, and without using a try."""
    return AirflowRescheduleException(moment)


def refuse_closed(batch: Batch) -> None:
    """Raise `AirflowFailException` when the source ended the asking: no further try of this batch asks more."""
    closing = [failure for failure in batch.failures if failure.ends_asking]
    if closing:
        message = f"batch {batch.batch_id} was cut short: {closing[-1].message}"
        raise AirflowFailException(message)


def refuse_faults(batch_id: str, faults: Sequence[Failure]) -> None:
    """Raise `AirflowFailException` with a table of the accounts that the batch could not fetch in full."""
    if faults:
        message = f"batch {batch_id} is not complete:\n{failure_table(faults)}"
        raise AirflowFailException(message)


def failure_table(failures: Sequence[Failure]) -> str:
    """Return failures as lines of text: account, reason, what happened."""
    rows = [("account", "reason", "what happened")]
    rows += [(one.username, one.reason, one.message) for one in failures[:_SHOWN]]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = [f"  {row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}" for row in rows]
    rest = len(failures) - _SHOWN
    return "\n".join([*lines, f"  ... and {rest} more: collector batches --json"] if rest > 0 else lines)


def _failed(error: CollectorError) -> AirflowFailException:
    return AirflowFailException(_line(error))


def _line(error: CollectorError) -> str:
    return f"{type(error).__name__}: {error}" + (f" ({error.hint})" if error.hint else "")
