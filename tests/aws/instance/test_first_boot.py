"""The first boot, run for real in a clean root.

Debian stands for Ubuntu, whose packages have the same names. Amazon Linux cannot run here.
"""

import json
import re

import pytest
from boot_script import UNITS, rendered, without_end
from booted_instance import HOME
from clean_root import ROOT

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("first-boot")]

PLACES = ("/etc", "/opt", "/usr/local", "/var/lib/collector")
AT_BOOT = ("setup.service", "api-server.service", "scheduler.service", "dag-processor.service", "accounts.service")


def test_the_boot_comes_to_its_end_and_says_what_it_could_not_do(instance):
    assert instance.said.endswith("collector: done: the collector comes up by itself, now and after each boot\n")
    assert "collector: WARNING: no CloudWatch agent" in instance.said
    assert "Z python_package\n" in instance.log


def test_after_each_boot_everything_is_started(instance):
    units = [*(f"collector-{part}" for part in AT_BOOT), "collector-metrics.timer"]
    said = instance.root.done("systemctl", "is-enabled", *units)
    assert said.split() == ["enabled"] * len(units)


def test_systemd_understands_the_units_where_they_are_installed(instance):
    units = [f"/etc/systemd/system/{name}" for name in UNITS if not name.endswith(".conf")]
    done = instance.root.run("systemd-analyze", "verify", *units)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_only_root_and_the_collector_read_what_is_secret(instance):
    paths = ("/etc/collector/collector.env", "/etc/collector/airflow.env", f"{HOME}/airflow/passwords.json", HOME)
    seen = {path: instance.root.done("stat", "-L", "-c", "%U:%G %a", path).strip() for path in paths}
    assert seen == {
        "/etc/collector/collector.env": "root:collector 640",
        "/etc/collector/airflow.env": "root:collector 640",
        f"{HOME}/airflow/passwords.json": "collector:collector 600",
        HOME: "collector:collector 750",
    }


def test_the_collector_has_the_same_number_on_every_machine(instance):
    assert instance.root.done("id", "collector") == "uid=861(collector) gid=861(collector) groups=861(collector)\n"


def test_root_writes_nothing_where_the_collector_could_lead_it_elsewhere(instance):
    found = instance.root.done("find", HOME, "!", "-user", "collector")
    assert found == ""
    secrets = instance.root.text(f"{HOME}/airflow/secrets.env")
    assert instance.root.text("/etc/collector/airflow.env") == secrets


def test_no_secret_is_in_the_log_of_the_boot(instance):
    secrets = re.findall(r"^AIRFLOW__\w+=(\S+)$", instance.root.text(f"{HOME}/airflow/secrets.env"), re.MULTILINE)
    assert len({*secrets, instance.password}) == 4
    assert min(map(len, secrets)) > 40
    for secret in (*secrets, instance.password, instance.sandbox.credentials.bearer_token):
        assert secret not in instance.log + instance.said


def test_the_package_comes_with_exactly_what_was_locked(instance):
    pip = "/opt/collector/venv/bin/pip"
    assert instance.root.done(pip, "check") == "No broken requirements found.\n"
    lock = (ROOT / "requirements-airflow.txt").read_text("utf-8")
    locked = set(re.findall(r"^([a-z0-9.-]+)==([^\s;]+)", lock, re.MULTILINE)) | {("collector", "0.1.0")}
    found = json.loads(instance.root.done(pip, "list", "--format=json"))
    installed = {(re.sub(r"[._-]+", "-", one["name"]).lower(), one["version"]) for one in found}
    assert {one for one in installed if one[0] not in ("pip", "setuptools")} <= locked
    assert len(installed) > 150
    assert list(instance.root.path("/opt/collector/venv").rglob("airflow/__pycache__/settings.*.pyc"))


def test_a_second_run_changes_nothing(instance):
    before = instance.root.entries(*PLACES)
    instance.boot()
    assert instance.root.entries(*PLACES) == before
    assert "ignoring command 'start'" in instance.log.rpartition("Z services\n")[2]


def test_a_changed_setting_restarts_what_reads_it(instance):
    instance.script = instance.script.replace("PARALLELISM=4", "PARALLELISM=3")
    instance.boot()
    assert "ignoring command 'restart'" in instance.log.rpartition("Z services\n")[2]
    assert instance.environment()["AIRFLOW__CORE__PARALLELISM"] == "3"


def test_a_released_package_comes_from_the_index_of_packages(instance, wheel, tmp_path):
    place = instance.root.path("/root/wheels")
    place.mkdir()
    (place / wheel.name).write_bytes(wheel.read_bytes())
    calls = "mkdir /root/got; wheel_into /root/got; ls /root/got"
    network = instance.network() | {"PIP_FIND_LINKS": "/root/wheels"}
    said = instance.root.done("bash", "-c", without_end(rendered(tmp_path)) + calls, **network)
    assert said.split() == [wheel.name]


def test_logs_are_rotated_and_stay_readable_for_the_agent(instance):
    log = instance.root.path("/var/log/collector/rotated.log")
    instance.root.done("sh", "-c", "umask 0027; echo something >/var/log/collector/rotated.log")
    said = instance.root.run("logrotate", "--verbose", "--force", "/etc/logrotate.d/collector")
    assert said.returncode == 0, said.stderr
    assert log.read_text() == ""
    assert log.with_suffix(".log.1.gz").exists()
    assert instance.root.done("stat", "-c", "%U:%G %a", "/var/log/collector/rotated.log") == "root:collector 640\n"
