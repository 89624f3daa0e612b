"""The first boot's script as Terraform renders it, and its functions run one by one."""

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

AWS = Path(__file__).parent.parent / "config" / "aws"
UNITS = {path.name: path.read_text("utf-8") for path in sorted((AWS / "systemd").iterdir())}
PROGRAM = shutil.which("terraform") or shutil.which("tofu")
BY_DEFAULT = {
    "name": "tweets-of-mine",
    "region": "eu-central-1",
    "operating_system": "ubuntu",
    "architecture": "x86_64",
    "package": "collector==0.1.0",
    "wheel_url": "",
    "data_device": "",
    "accounts": [],
    "environment": {"COLLECTOR_OUTPUT": "s3://tweets-of-mine/collector", "COLLECTOR_SCHEDULE": "*/15 * * * *"},
    "units": UNITS,
    "cloudwatch_agent": (AWS / "cloudwatch-agent.json").read_text("utf-8").replace("${name}", "tweets-of-mine"),
}


def rendered(folder: Path, **given: Any) -> str:
    """Return the script that an instance is given, by Terraform's own templatefile."""
    variables = folder / "variables.json"
    variables.write_text(json.dumps(BY_DEFAULT | given))
    template = f'templatefile("{AWS}/user-data.sh.tftpl", jsondecode(file("{variables}")))'
    done = subprocess.run(  # noqa: S603
        [PROGRAM, "console"],
        cwd=folder,
        input=f"base64encode({template})\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return base64.b64decode(json.loads(done.stdout)).decode()


def without_end(script: str) -> str:
    """Return the script's functions: all but its last line, which calls them."""
    functions, _, end = script.rstrip("\n").rpartition("\n")
    assert end == "main"
    return f"{functions}\nexec 3>&1\n"


def ran(folder: Path, script: str, *calls: str, **programs: str) -> "subprocess.CompletedProcess[str]":
    """Call functions of the script where some programs are ours, as `name="text of a shell script"`.

    `$CALLS` names a file for what they were called with.
    """
    stubs = folder / "programs"
    stubs.mkdir()
    for name, text in programs.items():
        stub = stubs / name
        stub.write_text(f'#!/bin/sh\necho "{name} $*" >>"$CALLS"\n{text}\n')
        stub.chmod(0o755)
    for name in ("bash", "env", "date", "mktemp", "seq", "cat", "chmod", "rm", "realpath"):
        (stubs / name).symlink_to(shutil.which(name))
    (folder / "script").write_text(without_end(script) + "\n".join(calls))
    environment = {"PATH": str(stubs), "CALLS": str(folder / "calls")}
    return subprocess.run(  # noqa: S603
        [shutil.which("bash"), folder / "script"], env=environment, capture_output=True, text=True, check=False
    )
