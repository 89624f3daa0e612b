"""config/airflow/values.yaml: it says what the rest of the project says; no Helm and no cluster is here."""

import configparser
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from collector_process import clean_environment
from metric_lines import metrics_in

from collector.adapters.sql_state.migrations import upgrade
from collector.airflow.pool import MAKE
from collector.cli import collector
from collector.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent.parent
VALUES = yaml.safe_load((ROOT / "config/airflow/values.yaml").read_text("utf-8"))
DOCKERFILE = (ROOT / "config/airflow/Dockerfile").read_text("utf-8")
LOCK = (ROOT / "requirements-airflow.txt").read_text("utf-8")
# The sections of the chart's values that are used, by its reference of parameters:
# https://airflow.apache.org/docs/helm-chart/1.22.0/parameters-ref.html
SECTIONS = {
    "executor", "airflowVersion", "defaultAirflowRepository", "defaultAirflowTag", "env", "data", "secret",
    "airflowLocalSettings", "fernetKeySecretName", "apiSecretKeySecretName", "jwtSecretName", "postgresql", "config",
    "workers", "scheduler", "apiServer", "dagProcessor", "logs", "migrateDatabaseJob", "createUserJob", "triggerer",
    "redis", "statsd",
}  # fmt: skip


def test_only_sections_of_the_chart_are_set():
    assert set(VALUES) == SECTIONS


def test_every_setting_is_one_of_the_collector():
    given = {one["name"] for one in VALUES["env"] if one["name"].startswith(PREFIX)}
    assert given <= {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    assert [one for one in VALUES["env"] if not isinstance(one["value"], str)] == []


def test_pods_bear_the_name_that_alarms_and_dashboard_look_for():
    assert {"name": "COLLECTOR_NAME", "value": "NAME"} in VALUES["env"]


def test_a_container_sends_metrics_to_the_agent_again_and_again(tmp_path):
    (container,) = VALUES["scheduler"]["extraContainers"]
    assert container["env"] == VALUES["env"]
    assert container["image"] == f"{VALUES['defaultAirflowRepository']}:{VALUES['defaultAirflowTag']}"
    shell, dash, script = container["command"]
    upgrade(f"sqlite:///{tmp_path}/state.db")
    with closing(socket.create_server(("127.0.0.1", 0))) as agent:
        here = f"127.0.0.1/{agent.getsockname()[1]}"
        there = script.replace("cloudwatch-agent.amazon-cloudwatch/25888", here).replace("sleep 60", "sleep 0.1")
        environment = clean_environment(tmp_path) | {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "COLLECTOR_NAME": "acme",
            "COLLECTOR_STATE_URL": f"sqlite:///{tmp_path}/state.db",
        }
        sidecar = subprocess.Popen([shell, dash, there], env=environment, cwd=tmp_path, start_new_session=True)  # noqa: S603
        try:
            lines = [received(agent), received(agent)]
        finally:
            os.killpg(sidecar.pid, signal.SIGKILL)
            sidecar.wait()
    assert here in there
    assert [metrics_in(line)[1] for line in lines] == [{"Name": "acme"}] * 2


def received(agent):
    """Return the one line of the next who calls; the agent ends an event at each line's end."""
    agent.settimeout(60)
    connection, _ = agent.accept()
    with connection, connection.makefile(encoding="utf-8") as lines:
        (line,) = lines
    return line.removesuffix("\n")


def test_the_job_makes_both_schemas_and_the_pool():
    shell, dash, script = VALUES["migrateDatabaseJob"]["args"]
    assert (shell, dash) == ("bash", "-c")
    steps = [shlex.split(step.strip(" {};\n")) for step in re.split(r"&&|\|\|", script)]
    assert steps == [
        ["airflow", "db", "migrate"],
        ["collector", "migrate"],
        ["airflow", "pools", "get", MAKE[2]],
        ["airflow", *MAKE],
    ]
    assert "migrate" in collector.commands


def test_airflow_is_configured_as_on_one_machine():
    here = configparser.ConfigParser()
    here.read(ROOT / "config/airflow/airflow.cfg")
    there = VALUES["config"]
    for section, names in {
        "core": ["load_examples", "dags_are_paused_at_creation"],
        "database": ["load_default_connections"],
        "scheduler": ["task_instance_heartbeat_timeout", "orphaned_tasks_check_interval"],
        "logging": ["namespace_levels"],
    }.items():
        assert {name: str(there[section][name]) for name in names} == {name: here[section][name] for name in names}


@pytest.mark.parametrize("text", [VALUES["airflowVersion"], re.search(r"airflow:([\d.]+)-", DOCKERFILE)[1]])
def test_the_image_is_of_the_airflow_that_is_locked(text):
    assert f"\napache-airflow=={text} " in LOCK


def test_the_database_of_airflow_follows_the_secret_as_on_one_machine():
    assert VALUES["airflowLocalSettings"] in (ROOT / "config/airflow/airflow_local_settings.py").read_text("utf-8")


def test_no_password_and_no_token_is_written():
    text = (ROOT / "config/airflow/values.yaml").read_text("utf-8")
    assert re.findall(r"://[^/@\s]*:[^/@\s]+@", text) == []
    assert "admin" not in str(VALUES["createUserJob"])
