"""A sandbox in a process of its own, so that what it costs is not counted."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def served(*options: str) -> Iterator[dict[str, str]]:
    """Yield the environment of a running sandbox; it ends with the block."""
    command = [sys.executable, "-m", "collector", "sandbox", "--live-per-hour", "0", "--plain", *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=plain()
    ) as process:
        try:
            yield dict(_exports(process))
        finally:
            process.terminate()


def plain() -> dict[str, str]:
    """Return the environment without anything of a real account or bucket."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("COLLECTOR_", "AWS_"))}


def account_ids(environment: dict[str, str]) -> list[str]:
    """Return the ids of the sandbox's accounts."""
    with urllib.request.urlopen(f"{environment['COLLECTOR_X_BASE_URL']}/sandbox/accounts") as answer:
        return [account["account_id"] for account in json.load(answer)]


def _exports(process: subprocess.Popen[str]) -> Iterator[tuple[str, str]]:
    last = "COLLECTOR_X_BEARER_TOKEN" if "--no-s3" in process.args else "AWS_DEFAULT_REGION"
    name = ""
    while name != last:
        name, _, value = process.stdout.readline().removeprefix("export ").strip().partition("=")
        yield name, value
