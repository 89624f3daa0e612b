"""config/airflow/values.yaml: it says what the rest of the project says; no Helm and no cluster is here."""

import configparser
import re
import shlex
from pathlib import Path

import pytest
import yaml

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
