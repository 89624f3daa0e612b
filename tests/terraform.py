"""Terraform on a copy of config/aws, against a server of AWS's interfaces on this machine."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

MODULE = Path(__file__).parent.parent / "config" / "aws"
PROGRAM = shutil.which("terraform") or shutil.which("tofu")
LINTERS = Path(__file__).parent.parent / ".venv" / "checkov" / "bin"
DRIFT = 2
OF_A_PERSON = (".terraform*", "*.tfstate*", "*.tfvars*")
"""What somebody has in the folder who deploys from it: none of a test's business."""

# The server takes any credentials, and has one address for all buckets.
ON_THIS_MACHINE = """
provider "aws" {
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  s3_use_path_style           = true
}
"""


@cache
def providers() -> Path | None:
    """Return the folder to give to `terraform init -plugin-dir`: a mirror of the provider for AWS, if there is one."""
    named = os.environ.get("TF_PLUGIN_DIR")
    usual = [Path.home() / ".terraform.d", Path("/usr/share/terraform"), Path("/usr/local/share/terraform")]
    folders = [*([Path(named)] if named else []), *(one / "plugins" for one in usual), *_folders(Path("/opt"))]
    shapes = ("*/*/aws/*/*/terraform-provider-aws*", "*/*/aws/terraform-provider-aws_*.zip")
    return next((one for one in folders for shape in shapes if any(one.glob(shape))), None)


def _folders(place: Path) -> list[Path]:
    return sorted(one for one in place.glob("*") if one.is_dir())


@dataclass(frozen=True, slots=True)
class Started:
    """A Terraform that works while something else is done."""

    process: "subprocess.Popen[str]"
    said: Path

    def succeed(self, seconds: float = 300) -> None:
        """Wait until it has done what it was to do."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        assert code == 0, self.said.read_text()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@dataclass(frozen=True, slots=True)
class Deployment:
    """One state of the module: what was given, and what Terraform made of it. Its folder lies as in the project."""

    folder: Path
    server: str
    given: dict[str, Any]

    @property
    def dist(self) -> Path:
        """Return where the module looks for what `make wheel` built."""
        return self.folder.parent.parent / "dist"

    def begin(self, extra: str = "") -> "Deployment":
        """Copy the module, with what only tests need beside it, and initialize."""
        shutil.copytree(MODULE, self.folder, ignore=shutil.ignore_patterns(*OF_A_PERSON))
        (self.folder / "test_override.tf").write_text(ON_THIS_MACHINE + extra)
        self.give(self.given)
        self.run("init", "-input=false", f"-plugin-dir={providers()}")
        return self

    def give(self, given: dict[str, Any]) -> None:
        (self.folder / "terraform.tfvars.json").write_text(json.dumps(given))

    def command(self, *words: str) -> dict[str, Any]:
        """Return the arguments that start Terraform, here and without a network."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
        environment = {
            **kept,
            "AWS_ENDPOINT_URL": self.server,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "CHECKPOINT_DISABLE": "1",
            "TF_IN_AUTOMATION": "1",
        }
        return {"args": [PROGRAM, *words], "cwd": self.folder, "env": environment, "text": True}

    def start(self, *words: str) -> "Started":
        """Start Terraform, and do not wait."""
        said = self.folder / "said"
        with said.open("w") as file:
            process = subprocess.Popen(**self.command(*words), stdout=file, stderr=subprocess.STDOUT)
        return Started(process, said)

    def attempt(self, *words: str) -> tuple[int, str]:
        """Return how it ended and what it said."""
        done = subprocess.run(**self.command(*words), capture_output=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def run(self, *words: str) -> str:
        """Return what it said; it must succeed."""
        code, said = self.attempt(*words)
        assert code == 0, said
        return said

    def plan(self) -> dict[str, Any]:
        """Return the plan as Terraform tells it to programs."""
        self.run("plan", "-input=false", "-no-color", "-out=it.tfplan")
        return json.loads(self.run("show", "-json", "it.tfplan"))

    def made(self) -> dict[str, Any]:
        """Return what is in the state, as Terraform tells it to programs."""
        return json.loads(self.run("show", "-json"))["values"]

    def outputs(self) -> dict[str, Any]:
        return {name: one["value"] for name, one in json.loads(self.run("output", "-json")).items()}

    def state(self) -> str:
        return (self.folder / "terraform.tfstate").read_text()


def resources(values: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Return the resources of one kind that are planned or made: by key, or by name, with its number if it has one."""
    made = values.get("planned_values", values)["root_module"]["resources"]
    chosen = (one for one in made if one["type"] == kind and one["mode"] == "managed")
    return {_called(one): one.get("values", {}) for one in chosen}


def _called(resource: dict[str, Any]) -> str:
    index = resource.get("index")
    return index if isinstance(index, str) else resource["name"] if index is None else f"{resource['name']}.{index}"
