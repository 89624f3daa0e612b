"""The systemd units by systemd-analyze, in a root of stubs."""

import json
import shutil
import subprocess

import pytest
from boot_script import UNITS

ANALYZE = shutil.which("systemd-analyze")
EXPOSED = 20
"""In tenths: 0 is locked in, 100 is open; a service without any limit has 96."""
SYSTEM = ("multi-user", "network-online", "timers", "sysinit", "basic", "shutdown", "time-set", "time-sync", "network")


@pytest.fixture
def root(tmp_path):
    """A root in which the units lie, and what they start does nothing."""
    for program in ("opt/collector/venv/bin/collector", "opt/collector/venv/bin/airflow", "bin/sh"):
        place = tmp_path / program
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("#!/bin/sh\n")
        place.chmod(0o755)
    folder = tmp_path / "etc/systemd/system"
    (folder / "collector-.service.d").mkdir(parents=True)
    for name in SYSTEM:
        (folder / f"{name}.target").write_text("[Unit]\nDescription=a stub\n")
    for name, text in UNITS.items():
        (folder / ("collector-.service.d" if name.endswith(".conf") else "") / name).write_text(text)
    return tmp_path


def said(*words, root):
    command = [ANALYZE, f"--root={root}", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return done.returncode, done.stdout, done.stderr


def verified(root):
    return said("verify", *(name for name in UNITS if not name.endswith(".conf")), root=root)


def test_systemd_understands_every_unit(root):
    assert verified(root) == (0, "", "")


@pytest.mark.parametrize("harm", [("ExecStart=/opt", "ExecStart=/nowhere"), ("Restart=", "Restrat=")])
def test_a_broken_unit_would_be_noticed(root, harm):
    unit = root / "etc/systemd/system/collector-scheduler.service"
    unit.write_text(unit.read_text().replace(*harm))
    assert verified(root)[1:] != ("", "")


def test_a_service_may_do_little_but_its_work(root):
    for unit in [name for name in UNITS if name.endswith(".service")]:
        words = ("security", "--offline=true", f"--threshold={EXPOSED}", "--no-pager", "--json=short", unit)
        code, out, err = said(*words, root=root)
        assert code == 0, [one["name"] for one in json.loads(out) if one["set"] is False] + [err]
