"""`collector airflow`: a real Airflow on this machine, at work on X or on a sandbox."""

import contextlib
import importlib.util
import os
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from collector.cli.frame import settings
from collector.cli.playground import PORT, prepare_s3
from collector.core.errors import CollectorError, ConfigError
from collector.deployment import path_of
from collector.settings import DATA_FOLDER, PREFIX, Settings

if TYPE_CHECKING:
    from collector.airflow.local import LocalAirflow
    from collector.sandbox import Sandbox

DAGS = ("collect_tweets", "backfill_tweets", "daily_summary")
_PAUSE = 2.0
_ENDED_RUNS = "dags/collect_tweets/dagRuns?limit=20&order_by=-run_after&state=success&state=failed"


@click.command("airflow")
@click.option("--port", type=PORT, default=8080, show_default=True, help="Where Airflow answers; 0: a free port.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where Airflow keeps its files; default: collector-data/airflow, or a new temporary folder for a sandbox.",
)
def airflow(*, port: int, folder: Path | None) -> None:
    """Run a real Airflow on this machine until stopped.

    With COLLECTOR_X_BEARER_TOKEN and COLLECTOR_OUTPUT=s3://... set it collects the
    accounts you follow; otherwise it starts a stand-in X API and S3, and windows of one minute.
    """
    _require_airflow()
    with _one_interrupt():
        try:
            _run(port, folder)
        except KeyboardInterrupt:
            click.echo("stopped")


def _run(port: int, folder: Path | None) -> None:
    from collector import wiring  # noqa: PLC0415  help must not wait for pandas

    found = settings("warning")
    if _is_real(found):
        place = folder or DATA_FOLDER / "airflow"
        click.echo(f"collecting the accounts you follow, from {found.x_base_url} to {found.output}")
        wiring.migrate(found)
        _serve(place, port, os.environ)
        return
    from collector.sandbox import Sandbox  # noqa: PLC0415

    click.echo(f"working on a sandbox: set {PREFIX}X_BEARER_TOKEN and {PREFIX}OUTPUT=s3://... to collect from X")
    prepare_s3()
    place = folder or Path(tempfile.mkdtemp(prefix="collector-airflow-"))
    with Sandbox(tweets=120, history=timedelta(days=3), live_per_hour=900, s3=True) as sandbox:
        _serve(place, port, _of_sandbox(sandbox, place))


def _is_real(found: Settings) -> bool:
    has_token = found.x_bearer_token is not None or found.x_bearer_token_secret is not None
    return has_token and found.output.startswith("s3://")


def _of_sandbox(sandbox: "Sandbox", place: Path) -> dict[str, str]:
    """Return the environment for a sandbox, after following its accounts."""
    from collector import wiring  # noqa: PLC0415
    from collector.flow.follow import follow  # noqa: PLC0415
    from collector.sandbox.environment import environment_of  # noqa: PLC0415

    kept = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "AWS_"))}
    own = environment_of(sandbox, "airflow") | {
        f"{PREFIX}STATE_URL": f"sqlite:///{place.resolve()}/state.db",
        f"{PREFIX}SCHEDULE": "* * * * *",
        f"{PREFIX}SETTLE_SECONDS": "5",
        f"{PREFIX}INITIAL_LOOKBACK": "1d",
        f"{PREFIX}RETRY_DELAY": "5s",
    }
    place.mkdir(parents=True, exist_ok=True)
    os.environ.update(own)
    found = settings("warning")
    ports = wiring.open_ports(found)
    follow(
        [user.username for user in sandbox.users.values()],
        state=ports.state,
        source=ports.source,
        clock=ports.clock,
        following=wiring.following(found),
    )
    return kept | own


def _serve(place: Path, port: int, environment: Mapping[str, str]) -> None:
    from collector.airflow.local import USER, LocalAirflow  # noqa: PLC0415
    from collector.airflow.pool import MAKE  # noqa: PLC0415

    dags, config = path_of("dags"), path_of("airflow.cfg")
    # A person's own Airflow must not be touched; connections may come along.
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith("AIRFLOW") or name.startswith("AIRFLOW_CONN_")
    }
    click.echo("starting Airflow ...")
    with LocalAirflow(home=place.resolve(), dags=dags, config=config, environment=kept, port=port) as opened:
        opened.run(*MAKE)
        for dag_id in DAGS:
            opened.patch(f"dags/{dag_id}", {"is_paused": False})
        click.echo(f"\n  {opened.url}   user {USER}   password {opened.password}\n\n  files  {place.resolve()}\n")
        click.echo("Ctrl-C stops everything. Windows as they end:")
        _tell_runs(opened)


def _tell_runs(opened: "LocalAirflow") -> None:
    told: set[str] = set()
    while not opened.ended():
        # An answer that is late or lost is asked for again.
        with contextlib.suppress(OSError):
            for run in reversed(opened.get(_ENDED_RUNS)["dag_runs"]):
                if run["dag_run_id"] not in told:
                    told.add(run["dag_run_id"])
                    click.echo(f"  {run['data_interval_start']} to {run['data_interval_end']}  {run['state']}")
        time.sleep(_PAUSE)
    message = f"Airflow's {opened.ended()} ended by itself"
    raise CollectorError(message, hint=f"see its log in {opened.home}")


def _require_airflow() -> None:
    if importlib.util.find_spec("airflow") is None:
        message = "Airflow is not installed"
        raise ConfigError(message, hint="pip install 'collector[airflow,sandbox]', or make airflow")


@contextmanager
def _one_interrupt() -> Iterator[None]:
    """Let SIGTERM, a closed terminal and Ctrl-C interrupt the block once, so that the cleaning up is not cut short."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
