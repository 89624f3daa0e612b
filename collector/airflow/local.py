"""A local Airflow: api-server, scheduler and dag-processor on this machine, for `make airflow` and for the tests."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from collector.core.errors import CollectorError

if TYPE_CHECKING:
    from http.client import HTTPResponse

USER = "admin"
_LOGIN = "/auth/token"
STARTING = timedelta(seconds=120)
_STOPPING = timedelta(seconds=15)
_PARTS = {"api-server": (), "scheduler": ("--skip-serve-logs",), "dag-processor": ()}


@dataclass(kw_only=True)
class LocalAirflow:
    """Airflow's three processes, for as long as the block lasts: `with LocalAirflow(...) as airflow: airflow.url`.

    `home` holds its logs, its password file and, unless `environment` names another database, its SQLite database;
    `config` is an airflow.cfg. Nothing of a person's own Airflow is used.
    """

    home: Path
    dags: Path
    config: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    port: int = 0

    def __post_init__(self) -> None:
        """Choose a port and secrets; nothing runs yet."""
        self.port = self.port or _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._token = ""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
        self._environment = kept | self._own_settings() | dict(self.environment)

    def __enter__(self) -> Self:
        """Migrate the database and start everything. Raises `CollectorError` when it does not come up."""
        self.home.mkdir(parents=True, exist_ok=True)
        _write_private(self._passwords, json.dumps({USER: self.password}))
        self.run("db", "migrate")
        with ExitStack() as opened:
            self._parts = {name: self._start(name, words, opened) for name, words in _PARTS.items()}
            self._wait_until_up()
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything, tasks that run included."""
        self._opened.close()

    def run(self, *words: str) -> str:
        """Run an `airflow` command and return what it printed. Raises `CollectorError` when it fails."""
        done = subprocess.run(  # noqa: S603  Airflow's own command line
            [sys.executable, "-m", "airflow", *words],
            env=self._environment,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            message = f"airflow {' '.join(words)} failed: {(done.stderr or done.stdout).strip()[-2000:]}"
            raise CollectorError(message)
        return done.stdout

    def get(self, path: str) -> Any:  # noqa: ANN401  JSON
        """Return an answer of Airflow's REST API, version 2."""
        return self.ask(f"/api/v2/{path}")

    def patch(self, path: str, document: object) -> Any:  # noqa: ANN401
        """Change something by Airflow's REST API, version 2."""
        return self.ask(f"/api/v2/{path}", document, "PATCH")

    def ask(self, path: str, document: object = None, method: str | None = None) -> Any:  # noqa: ANN401
        """Send a request as the user `admin` and return the JSON of the answer."""
        try:
            with self.open(path, document, method=method) as answer:
                return json.load(answer)
        except HTTPError as error:
            if error.code != HTTPStatus.UNAUTHORIZED or not self._token or path == _LOGIN:
                raise
            # A token lasts a day.
            self._token = ""
            error.close()
        return self.ask(path, document, method)

    def open(self, path: str, document: object = None, *, method: str | None = None) -> "HTTPResponse":
        """Send a request as the user `admin` and return the answer. Raises `HTTPError`."""
        token = "" if path == _LOGIN else self._signed_in()
        body = None if document is None else json.dumps(document).encode()
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        request = Request(f"{self.url}{quote(path, safe='/?&=%')}", body, headers, method=method)  # noqa: S310  ours
        answer: HTTPResponse = urlopen(request, timeout=30)  # noqa: S310
        return answer

    def ended(self) -> str:
        """Return the name of a part that does not run any more, or nothing."""
        return next((name for name, part in self._parts.items() if part.poll() is not None), "")

    def said(self) -> dict[str, str]:
        """Return what each of the processes has written so far."""
        return {name: (self.home / f"{name}.log").read_text("utf-8", "replace") for name in _PARTS}

    @property
    def pids(self) -> dict[str, int]:
        """The process id, and process group, of each part."""
        return {name: part.pid for name, part in self._parts.items()}

    @property
    def _passwords(self) -> Path:
        return self.home / "passwords.json"

    def _signed_in(self) -> str:
        if not self._token:
            self._token = self.ask(_LOGIN, {"username": USER, "password": self.password})["access_token"]
        return self._token

    def _own_settings(self) -> dict[str, str]:
        return {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW_CONFIG": str(self.config),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self._passwords),
            "AIRFLOW__CORE__FERNET_KEY": self._fernet_key(),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home}/airflow.db?timeout=60",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.home / "logs"),
        }

    def _fernet_key(self) -> str:
        """Return the key to what the database keeps of connections; it is kept beside it."""
        path = self.home / "fernet.key"
        if not path.is_file():
            self.home.mkdir(parents=True, exist_ok=True)
            _write_private(path, urlsafe_b64encode(secrets.token_bytes(32)).decode())
        return path.read_text("utf-8")

    def _start(self, name: str, words: tuple[str, ...], opened: ExitStack) -> "subprocess.Popen[bytes]":
        out = opened.enter_context((self.home / f"{name}.log").open("wb"))
        command = [sys.executable, "-m", "airflow", name, *words]
        # A group of its own, so that all its children can be stopped, and Ctrl-C reaches this process alone.
        part = subprocess.Popen(  # noqa: S603
            command, env=self._environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
        opened.callback(_stop, part)
        return part

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + STARTING.total_seconds()
        while not self._is_up():
            ended = self.ended()
            if ended or time.monotonic() > deadline:
                what = f"{ended} ended" if ended else f"it was not up after {STARTING.total_seconds():.0f} s"
                message = f"Airflow did not start: {what}"
                raise CollectorError(message, hint=f"see the logs in {self.home}")
            time.sleep(0.3)

    def _is_up(self) -> bool:
        try:
            health = self.get("monitor/health")
            return all(health[part]["status"] == "healthy" for part in ("scheduler", "dag_processor"))
        except (OSError, ValueError, LookupError):
            return False


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _stop(part: "subprocess.Popen[bytes]") -> None:
    """End a part and everything it has started: a task is in a process group of its own."""
    import psutil  # noqa: PLC0415  comes with Airflow

    with suppress(psutil.NoSuchProcess):
        started = psutil.Process(part.pid).children(recursive=True)
        _stop_group(part)
        for child in started:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        psutil.wait_procs(started, _STOPPING.total_seconds())
    part.wait()


def _stop_group(part: "subprocess.Popen[bytes]") -> None:
    for number, patience in ((signal.SIGTERM, _STOPPING), (signal.SIGKILL, _STOPPING)):
        try:
            os.killpg(part.pid, number)
            part.wait(patience.total_seconds())
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
        break


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
