"""What every command shares: errors as one line, exit codes, options, progress."""

import json
import re
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib import metadata
from threading import Event
from types import FrameType
from typing import Any

import click
import structlog

from collector.core.batches import Failure, Window
from collector.core.errors import (
    CollectorError,
    ConfigError,
    CredentialsRefused,
    RetryableError,
    SecretRefused,
    StoreRefused,
)
from collector.core.times import parse_duration, parse_time
from collector.logs import configure_logs
from collector.settings import Settings, read_settings

DONE, FAILED, WRONG_USE, TRY_LATER, STOPPED = 0, 1, 2, 75, 130

_BATCH_NAME = re.compile(r"[a-z]+-\d{8}T\d{6}Z-s\d{2,}(\.\d+)?")

log = structlog.get_logger("collector.cli")


class CollectorGroup(click.Group):
    """Commands in the order they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Return the commands as they were added, not by name."""
        return list(self.commands)


def run_command_line(command: click.Command) -> int:
    """Run what the arguments of this process ask for, and return the exit code; an error becomes one line on stderr."""
    configure_logs()
    try:
        return command.main(prog_name="collector", standalone_mode=False) or DONE
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return WRONG_USE
    except (CollectorError, click.ClickException, click.Abort, OSError) as error:
        message, hint, code = _meaning(error)
    except Exception as error:
        # A traceback goes through the log, which hides the secrets that an exception may quote.
        log.exception("command.failed")
        message, hint, code = f"{type(error).__name__}: {error}", "this is a fault of the collector: report it", FAILED
    line = f"collector: {message} ({hint})" if hint else f"collector: {message}"
    click.echo(" ".join(line.split()), err=True)
    return code


def _meaning(error: Exception) -> tuple[str, str, int]:
    """Return what an error says, what a person should do next, and the exit code."""
    match error:
        case CollectorError():
            return str(error), error.hint, exit_code(error)
        case click.UsageError(ctx=context):
            command = context.command_path if context else "collector"
            return error.format_message().rstrip("."), f"see {command} --help", WRONG_USE
        case click.ClickException():
            return error.format_message(), "", WRONG_USE
        case OSError():
            place = f"{error.filename}: " if error.filename else ""
            return f"{place}{error.strerror or error}", "check that it exists, and your rights to it", FAILED
        case _:
            return "stopped", "what was begun is finished by the next collect", STOPPED


def exit_code(error: CollectorError) -> int:
    """Return how a command ends on an error."""
    if isinstance(error, (ConfigError, StoreRefused, SecretRefused, CredentialsRefused)):
        return WRONG_USE
    return TRY_LATER if isinstance(error, RetryableError) else FAILED


def exit_code_of(failures: Sequence[Failure]) -> int:
    """Return how a command ends on a batch's failures."""
    faults = [failure for failure in failures if failure.is_fault]
    if not faults:
        return DONE
    return TRY_LATER if all(fault.may_pass for fault in faults) else FAILED


def version() -> str:
    """Return the installed version."""
    return metadata.version("collector")


def settings(level: str = "info") -> Settings:
    """Read the settings and send logs to stderr, without secrets. Raises `ConfigError`."""
    configure_logs(level=level)
    found = read_settings()
    configure_logs(secrets=found.secrets(), level=level)
    return found


def print_json(document: object) -> None:
    """Print one JSON document on stdout."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else there.")


class _Time(click.ParamType[datetime]):
    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:  # noqa: ANN401
        if isinstance(value, datetime):
            return value
        try:
            return parse_time(value).replace(microsecond=0)
        except ConfigError as error:
            self.fail(f"{error} ({error.hint})", param, ctx)


class _Duration(click.ParamType[timedelta]):
    name = "DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:  # noqa: ANN401
        if isinstance(value, timedelta):
            return value
        try:
            return parse_duration(value)
        except ConfigError as error:
            self.fail(f"{error} ({error.hint})", param, ctx)


class _BatchId(click.ParamType[str]):
    name = "BATCH_ID"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401
        if not _BATCH_NAME.fullmatch(value):
            self.fail(f"{value!r} is no batch id: it looks like live-20261122T061500Z-s00", param, ctx)
        return str(value)


TIME, DURATION, BATCH_ID = _Time(), _Duration(), _BatchId()


def window_of(start: datetime | None, end: datetime | None) -> Window | None:
    """Return the window of two options, or None when neither is given."""
    if start is None and end is None:
        return None
    if start is None or end is None:
        message = "--window-start and --window-end go together"
        raise click.UsageError(message)
    return Window(start, end)


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show progress on stderr while the block runs, if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _done, _of: None
        return
    from rich.console import Console  # noqa: PLC0415  only a terminal needs it
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


@contextmanager
def stop_signal() -> Iterator[Event]:
    """Yield an event that SIGTERM and SIGINT set, so that a service ends after its current step."""
    stopped = Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
