"""The command line: parses, prints, and turns errors into one clear line and an exit code."""

import contextlib
import ctypes
import gc
import sys

import click

from collector.cli.accounts import accounts
from collector.cli.collecting import backfill, collect, run
from collector.cli.deployment import deployment
from collector.cli.doctor import doctor
from collector.cli.frame import CollectorGroup, run_command_line, version
from collector.cli.local_airflow import airflow
from collector.cli.metrics import metrics
from collector.cli.playground import demo, sandbox
from collector.cli.sql import sql
from collector.cli.steps import commit, fetch, plan, publish
from collector.cli.ui import ui
from collector.cli.upkeep import migrate, rebuild, verify
from collector.cli.views import batches, cursors, gaps, status

GARBAGE_THRESHOLD = 100_000
_M_ARENA_MAX = -8  # of glibc's malloc.h


@click.group(cls=CollectorGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version(), prog_name="collector")
def collector() -> None:
    """Keep a complete, exactly-once CSV copy of the tweets of X accounts.

    First use: export COLLECTOR_X_BEARER_TOKEN=..., then `collector accounts add nasa` and `collector collect`.
    Without an account: `collector demo`.
    """


for command in (
    accounts,
    collect,
    run,
    backfill,
    plan,
    fetch,
    publish,
    commit,
    cursors,
    batches,
    gaps,
    status,
    metrics,
    ui,
    sql,
    verify,
    rebuild,
    migrate,
    doctor,
    demo,
    sandbox,
    airflow,
    deployment,
):
    collector.add_command(command)


def keep_memory_small() -> None:
    """Tune garbage collection and malloc for a batch: many small values that live on, and large passing ones."""
    # Looking through a million values of a long account list seldom saves a third of a plan.
    gc.set_threshold(GARBAGE_THRESHOLD, 20, 20)
    # Of every thread's own arena a part stays unused: with two in all, a fetch needs a third less memory.
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def main() -> None:
    """Run the command line and exit: 0 done, 1 something failed, 2 wrong usage or configuration, 75 try later."""
    keep_memory_small()
    code = run_command_line(collector)
    # Otherwise the interpreter looks at every object of every library once more, a quarter of a short command's time.
    gc.freeze()
    sys.exit(code)
