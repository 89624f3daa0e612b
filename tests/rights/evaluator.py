"""An evaluator of IAM's rules that is none of ours, and knows the condition keys that Ceph does not (Node)."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from documents import Document

PACKAGES = Path(sys.prefix) / "iam-simulate"
ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/collector"
ALLOWED, DENIED, FORBIDDEN = "Allowed", "ImplicitlyDenied", "ExplicitlyDenied"


def evaluator_is_absent() -> bool:
    return shutil.which("node") is None or not (PACKAGES / "node_modules").is_dir()


class Evaluator:
    """Decides requests, some milliseconds each."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def decide(
        self, action: str, resource: str, context: dict[str, str], *, rights: Document | None, guard: Document | None
    ) -> Any:
        """Return the verdict on a request over TLS of a role with these rights, to what that guard's policy is on."""
        return self._verdict(action, resource, context, ROLE, rights, guard)

    def trusts(self, service: str, action: str, context: dict[str, str], *, trust: Document) -> bool:
        """Say whether a role with that trust policy lets a service of AWS assume it."""
        return self._verdict(action, ROLE, context, service, None, trust) == ALLOWED

    def _verdict(self, action, resource, context, principal, rights, guard) -> Any:
        request = {
            "action": action,
            "principal": principal,
            "resource": {"resource": resource, "accountId": ACCOUNT},
            "contextVariables": {"aws:SecureTransport": "true"} | context,
        }
        simulation = {
            "request": request,
            "identityPolicies": [{"name": "role", "policy": rights}] if rights else [],
            "resourcePolicy": guard,
            "serviceControlPolicies": [],
            "resourceControlPolicies": [],
        }
        self._process.stdin.write(f"{json.dumps(simulation)}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def running_evaluator() -> Iterator[Evaluator]:
    command = ["node", Path(__file__).with_name("evaluate.mjs"), PACKAGES]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen(command, text=True, **pipes)  # noqa: S603
    try:
        yield Evaluator(process)
    finally:
        process.communicate(timeout=10)
