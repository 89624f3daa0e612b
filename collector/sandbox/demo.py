"""demo: the main job from end to end, by the real command line, against a sandbox of its own."""

import csv
import io
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from collector.sandbox.environment import environment_of
from collector.sandbox.sandbox import Sandbox

PREFIX = "demo"
PATIENCE = timedelta(seconds=30)


def say(text: str = "") -> None:
    """Print a line at once."""
    print(text, flush=True)  # noqa: T201  a demo shows


@dataclass(frozen=True, slots=True)
class Demo:
    """One run of the demo; files and the state database go to `folder`. `run` raises RuntimeError when a step fails."""

    sandbox: Sandbox
    folder: Path

    def run(self) -> None:
        """Show the main job, then what a person wants to see of it."""
        self._title("Six accounts to follow, on a stand-in X API and S3 on this machine")
        names = [account.username for account in self.sandbox.world.users.values()]
        self._collector(["accounts", "add", *names])
        self._title("The first micro-batch, then two more while new tweets appear")
        self._collector(["collect"])
        for _ in range(2):
            self._wait_for_tweets()
            self._collector(["collect"])
        self._title("A backfill of the days before: first its price, then the tweets not held yet")
        start, end = self._days_before()
        self._collector(["backfill", "--from", start, "--to", end, "--dry-run"])
        self._collector(["backfill", "--from", start, "--to", end])
        self._title("A batch is killed half-way; the next one finishes what it began")
        self._wait_for_tweets()
        self._kill_a_batch()
        self._collector(["collect"])
        self._show()

    def environment(self) -> dict[str, str]:
        """Return what to set so that the collector works on this sandbox and state."""
        state = {"COLLECTOR_STATE_URL": f"sqlite:///{self.folder / 'state.db'}", "COLLECTOR_SETTLE_SECONDS": "1"}
        return environment_of(self.sandbox, PREFIX) | state | {"COLLECTOR_INITIAL_LOOKBACK": "1d"}

    def _show(self) -> None:
        self._title("What an operator sees")
        self._collector(["batches"], ["cursors"], ["gaps"], ["verify"], ["status"])
        self._title("What a reader sees")
        self._objects()
        self._title("What it cost")
        bill = self.sandbox.bill.as_json()
        say(
            f"{bill['requests']} requests to X, {bill['tweets']} tweets and {bill['users']} users read: "
            f"${bill['usd']:.3f} at X's prices"
        )
        self._title("Where everything lies")
        say(f"objects         {self.folder / 'objects' / PREFIX}  (a copy; the sandbox's S3 ends with the demo)")
        say(f"state database  {self.folder / 'state.db'}  (any SQLite client shows its tables)")
        say(f"in Python       collector.read_tweets('{self.folder / 'objects' / PREFIX}')")

    def _collector(self, *commands: Sequence[str]) -> None:
        """Run commands side by side, and show them one after the other."""
        with ExitStack() as started:
            running = [(words, started.enter_context(self._start(words))) for words in commands]
            for words, process in running:
                say(f"$ collector {' '.join(words)}")
                stdout, stderr = process.communicate(timeout=120)
                say(stdout.rstrip() + "\n" * (len(commands) > 1))
                if process.returncode != 0:
                    message = (
                        f"collector {words[0]} ended with {process.returncode}: {stderr.strip().rpartition(chr(10))[2]}"
                    )
                    raise RuntimeError(message)

    def _kill_a_batch(self) -> None:
        asked = len(self.sandbox.requests)
        self.sandbox.api.latency = timedelta(seconds=0.4)
        say("$ collector collect")
        with self._start(["collect"]) as running:
            self._wait(lambda: len(self.sandbox.requests) > asked or running.poll() is not None)
            running.kill()
        say("(killed with SIGKILL while it fetched)")
        self.sandbox.api.latency = timedelta(0)

    def _wait_for_tweets(self) -> None:
        say("(new tweets appear ...)")
        time.sleep(1.5)

    def _wait(self, is_so: Any) -> None:  # noqa: ANN401
        until = time.monotonic() + PATIENCE.total_seconds()
        while not is_so() and time.monotonic() < until:
            time.sleep(0.02)

    def _days_before(self) -> tuple[str, str]:
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        return tuple(f"{now - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (3, 0.5))  # type: ignore[return-value]

    def _objects(self) -> None:
        bodies = dict(self._copied())
        tweets = {key: body for key, body in bodies.items() if "/tweets/" in key}
        say(f"{len(tweets)} CSV objects, {len(bodies) - len(tweets)} seals, manifests and raw parts; the newest three:")
        newest = sorted(tweets)[-3:]
        for key in newest:
            say(f"  s3://{self.sandbox.s3_bucket}/{key}  {len(tweets[key]):,} bytes")
        say()
        say(f"first rows of {newest[-1].rpartition('/')[2]} (5 of 26 columns):")
        for row in _rows(tweets[newest[-1]])[:4]:
            text = row["text"] if len(row["text"]) <= 48 else row["text"][:47] + "…"  # noqa: PLR2004
            say(f"  {row['tweet_id']}  {row['created_at']}  {row['username']:<15}  {row['kind']:<8}  {text!r}")

    def _copied(self) -> Sequence[tuple[str, bytes]]:
        import boto3  # noqa: PLC0415  only here, and slow to load

        where = self.environment()
        client = boto3.client(
            "s3",
            endpoint_url=where["AWS_ENDPOINT_URL_S3"],
            aws_access_key_id=where["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=where["AWS_SECRET_ACCESS_KEY"],
            region_name=where["AWS_DEFAULT_REGION"],
        )
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.sandbox.s3_bucket)
        keys = [one["Key"] for page in pages for one in page.get("Contents", [])]
        return [(key, self._copy(client, key)) for key in keys]

    def _copy(self, client: Any, key: str) -> bytes:  # noqa: ANN401
        body: bytes = client.get_object(Bucket=self.sandbox.s3_bucket, Key=key)["Body"].read()
        path = self.folder / "objects" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        return body

    def _title(self, text: str) -> None:
        say(f"\n── {text} " + "─" * max(0, 96 - len(text)))

    def _start(self, words: Sequence[str]) -> subprocess.Popen[str]:
        environment = _clean(os.environ) | self.environment()
        command = [sys.executable, "-m", "collector", *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(  # noqa: S603  our own command line
            command, env=environment, cwd=self.folder, stdout=pipe, stderr=pipe, text=True
        )


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which nothing of a real account or bucket is left."""
    return {name: value for name, value in environment.items() if not name.startswith(("COLLECTOR_", "AWS_"))}


def _rows(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))
