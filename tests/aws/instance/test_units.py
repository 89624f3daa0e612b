"""The systemd units: what they start exists, and all that they must hold."""

import re
import shlex
import subprocess

import pytest
from boot_script import UNITS
from unit_files import programs, values

from collector.airflow.pool import MAKE
from collector.cli import collector

SERVICES = [name for name in UNITS if name.endswith(".service")]
STAYING = [f"collector-{part}.service" for part in ("api-server", "scheduler", "dag-processor")]
USABLE = 3800
"""MB of a t4g.medium, without what its kernel takes."""


@pytest.mark.parametrize("line", [line for _, line in programs(UNITS)])
def test_every_command_of_the_collector_is_one(line):
    for words in re.findall(r"/bin/collector ([a-z ]+)", line):
        command = collector
        for word in words.split():
            command = command.commands[word]


def test_the_pool_is_the_one_that_airflow_is_told_of_elsewhere():
    (line,) = (line for _, line in programs(UNITS) if "pools set" in line)
    _, _, script = shlex.split(line)
    asked, made = (shlex.split(part) for part in script.split(" || "))
    assert asked[1:] == ["pools", "get", MAKE[2]]
    assert made[1:] == list(MAKE)


@pytest.mark.parametrize("unit", STAYING)
def test_what_stays_up_comes_back_however_it_ends_and_after_a_boot(unit):
    assert values(UNITS[unit], "Restart") == ["always"]
    assert values(UNITS[unit], "WantedBy") == ["multi-user.target"]
    # A setup that has to wait for its database must not keep the others down for good.
    assert values(UNITS[unit], "Wants") == values(UNITS[unit], "After") == ["collector-setup.service"]
    assert values(UNITS[unit], "Requires") == []
    assert values(UNITS["common.conf"], "StartLimitIntervalSec") == ["0"]


def test_all_together_fit_into_the_memory_of_the_smallest_instance():
    limits = [values(UNITS[unit], "MemoryMax") for unit in STAYING]
    assert sum(int(limit.removesuffix("M")) for (limit,) in limits) < USABLE
    # Without swap a service above MemoryHigh stands still and never fails; above MemoryMax it ends and comes back.
    assert [name for name, text in UNITS.items() if values(text, "MemoryHigh")] == []


@pytest.mark.parametrize("unit", SERVICES)
def test_every_unit_writes_to_a_log_of_its_own_that_the_agent_sends(unit):
    (place,) = values(UNITS[unit], "StandardOutput")
    assert place == f"append:/var/log/collector/{unit.removeprefix('collector-').removesuffix('.service')}.log"


def test_no_unit_holds_a_setting_or_a_secret_of_its_own():
    assert [name for name, text in UNITS.items() if values(text, "Environment")] == []
    assert values(UNITS["common.conf"], "EnvironmentFile") == [
        "/etc/collector/collector.env",
        "/etc/collector/airflow.env",
    ]


def test_accounts_are_asked_for_until_x_answers_but_an_unknown_name_is_not_asked_again():
    unit = UNITS["collector-accounts.service"]
    assert values(unit, "Restart") == ["on-failure"]
    assert values(unit, "RestartPreventExitStatus") == ["1"]


def test_the_same_list_of_accounts_is_not_imported_twice(tmp_path):
    (line,) = (line for _, line in programs(UNITS) if "accounts import" in line)
    accounts, collector_ = tmp_path / "accounts.csv", tmp_path / "collector"
    script = shlex.split(line)[2].replace("/etc/collector/accounts.csv", str(accounts))
    script = script.replace("/opt/collector/venv/bin/collector", str(collector_))

    def imports(code):
        """Return how the unit ends where an import ends so, and whether there was one."""
        collector_.write_text(f"#!/bin/sh\necho >asked; exit {code}\n")
        collector_.chmod(0o755)
        (tmp_path / "asked").unlink(missing_ok=True)
        done = subprocess.run(["/bin/sh", "-c", script], cwd=tmp_path, capture_output=True, check=False)  # noqa: S603
        return done.returncode, (tmp_path / "asked").exists()

    accounts.write_text("username\n@nasa\n")
    assert [imports(1), imports(2), imports(0), imports(0)] == [(1, True), (2, True), (0, True), (0, False)]
    accounts.write_text("username\n@nasa\n@esa\n")
    assert [imports(0), imports(0)] == [(0, True), (0, False)]
