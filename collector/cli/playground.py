"""`collector demo` and `collector sandbox`: everything without an account."""

import importlib.util
import tempfile
from datetime import timedelta
from pathlib import Path
from threading import Event

import click

from collector.cli.frame import stop_signal
from collector.core.errors import CollectorError, ConfigError

HISTORY = timedelta(days=3)


@click.command()
@click.option("--keep", is_flag=True, help="Leave the sandbox up, and print the environment to paste.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where files and the state database go; default: a new temporary folder.",
)
def demo(*, keep: bool, folder: Path | None) -> None:
    """Show everything against the sandbox: no account needed, nothing left running."""
    _require_moto()
    from collector.sandbox import Sandbox  # noqa: PLC0415  the collector works without its sandbox
    from collector.sandbox.demo import Demo  # noqa: PLC0415
    from collector.sandbox.environment import exports  # noqa: PLC0415

    place = (folder or Path(tempfile.mkdtemp(prefix="collector-demo-"))).resolve()
    place.mkdir(parents=True, exist_ok=True)
    if (place / "state.db").exists():
        message = f"--folder {place} holds a demo already"
        raise ConfigError(message, hint="name a new folder")
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
@click.option("--live-per-hour", type=float, default=60, show_default=True, help="New tweets of each, per hour.")
@click.option("--latency", type=float, default=0, show_default=True, help="Seconds that every answer takes.")
@click.option("--port", type=int, default=0, help="Port of the X API; default: a free one.")
@click.option("--s3-port", type=int, default=0, help="Port of the S3; default: a free one.")
@click.option("--no-s3", is_flag=True, help="Serve the X API alone.")
@click.option(
    "--replay",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Serve recorded answers from this folder instead of made-up tweets.",
)
def sandbox(  # noqa: PLR0913  one argument an option
    *,
    seed: int,
    accounts: int,
    tweets: int,
    live_per_hour: float,
    latency: float,
    port: int,
    s3_port: int,
    no_s3: bool,
    replay: Path | None,
) -> None:
    """Serve a stand-in X API and S3 on 127.0.0.1 until stopped; print the environment to paste."""
    if not no_s3:
        _require_moto()
    from collector.sandbox import Sandbox  # noqa: PLC0415
    from collector.sandbox.environment import environment_of, exports  # noqa: PLC0415

    place = Sandbox(
        seed=seed,
        accounts=accounts,
        tweets=tweets,
        history=HISTORY,
        live_per_hour=live_per_hour,
        latency=timedelta(seconds=latency),
        port=port,
        s3_port=s3_port,
        s3=not no_s3,
        replay=replay,
    )
    try:
        place.__enter__()
    except OSError as error:
        message = f"a port of the sandbox cannot be opened: {error.strerror or error}"
        raise ConfigError(message, hint="choose other ports with --port and --s3-port") from error
    try:
        click.echo(exports(environment_of(place, "sandbox")))
        names = [account.username for account in place.world.users.values()]
        click.echo(f"# accounts to follow: {' '.join(names[:20])}", err=True)
        click.echo("# Ctrl-C stops it", err=True)
        _until_stopped()
    finally:
        place.__exit__(None, None, None)


def _until_stopped() -> None:
    with stop_signal() as stopped:
        _wait(stopped)


def _wait(stopped: Event) -> None:
    while not stopped.wait(3600):
        pass


def _require_moto() -> None:
    if importlib.util.find_spec("moto") is None:
        message = "the sandbox's S3 needs the package moto, which is not installed"
        raise ConfigError(message, hint="pip install 'collector[sandbox]'")
