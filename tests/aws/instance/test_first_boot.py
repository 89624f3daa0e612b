"""The first boot, run for real in a clean root, and what the instance does afterwards.

Debian stands for Ubuntu, whose packages have the same names. Amazon Linux cannot run here.
"""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from boot_script import UNITS, rendered, without_end
from booted_instance import HOME, STAYING, made_instance
from clean_root import ROOT, built_wheel, made_root
from unit_files import values

from collector.core.times import time_text
from collector.sandbox import Sandbox

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("first-boot")]

PLACES = ("/etc", "/opt", "/usr/local", "/var/lib/collector")
AT_BOOT = ("setup.service", "api-server.service", "scheduler.service", "dag-processor.service", "accounts.service")


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(accounts=3, tweets=90, history=timedelta(hours=1), s3=True) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return built_wheel(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    yield from made_root(tmp_path_factory.mktemp("root"))


@pytest.fixture(scope="module")
def instance(root, sandbox, wheel, tmp_path_factory):
    """An instance after its first boot."""
    instance = made_instance(root, sandbox, wheel, tmp_path_factory.mktemp("rendered"))
    instance.boot()
    return instance


@pytest.fixture(scope="module")
def working(instance):
    """The instance with its units at work."""
    instance.run_unit("setup")
    with instance.services() as services:
        yield instance, services


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
    seen = {
        path: instance.root.done("stat", "-L", "-c", "%U:%G %a", path).strip()
        for path in ("/etc/collector/collector.env", "/etc/collector/airflow.env", f"{HOME}/airflow/passwords.json", HOME)
    }
    assert list(seen.values()) == ["root:collector 640", "root:collector 640", "collector:collector 600"] + [
        "collector:collector 750"
    ]


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


def test_accounts_are_followed_and_at_the_next_boot_not_paid_again(working):
    instance, _ = working
    assert instance.run_unit("accounts").count("is followed from") == 3
    asked = len(instance.sandbox.requests)
    assert instance.run_unit("accounts").count("is followed already") == 3
    assert len(instance.sandbox.requests) == asked


def test_a_window_is_collected(working):
    instance, _ = working
    instance.run_unit("accounts")
    assert instance.ask("/api/v2/dags/collect_tweets")["is_paused"] is False
    end = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)
    window = {"data_interval_start": time_text(end - timedelta(minutes=30)), "data_interval_end": time_text(end)}
    run = instance.ask("/api/v2/dags/collect_tweets/dagRuns", window | {"logical_date": time_text(end)})
    path = f"/api/v2/dags/collect_tweets/dagRuns/{run['dag_run_id']}"
    instance.wait(lambda: instance.ask(path)["state"] in ("success", "failed"), "the run ends")
    assert instance.ask(path)["state"] == "success"
    status = json.loads(instance.root.done("collector", "status", "--json"))
    assert status["rows"] == instance.rows() > 0


def test_airflow_knows_nobody_without_the_generated_password(working):
    instance, _ = working
    assert instance.refusal("/api/v2/dags", {}) == 401
    assert instance.refusal("/auth/token", {}) in (401, 405, 422)
    logs = "".join(instance.root.text(f"/var/log/collector/{part}.log") for part in STAYING)
    assert instance.password not in logs


def test_a_person_runs_commands_as_the_units_do(working):
    instance, _ = working
    assert "collect_tweets" in instance.root.done("airflow", "dags", "list", "-o", "plain")
    assert instance.root.done("collector", "cursors").startswith("username")


def test_numbers_are_printed_for_cloudwatch(working):
    instance, _ = working
    (line,) = instance.run_unit("metrics").splitlines()
    assert json.loads(line)["Name"] == "tweets-of-mine"


def test_a_boot_keeps_the_pool_and_the_pause_that_a_person_chose(working):
    instance, _ = working
    instance.ask("/api/v2/pools/x_api", {"name": "x_api", "slots": 5, "include_deferred": False}, "PATCH")
    instance.ask("/api/v2/dags/collect_tweets", {"is_paused": True}, "PATCH")
    instance.run_unit("setup", only=slice(2, None))
    assert instance.ask("/api/v2/pools/x_api")["slots"] == 5
    assert instance.ask("/api/v2/dags/collect_tweets")["is_paused"] is True


@pytest.mark.parametrize("part", STAYING)
def test_a_service_needs_less_memory_than_it_may_take(working, part):
    _, services = working
    every = [services[part], *services[part].children(recursive=True)]
    used = sum(one.memory_full_info().pss for one in every if one.is_running()) / 2**20
    (most,) = values(UNITS[f"collector-{part}.service"], "MemoryHigh")
    assert 50 < used < int(most.removesuffix("M"))
