"""A stage: a real Airflow, one Postgres for it and for the collector's state, a sandbox of X and S3."""

import csv
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import boto3
import psutil
from collector_process import clean_environment
from postgres import PostgresServer

from collector.airflow.local import LocalAirflow
from collector.airflow.pool import MAKE
from collector.core.errors import CollectorError
from collector.core.ids import id_at
from collector.core.times import time_text
from collector.sandbox import Sandbox
from collector.sandbox.environment import environment_of

ROOT = Path(__file__).parent.parent
WINDOW = timedelta(seconds=20)
PATIENCE = 150.0
ENDED = ("success", "failed")


@dataclass
class Stage:
    """Everything that runs, and the questions of the tests."""

    airflow: LocalAirflow
    sandbox: Sandbox
    environment: dict[str, str]
    folder: Path

    # What Airflow does

    def unpause(self, dag_id: str, *, paused: bool = False) -> None:
        self.airflow.patch(f"dags/{dag_id}", {"is_paused": paused})

    @contextmanager
    def scheduled(self, dag_id: str = "collect_tweets") -> Iterator[None]:
        """Let the DAG's windows run while the block lasts; a run that has begun then goes on in the next block."""
        self.unpause(dag_id)
        try:
            yield
        finally:
            self.unpause(dag_id, paused=True)

    def runs(self, dag_id: str, *states: str, kind: str = "") -> list[dict[str, Any]]:
        """Return the runs of a DAG, newest window first."""
        found = self.airflow.get(f"dags/{dag_id}/dagRuns?limit=100&order_by=-run_after")["dag_runs"]
        return [one for one in found if one["state"] in (states or (one["state"],)) and kind in one["run_type"]]

    def tasks(self, run: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Return the task instances of a run by task; each has one of a kind, for there is one shard."""
        path = f"dags/{run['dag_id']}/dagRuns/{run['dag_run_id']}/taskInstances"
        return {one["task_id"]: one for one in self.airflow.get(path)["task_instances"]}

    def states(self, run: dict[str, Any]) -> dict[str, str]:
        return {task_id: one["state"] for task_id, one in self.tasks(run).items()}

    def xcom(self, run: dict[str, Any], task_id: str, key: str) -> Any:
        path = f"dags/{run['dag_id']}/dagRuns/{run['dag_run_id']}/taskInstances/{task_id}/xcomEntries/{key}"
        return self.airflow.get(f"{path}?map_index={self.tasks(run)[task_id]['map_index']}&deserialize=true")["value"]

    def log(self, run: dict[str, Any], task_id: str) -> str:
        """Return all that a task has logged, over all tries."""
        folder = self.airflow.home / "logs" / f"dag_id={run['dag_id']}" / f"run_id={run['dag_run_id']}"
        paths = sorted((folder / f"task_id={task_id}").rglob("*.log"))
        return "\n".join(path.read_text("utf-8") for path in paths)

    def backfill(self, start: datetime, end: datetime, *more: str, dag_id: str = "collect_tweets") -> None:
        """Ask for the windows that begin in `[start, end]`, by the real command."""
        words = ("backfill", "create", "--dag-id", dag_id, "--from-date", time_text(start), "--to-date", time_text(end))

        def is_taken() -> bool:
            # The scheduler looks every half minute whether the last one has ended.
            with suppressed("AlreadyRunningBackfill"):
                self.airflow.run(*words, *more)
                return True
            return False

        self.wait(is_taken, "the backfill is taken")

    def trigger(self, dag_id: str, start: datetime, end: datetime, *, wait: bool = True) -> dict[str, Any]:
        """Run a DAG for a window of our own."""
        self.unpause(dag_id)
        window = {"data_interval_start": time_text(start), "data_interval_end": time_text(end)}
        run = self.airflow.ask(f"/api/v2/dags/{dag_id}/dagRuns", window | {"logical_date": time_text(start)})
        return self.ended(run) if wait else run

    def ended(self, run: dict[str, Any]) -> dict[str, Any]:
        """Return a run once it has ended."""
        path = f"dags/{run['dag_id']}/dagRuns/{run['dag_run_id']}"
        self.wait(lambda: self.airflow.get(path)["state"] in ENDED, f"{run['dag_run_id']} ends")
        return self.airflow.get(path)

    def task_process(self, run: dict[str, Any], task_id: str) -> int:
        """Return the process in which a task runs: its title names the task instance."""
        scheduler = psutil.Process(self.airflow.pids["scheduler"])
        title = f"airflow worker -- {self.tasks(run)[task_id]['id']}"
        (found,) = (one for one in scheduler.children(recursive=True) if title in title_of(one))
        return found.pid

    def windows(self, dag_id: str, start: datetime, end: datetime, *, begun_after: str = "") -> list[dict[str, Any]]:
        """Return the runs of the windows that begin in `[start, end]`, once all have ended; oldest first."""

        def is_over(run: dict[str, Any]) -> bool:
            return run["state"] in ENDED and run["start_date"] > begun_after

        def found() -> list[dict[str, Any]]:
            runs = [one for one in self.runs(dag_id) if start <= time_of(one["data_interval_start"]) <= end]
            return sorted(runs, key=lambda one: one["data_interval_start"])

        self.wait(lambda: found() and all(map(is_over, found())), f"{dag_id} from {start} ends")
        return found()

    def wait(self, is_so: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
        """Return the first true answer."""
        deadline = time.monotonic() + seconds
        while not (answer := is_so()):
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}\n{self.airflow.said()}"
            time.sleep(0.4)
        return answer

    # What the collector and S3 say

    def collector(self, *words: str, codes: tuple[int, ...] = (0,)) -> Any:
        """Run a command of the collector, and return its JSON."""
        command = [sys.executable, "-m", "collector", *words]
        environment = clean_environment(self.folder) | self.environment
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        assert done.returncode in codes, (words, done.stdout, done.stderr)
        return json.loads(done.stdout) if "--json" in words else done.stdout

    def batch_of(self, run: dict[str, Any]) -> dict[str, Any]:
        """Return the batch of a run as the collector tells of it."""
        batch_id = self.xcom(run, "plan", "return_value")
        (batch,) = (one for one in self.collector("batches", "--limit", "500", "--json") if one["batch_id"] == batch_id)
        return batch

    def rows(self) -> list[dict[str, str]]:
        """Return every row on S3."""
        return [row for body in self.objects().values() for row in rows_of(body)]

    def rows_between(self, start: datetime, end: datetime) -> list[int]:
        """Return the ids of all rows of tweets made in a window, sorted; a repeated one stands there twice."""
        ids = range(id_at(start) + 1, id_at(end) + 1)
        return sorted(found for row in self.rows() if (found := int(row["tweet_id"])) in ids)

    def objects(self, prefix: str = "tweets/") -> dict[str, bytes]:
        """Return the objects on S3 by key."""
        bucket = self._s3().Bucket(self.sandbox.s3_bucket)
        return {one.key: one.get()["Body"].read() for one in bucket.objects.filter(Prefix=f"airflow/{prefix}")}

    def remove(self, key: str) -> None:
        self._s3().Object(self.sandbox.s3_bucket, key).delete()

    def asked(self, start: datetime, end: datetime) -> list[str]:
        """Return the timeline requests for tweets of a window alone that X answered with what was asked for."""
        return [
            f"{one.path}?{sorted(one.query.items())}"
            for one in self.sandbox.requests
            if one.path.endswith("/tweets") and one.status == HTTPStatus.OK and _is_within(one.query, start, end)
        ]

    def truth(self, start: datetime, end: datetime) -> list[int]:
        """Return the ids of all tweets made in a window, sorted."""
        source = self.sandbox.api.source
        return sorted(one for user in source.users for one in source.ids(user, id_at(start), id_at(end) + 1))

    def _s3(self) -> Any:
        return boto3.resource(
            "s3",
            endpoint_url=self.sandbox.s3_url,
            region_name="us-east-1",
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",
        )


@contextmanager
def open_stage(folder: Path, server: PostgresServer) -> Iterator[Stage]:
    with ExitStack() as opened:
        sandbox = opened.enter_context(
            Sandbox(accounts=3, tweets=2400, history=timedelta(hours=2), live_per_hour=1200, s3=True)
        )
        database = opened.enter_context(server.database("template1"))
        environment = environment_of(sandbox, "airflow") | {
            "COLLECTOR_STATE_URL": database,
            "COLLECTOR_SCHEDULE": "* * * * * */20",
            "COLLECTOR_SETTLE_SECONDS": "1",
            "COLLECTOR_INITIAL_LOOKBACK": "2m",
            "COLLECTOR_RETRIES": "1",
            "COLLECTOR_RETRY_DELAY": "1s",
        }
        airflow = LocalAirflow(
            home=folder / "airflow",
            dags=ROOT / "dags",
            config=ROOT / "config" / "airflow" / "airflow.cfg",
            environment=connected(environment)
            | {
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": database.replace("+psycopg:", "+psycopg_async:"),
            },
        )
        stage = Stage(airflow, sandbox, environment, folder)
        opened.enter_context(airflow)
        # Beside Airflow's own tables, in one database.
        stage.collector("migrate")
        stage.collector("accounts", "add", *(user.username for user in sandbox.users.values()))
        airflow.run(*MAKE)
        yield stage


def title_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def connected(environment: dict[str, str]) -> dict[str, str]:
    """Return an environment in which Airflow's connections say what the variables of X and AWS did."""
    kept = {name: value for name, value in environment.items() if not name.startswith(("AWS_", "COLLECTOR_X_"))}
    x = {"host": environment["COLLECTOR_X_BASE_URL"], "password": environment["COLLECTOR_X_BEARER_TOKEN"]}
    aws = {
        "login": environment["AWS_ACCESS_KEY_ID"],
        "password": environment["AWS_SECRET_ACCESS_KEY"],
        "extra": {"endpoint_url": environment["AWS_ENDPOINT_URL_S3"], "region_name": environment["AWS_DEFAULT_REGION"]},
    }
    return kept | {
        "AIRFLOW_CONN_X_API": json.dumps({"conn_type": "http"} | x),
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps({"conn_type": "aws"} | aws),
    }


@contextmanager
def suppressed(text: str) -> Iterator[None]:
    """Pass over an error of Airflow's command line that says this."""
    try:
        yield
    except CollectorError as error:
        if text not in str(error):
            raise


def minutes_ago(minutes: float) -> datetime:
    """Return the start of the window in which it was so many minutes ago."""
    moment = datetime.now(UTC) - timedelta(minutes=minutes)
    return moment.replace(microsecond=0, second=moment.second // 20 * 20)


def _is_within(query: dict[str, str], start: datetime, end: datetime) -> bool:
    ids = int(query.get("since_id", 0)), int(query.get("until_id", 0))
    return id_at(start) <= ids[0] < ids[1] <= id_at(end) + 1


def rows_of(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8"), newline="")))


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text)
