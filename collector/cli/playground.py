"""`collector demo` and `collector sandbox`: everything without an account."""

import importlib.util
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from collector.cli.frame import stop_signal
from collector.core.errors import CollectorError, ConfigError

if TYPE_CHECKING:
    from collector.sandbox import Sandbox

HISTORY = timedelta(days=3)
PORT = click.IntRange(0, 65535)


@click.command()
@click.option("--keep", is_flag=True, help="Leave the sandbox up, and print the environment to paste.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where files and the state database go; default: a new temporary folder.",
)
def demo(*, keep: bool, folder: Path | None) -> None:
    """Show everything against a sandbox: no account needed.

    Starts a stand-in X API and S3 on this machine, runs the real commands against them, and leaves nothing running.
    """
    prepare_s3()
    from collector.sandbox import Sandbox  # noqa: PLC0415  the collector works without its sandbox
    from collector.sandbox.demo import Demo  # noqa: PLC0415
    from collector.sandbox.environment import exports  # noqa: PLC0415

    place = _empty_folder(folder or Path(tempfile.mkdtemp(prefix="collector-demo-")))
    with Sandbox(tweets=120, history=HISTORY, live_per_hour=900, s3=True) as sandbox:
        shown = Demo(sandbox, place)
        try:
            shown.run()
        except RuntimeError as error:
            raise CollectorError(str(error)) from error
        if keep:
            click.echo(f"\nThe sandbox is up. In another shell:\n\n{exports(shown.environment())}\n")
            _until_stopped()


@click.command()
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same tweets.")
@click.option("--accounts", type=click.IntRange(min=1), default=6, show_default=True, help="How many accounts.")
@click.option("--tweets", type=click.IntRange(min=0), default=200, show_default=True, help="Tweets of each so far.")
@click.option(
    "--live-per-hour", type=click.FloatRange(min=0), default=60, show_default=True, help="New tweets of each, per hour."
)
@click.option(
    "--latency", type=click.FloatRange(min=0), default=0, show_default=True, help="Seconds that every answer takes."
)
@click.option("--port", type=PORT, default=0, help="Port of the X API; default: a free one.")
@click.option("--s3-port", type=PORT, default=0, help="Port of the S3; default: a free one.")
@click.option("--plain", is_flag=True, help="Leave out the texts that break CSV writers.")
@click.option("--no-s3", is_flag=True, help="Serve the X API alone.")
@click.option(
    "--replay",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Serve recorded answers from this folder instead of made-up tweets.",
)
def sandbox(*, latency: float, plain: bool, no_s3: bool, replay: Path | None, **settings: Any) -> None:  # noqa: ANN401  as Sandbox
    """Serve a stand-in X API and S3 until stopped.

    Both listen on 127.0.0.1. The environment to paste into another shell is printed.
    """
    if not no_s3:
        prepare_s3()
    from collector.sandbox.environment import environment_of, exports  # noqa: PLC0415

    settings |= {"history": HISTORY, "latency": timedelta(seconds=latency), "s3": not no_s3, "hostile": not plain}
    with _opened(settings, replay) as place:
        click.echo(exports(environment_of(place, "sandbox")))
        names = [account.username for account in place.users.values()]
        click.echo(f"# accounts to follow: {' '.join(names[:20])}", err=True)
        click.echo("# Ctrl-C stops it", err=True)
        _until_stopped()


def _empty_folder(folder: Path) -> Path:
    place = folder.resolve()
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"--folder {place} cannot be made: {error.strerror}"
        raise ConfigError(message, hint="name a folder where you may write") from error
    if (place / "state.db").exists():
        message = f"--folder {place} holds a demo already"
        raise ConfigError(message, hint="name a new folder")
    return place


@contextmanager
def _opened(settings: Mapping[str, Any], replay: Path | None) -> Iterator["Sandbox"]:
    from collector.sandbox import Sandbox  # noqa: PLC0415

    try:
        place = Sandbox(replay=replay, **settings)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"--replay {replay} holds a file that is no recorded answer: {type(error).__name__} {error}"
        raise ConfigError(message, hint="a file is {request: {method, url}, status, headers, body} in JSON") from error
    if not place.users:
        message = f"--replay {replay} holds no recorded timeline"
        raise ConfigError(message, hint="a timeline is an answer of GET /2/users/:id/tweets with status 200")
    with ExitStack() as opened:
        try:
            opened.enter_context(place)
        except OSError as error:
            message = f"a port of the sandbox cannot be opened: {error.strerror or error}"
            raise ConfigError(message, hint="choose other ports with --port and --s3-port") from error
        yield place


def _until_stopped() -> None:
    with stop_signal() as stopped:
        _wait(stopped)


def _wait(stopped: Event) -> None:
    while not stopped.wait(3600):
        pass


def prepare_s3() -> None:
    """Raise `ConfigError` without moto; and forget the person's own AWS settings, which moto would look up."""
    if importlib.util.find_spec("moto") is None:
        message = "the sandbox's S3 needs the package moto, which is not installed"
        raise ConfigError(message, hint="pip install 'collector[sandbox]'")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
