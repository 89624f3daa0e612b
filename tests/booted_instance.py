"""An instance after its first boot, in a clean root: its units started as systemd would, on a sandbox of X and S3."""

import json
import shlex
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import boto3
import psutil
from boot_script import UNITS, rendered
from clean_root import PATH, CleanRoot, assignments, kept_environment
from unit_files import values

from collector.sandbox import Sandbox
from collector.sandbox.environment import environment_of

HOME = "/var/lib/collector"
STAYING = ("api-server", "scheduler", "dag-processor")
RELEASE = "releases/0123456789ab"
PATIENCE = 120.0


@dataclass(slots=True)
class BootedInstance:
    """The root, what its first boot said, and what the tests ask of it."""

    root: CleanRoot
    sandbox: Sandbox
    script: str
    url: str
    said: str = ""
    token: str = ""

    def boot(self) -> None:
        """Run the script as cloud-init does."""
        self.root.path("/root/user-data.sh").write_text(self.script)
        self.said = self.root.done("bash", "/root/user-data.sh", **self.network())

    def network(self) -> dict[str, str]:
        """Return what an instance has by its role and its region, and this machine's way to packages."""
        aws = {name: value for name, value in environment_of(self.sandbox, "-").items() if name.startswith("AWS_")}
        return {**kept_environment(), **aws}

    @property
    def log(self) -> str:
        return self.root.text("/var/log/collector/boot.log")

    @property
    def password(self) -> str:
        return json.loads(self.root.text(f"{HOME}/airflow/passwords.json"))["admin"]

    def environment(self) -> dict[str, str]:
        """Return what the units' environment files say."""
        files = values(UNITS["common.conf"], "EnvironmentFile")
        lines = [line for file in files for line in self.root.done("cat", file).splitlines()]
        return {"PATH": PATH, "HOME": HOME, **assignments(lines)}

    def lines_of(self, part: str) -> list[list[str]]:
        return [shlex.split(line) for line in values(UNITS[f"collector-{part}.service"], "ExecStart")]

    def command(self, *words: str) -> list[str]:
        """Return what starts a program as the units do: their user, their folder."""
        (user,), (folder,) = (values(UNITS["common.conf"], name) for name in ("User", "WorkingDirectory"))
        return self.root.command(*words, user=user, folder=folder)

    def run_unit(self, part: str, *, only: slice = slice(None)) -> str:
        """Run the lines of a oneshot unit, and return what they said."""
        said = ""
        for words in self.lines_of(part)[only]:
            done = subprocess.run(  # noqa: S603
                self.command(*words), env=self.environment(), capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, (words, done.stdout[-3000:], done.stderr[-3000:])
            said += done.stdout
        return said

    @contextmanager
    def services(self) -> Iterator[dict[str, psutil.Process]]:
        """Keep the three services of Airflow up while the block lasts."""
        with ExitStack() as opened:
            started = {part: self._start(part, opened) for part in STAYING}
            self.wait(self._is_healthy, "Airflow is up")
            yield started

    def _start(self, part: str, opened: ExitStack) -> psutil.Process:
        (words,) = self.lines_of(part)
        out = opened.enter_context(self.root.path(f"/var/log/collector/{part}.log").open("ab"))
        process = psutil.Popen(self.command(*words), env=self.environment(), stdout=out, stderr=out)
        opened.callback(_end, process)
        return process

    def _is_healthy(self) -> bool:
        try:
            health = self.ask("/api/v2/monitor/health")
        except (OSError, ValueError):
            return False
        return all(health[part]["status"] == "healthy" for part in ("scheduler", "dag_processor"))

    def ask(self, path: str, document: object = None, method: str | None = None) -> Any:
        """Ask Airflow's API as the one user it has."""
        if not self.token:
            self.token = "-"
            answer = self.ask("/auth/token", {"username": "admin", "password": self.password})
            self.token = answer["access_token"]
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        body = None if document is None else json.dumps(document).encode()
        try:
            with urlopen(Request(f"{self.url}{path}", body, headers, method=method), timeout=30) as answer:  # noqa: S310
                return json.load(answer)
        except URLError:
            self.token = "" if self.token == "-" else self.token
            raise

    def refusal(self, path: str, headers: dict[str, str]) -> int:
        """Return the status with which Airflow refuses a request."""
        try:
            with urlopen(Request(f"{self.url}{path}", headers=headers), timeout=30) as answer:  # noqa: S310
                return answer.status
        except HTTPError as error:
            return error.code

    def wait(self, is_so: Callable[[], Any], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            logs = {part: self.root.text(f"/var/log/collector/{part}.log")[-600:] for part in STAYING}
            assert time.monotonic() < deadline, f"not within {PATIENCE} s: {what}\n{logs}"
            time.sleep(0.5)

    def rows(self) -> int:
        """Return how many tweets lie on S3."""
        given = self.environment()
        s3 = boto3.resource(
            "s3",
            endpoint_url=given["AWS_ENDPOINT_URL_S3"],
            region_name=given["AWS_DEFAULT_REGION"],
            aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
        )
        found = s3.Bucket(self.sandbox.s3_bucket).objects.filter(Prefix="airflow/tweets/")
        return sum(one.get()["Body"].read().count(b"\n") - 1 for one in found)


def _end(process: psutil.Process) -> None:
    """End a service and all it has started, as systemd does with a unit's processes."""
    every = [process, *process.children(recursive=True)]
    for each in every:
        each.terminate()
    _, left = psutil.wait_procs(every, 20)
    for each in left:
        each.kill()
    psutil.wait_procs(left, 20)


def made_instance(root: CleanRoot, sandbox: Sandbox, wheel: Path, folder: Path) -> BootedInstance:
    """Put the wheel on S3 as Terraform does, and render the script for the sandbox."""
    s3 = boto3.client("s3", **_at(sandbox))
    s3.upload_file(str(wheel), sandbox.s3_bucket, f"{RELEASE}/{wheel.name}")
    url = f"http://127.0.0.1:{_free_port()}"
    environment = environment_of(sandbox, "airflow") | {
        "AIRFLOW__API__PORT": url.rpartition(":")[2],
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "COLLECTOR_SCHEDULE": "0 0 1 1 *",
        "COLLECTOR_INITIAL_LOOKBACK": "1h",
    }
    script = rendered(
        folder,
        wheel_url=f"s3://{sandbox.s3_bucket}/{RELEASE}/{wheel.name}",
        accounts=[user.username for user in sandbox.users.values()],
        environment=environment,
    )
    return BootedInstance(root, sandbox, script, url)


def _at(sandbox: Sandbox) -> dict[str, str]:
    given = environment_of(sandbox, "-")
    return {
        "endpoint_url": given["AWS_ENDPOINT_URL_S3"],
        "region_name": given["AWS_DEFAULT_REGION"],
        "aws_access_key_id": given["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": given["AWS_SECRET_ACCESS_KEY"],
    }


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
