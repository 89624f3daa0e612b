"""The command line as processes of their own, in a clean environment, against a sandbox."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest

TIMEOUT = 60.0
STARTER = Path(__file__).parent / "warm_collector.py"


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended, and all it said."""

    words: tuple[str, ...]
    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.stdout)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The log: JSON lines on stderr."""
        return [json.loads(line) for line in self.stderr.splitlines() if line.startswith("{")]

    @property
    def complaints(self) -> list[str]:
        """The lines on stderr that are no log lines."""
        return [line for line in self.stderr.splitlines() if not line.startswith("{")]

    @property
    def complaint(self) -> str:
        """The one line that says what is wrong."""
        (line,) = self.complaints
        return line


class WarmStarter:
    """Starts commands in a fork of a process that has imported everything."""

    def __init__(self) -> None:
        # A library that has started threads cannot be forked.
        environment = clean_environment(Path("/")) | {"OPENBLAS_NUM_THREADS": "1"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        command = [sys.executable, STARTER]
        self._process = subprocess.Popen(command, text=True, env=environment, **pipes)  # noqa: S603

    def start(
        self, words: tuple[str, ...], folder: Path, environment: Mapping[str, str], said: tuple[Path, Path]
    ) -> int:
        order = {"words": words, "folder": str(folder), "environment": dict(environment)}
        return self._ask({"start": order | {"stdout": str(said[0]), "stderr": str(said[1])}})

    def wait(self, pid: int, seconds: float) -> int | None:
        return self._ask({"wait": pid, "seconds": seconds})

    def close(self) -> None:
        self._process.communicate(timeout=TIMEOUT)

    def _ask(self, request: dict[str, Any]) -> Any:
        self._process.stdin.write(f"{json.dumps(request)}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@dataclass(slots=True)
class Running:
    """A command that runs; leaving the block kills it."""

    words: tuple[str, ...]
    pid: int
    starter: WarmStarter
    said: tuple[Path, Path]
    records: list[Ended]
    ended: Ended | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def stderr(self) -> str:
        return self.said[1].read_text("utf-8")

    def is_running(self) -> bool:
        return self._ended(0) is None

    def signal(self, number: signal.Signals) -> None:
        if self.ended is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> Ended:
        self.signal(signal.SIGKILL)
        return self.wait()

    def wait(self, seconds: float = TIMEOUT) -> Ended:
        ended = self._ended(seconds)
        if ended is None:
            message = f"collector {' '.join(self.words)} does not end: {self.stderr}"
            raise TimeoutError(message)
        return ended

    def _ended(self, seconds: float) -> Ended | None:
        if self.ended is None:
            code = self.starter.wait(self.pid, seconds)
            if code is not None:
                self.ended = Ended(self.words, code, *(path.read_text("utf-8") for path in self.said))
                self.records.append(self.ended)
        return self.ended


@dataclass(slots=True)
class Collector:
    """One installation of the collector: a folder with state and output, and an environment."""

    folder: Path
    starter: WarmStarter
    environment: dict[str, str] = field(default_factory=dict)
    records: list[Ended] = field(default_factory=list)

    @property
    def output(self) -> Path:
        return self.folder / "output"

    @property
    def state(self) -> Path:
        return self.folder / "state.db"

    def __call__(self, *words: str, **settings: str) -> Ended:
        """Run a command to its end; `settings` are more environment, None takes a variable away."""
        return self.start(*words, **settings).wait()

    def start(self, *words: str, **settings: str | None) -> Running:
        """Start a command."""
        said = tuple(self.folder / f"{len(list(self.folder.glob('*.out')))}-{one}.out" for one in ("stdout", "stderr"))
        for path in said:
            path.touch()
        pid = self.starter.start(words, self.folder, self._environment(settings), said)
        return Running(words, pid, self.starter, said, self.records)

    def cold(self, *words: str, **settings: str | None) -> Ended:
        """Run `python -m collector` from nothing."""
        command = [sys.executable, "-m", "collector", *words]
        done = subprocess.run(  # noqa: S603
            command, cwd=self.folder, env=self._environment(settings), capture_output=True, check=False, timeout=TIMEOUT
        )
        ended = Ended(words, done.returncode, done.stdout.decode(), done.stderr.decode())
        self.records.append(ended)
        return ended

    def done(self, *words: str, **settings: str | None) -> Ended:
        """Run a command that must end well."""
        ended = self(*words, **settings)
        assert ended.code == 0, (words, ended.code, ended.stderr[-3000:])
        return ended

    def _environment(self, settings: Mapping[str, str | None]) -> dict[str, str]:
        merged = clean_environment(self.folder) | self.environment | settings
        return {name: value for name, value in merged.items() if value is not None}


def clean_environment(home: Path) -> dict[str, str]:
    """Return an environment in which nothing of the person who runs the tests is left."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    return kept | {"HOME": str(home), "LANG": "C.UTF-8", "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture(scope="session")
def warm_starter() -> Iterator[WarmStarter]:
    starter = WarmStarter()
    yield starter
    starter.close()
