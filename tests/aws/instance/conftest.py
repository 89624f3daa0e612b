"""What the tests of the instance need of this machine, told loudly where it is absent."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from absent import not_checked
from boot_script import PROGRAM
from booted_instance import BootedInstance, made_instance
from clean_root import CleanRoot, built_wheel, lacks, made_root, may_boot

from collector.sandbox import Sandbox

collect_ignore_glob = []

if PROGRAM is None:
    not_checked("the first boot's script of the instance", "install Terraform (1.5 or newer) or OpenTofu")
    collect_ignore_glob += ["test_boot_*.py", "test_first_boot.py", "test_data_volume.py", "test_machine.py"]
elif lacks():
    not_checked("the first boot's script of the instance, run in a clean root", lacks())
    collect_ignore_glob += ["test_first_boot.py", "test_data_volume.py", "test_machine.py"]
elif not may_boot():
    not_checked(
        "the units of the instance at work",
        "apt-get install systemd-container; most containers allow no systemd of their own",
    )
    collect_ignore_glob += ["test_machine.py"]
if not shutil.which("shellcheck"):
    not_checked("the first boot's script of the instance by shellcheck", "apt-get install shellcheck")
    collect_ignore_glob += ["test_boot_lint.py"]
if not shutil.which("systemd-analyze"):
    not_checked("the systemd units of the instance by systemd-analyze", "apt-get install systemd")
    collect_ignore_glob += ["test_units_verified.py"]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(accounts=3, tweets=90, history=timedelta(hours=1), s3=True) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    return built_wheel(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def root(tmp_path_factory) -> Iterator[CleanRoot]:
    yield from made_root(tmp_path_factory.mktemp("root"))


@pytest.fixture(scope="session")
def instance(root, sandbox, wheel, tmp_path_factory) -> BootedInstance:
    """Give an instance after its first boot."""
    instance = made_instance(root, sandbox, wheel, tmp_path_factory.mktemp("rendered"))
    instance.boot()
    return instance
