"""An instance in a clean root, its first boot and all others, with a systemd of its own, on a sandbox of X and S3."""

import fcntl
import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
PREFIX = "instance"
"""A place of its own: all sandboxes of a process share one S3."""
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
    _machine: psutil.Process | None = None

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

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep the machine up while the block lasts: one at a time, as all would share their control groups."""
        with (Path(tempfile.gettempdir()) / "collector-machine.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                self.power_on()
                yield
            finally:
                self.power_off()

    def power_on(self) -> None:
        """Boot the machine, systemd and all, and wait for Airflow; it shares this machine's network."""
        words = [
            "systemd-nspawn",
            "--quiet",
            "--boot",
            "--register=no",
            "--keep-unit",
            "--console=pipe",
            f"--machine=collector-{os.getpid()}",
        ]
        with self.root.path("/root/console").open("wb") as console:
            self._machine = psutil.Popen(
                [*words, "--directory", self.root.folder], stdin=subprocess.DEVNULL, stdout=console, stderr=console
            )
        self.token = ""
        self.wait(self._is_healthy, "Airflow is up")

    def power_off(self) -> None:
        """Shut the machine down, and end what is left of it."""
        every = [self._machine, *self._machine.children(recursive=True)]
        # systemd-nspawn passes it on as a wish to power off.
        self._machine.terminate()
        _, left = psutil.wait_procs(every, PATIENCE)
        for each in left:
            each.kill()
        psutil.wait_procs(left, PATIENCE)
        self._machine.wait()

    def inside(self, *words: str) -> str:
        """Run a command in the machine that is up, as root, and return what it said."""
        (init,) = (one for one in self._machine.children() if one.name() == "systemd")
        entered = ["nsenter", f"--target={init.pid}", "--mount", "--pid", "--uts", "--ipc", *words]
        done = subprocess.run(entered, env={"PATH": PATH}, capture_output=True, text=True, check=False)  # noqa: S603
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def shown(self, unit: str, name: str) -> str:
        """Return what systemd says about a unit."""
        return self.inside("systemctl", "show", f"--property={name}", "--value", unit).strip()

    def megabytes(self, unit: str) -> float:
        """Return how much memory a service and its children take, shared pages in shares."""
        main = self.shown(unit, "MainPID")
        (found,) = (one for one in self._machine.children(recursive=True) if _pid_inside(one) == main)
        return sum(one.memory_full_info().pss for one in (found, *found.children(recursive=True))) / 2**20

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
            assert time.monotonic() < deadline, f"not within {PATIENCE} s: {what}\n{self.logs()}"
            time.sleep(0.5)

    def logs(self) -> dict[str, str]:
        """Return the end of every log."""
        return {
            path.name: path.read_text("utf-8")[-600:] for path in self.root.path("/var/log/collector").glob("*.log")
        }

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
        found = s3.Bucket(self.sandbox.s3_bucket).objects.filter(Prefix=f"{PREFIX}/tweets/")
        return sum(one.get()["Body"].read().count(b"\n") - 1 for one in found)


def _pid_inside(process: psutil.Process) -> str:
    """Return a process' id as the machine counts."""
    lines = Path(f"/proc/{process.pid}/status").read_text("utf-8").splitlines()
    return next(line.split()[-1] for line in lines if line.startswith("NSpid:"))


def made_instance(root: CleanRoot, sandbox: Sandbox, wheel: Path, folder: Path) -> BootedInstance:
    """Put the wheel on S3 as Terraform does, and render the script for the sandbox."""
    s3 = boto3.client("s3", **_at(sandbox))
    s3.upload_file(str(wheel), sandbox.s3_bucket, f"{RELEASE}/{wheel.name}")
    url = f"http://127.0.0.1:{_free_port()}"
    environment = environment_of(sandbox, PREFIX) | {
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
