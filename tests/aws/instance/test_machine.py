"""The instance at work: a real systemd boots it, and runs its units under all their limits."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from boot_script import UNITS
from booted_instance import STAYING
from unit_files import values

from collector.core.times import time_text

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("first-boot")]


@pytest.fixture(scope="module")
def machine(instance):
    with instance.running():
        yield instance


def lookups(machine):
    return sum("/users/by" in one.path for one in machine.sandbox.requests)


def test_every_unit_does_its_work(machine):
    for part in STAYING:
        machine.wait(lambda part=part: machine.shown(f"collector-{part}", "SubState") == "running", f"{part} runs")
    for part in ("setup", "accounts"):
        machine.wait(lambda part=part: machine.shown(f"collector-{part}", "SubState") == "exited", f"{part} is done")
    assert machine.shown("collector-metrics.timer", "SubState") == "waiting"
    assert machine.root.text("/var/log/collector/accounts.log").count("is followed from") == 3


def test_a_window_is_collected(machine):
    assert machine.ask("/api/v2/dags/collect_tweets")["is_paused"] is False
    end = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)
    window = {"data_interval_start": time_text(end - timedelta(minutes=30)), "data_interval_end": time_text(end)}
    run = machine.ask("/api/v2/dags/collect_tweets/dagRuns", window | {"logical_date": time_text(end)})
    path = f"/api/v2/dags/collect_tweets/dagRuns/{run['dag_run_id']}"
    machine.wait(lambda: machine.ask(path)["state"] in ("success", "failed"), "the run ends")
    assert machine.ask(path)["state"] == "success"
    status = json.loads(machine.inside("collector", "status", "--json"))
    assert status["rows"] == machine.rows() > 0


def test_what_tasks_tell_reaches_the_log_of_the_scheduler_which_the_agent_sends(machine):
    log = machine.root.text("/var/log/collector/scheduler.log")
    told = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    committed = {one["batch_id"]: one["rows"] for one in told if one["event"] == "batch.committed"}
    assert sum(committed.values()) == machine.rows() > 0
    assert machine.sandbox.credentials.bearer_token not in log


def test_airflow_knows_nobody_without_the_generated_password(machine):
    assert machine.refusal("/api/v2/dags", {}) == 401
    assert machine.refusal("/auth/token", {}) == 403
    assert machine.password not in "".join(
        path.read_text("utf-8") for path in machine.root.path("/var/log/collector").glob("*.log")
    )


def test_the_doctor_finds_nothing_wrong(machine):
    findings = json.loads(machine.inside("collector", "doctor", "--json"))["findings"]
    assert {one["name"]: one["what"] for one in findings if one["state"] == "wrong"} == {}
    (pool,) = (one for one in findings if "pool" in one["name"])
    assert pool["state"] == "ok"


def test_a_person_runs_commands_as_the_units_do(machine):
    assert "collect_tweets" in machine.inside("airflow", "dags", "list", "-o", "plain")
    assert machine.inside("collector", "cursors").startswith("username")


def test_the_agent_may_read_every_log_and_the_numbers_in_them(machine):
    machine.inside("systemctl", "start", "collector-metrics")
    words = (
        "sh",
        "-c",
        "ls /var/log/collector/*.log | xargs -n 1 head -c 1 >/dev/null && cat /var/log/collector/metrics.log",
    )
    said = machine.inside("setpriv", "--reuid=nobody", "--regid=nogroup", "--groups=collector", *words)
    assert {json.loads(line)["Name"] for line in said.splitlines()} == {"tweets-of-mine"}


@pytest.mark.parametrize("part", STAYING)
def test_a_service_needs_less_memory_than_it_may_take(machine, part):
    (most,) = values(UNITS[f"collector-{part}.service"], "MemoryMax")
    assert 50 < machine.megabytes(f"collector-{part}") < 0.85 * int(most.removesuffix("M"))


def test_a_killed_service_comes_back(machine):
    machine.inside("systemctl", "kill", "--signal=KILL", "collector-dag-processor")
    machine.wait(lambda: machine.shown("collector-dag-processor", "NRestarts") == "1", "it is started again")
    machine.wait(lambda: machine.shown("collector-dag-processor", "SubState") == "running", "it runs")


def test_after_a_reboot_all_goes_on_by_itself_as_a_person_has_left_it(machine):
    machine.ask("/api/v2/pools/x_api", {"name": "x_api", "slots": 5, "include_deferred": False}, "PATCH")
    machine.ask("/api/v2/dags/collect_tweets", {"is_paused": True}, "PATCH")
    paid = lookups(machine)
    assert paid > 0
    machine.power_off()
    machine.power_on()
    machine.wait(lambda: machine.shown("collector-accounts", "SubState") == "exited", "accounts are followed")
    assert machine.ask("/api/v2/pools/x_api")["slots"] == 5
    assert machine.ask("/api/v2/dags/collect_tweets")["is_paused"] is True
    assert lookups(machine) == paid
