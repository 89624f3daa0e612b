"""Runs: which window and kind of batch a DAG run stands for."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from collector.core.batches import BatchKind, Window
from collector.flow.rounds import FIRST_WINDOW

Context = Mapping[str, Any]
"""What Airflow tells a task of its run."""


def window_of(context: Context, settle: timedelta) -> Window:
    """Return the data interval; of a run that has none, the quarter of an hour that has settled when it was asked for.

    A manual run may come without an interval, and a bare cron string makes empty ones.
    """
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if start is not None and end is not None and start < end:
        return Window(_whole(start), _whole(end))
    until = _whole(context["dag_run"].run_after) - _rounded_up(settle)
    return Window(until - FIRST_WINDOW, until)


def kind_of(context: Context, usual: BatchKind) -> BatchKind:
    """Return what the run's batch is for: a backfill asks for its window alone, a live run reaches back to the cursor.

    By the type of the run, never by its id: clearing a scheduled run for a backfill keeps the id.
    """
    return BatchKind.BACKFILL if context["dag_run"].run_type.value == "backfill" else usual


def settled_at(window: Window, settle: timedelta) -> datetime:
    """Return when everything in a window is old enough to be claimed."""
    return window.end + _rounded_up(settle)


def _whole(moment: datetime) -> datetime:
    return datetime.fromtimestamp(int(moment.timestamp()), UTC)


def _rounded_up(settle: timedelta) -> timedelta:
    return timedelta(seconds=-(-settle // timedelta(seconds=1)))
