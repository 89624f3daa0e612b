"""What watches on AWS: the agent's configuration, alarms and dashboard speak of what the collector prints."""

import json
import re
from decimal import Decimal
from pathlib import Path
from string import Template

import pytest
from collection import Collection
from fakes.clock import FakeClock
from fakes.state import FakeState

from collector.cli import collector
from collector.core.money import Budget
from collector.flow.gauges import gauges

AWS = Path(__file__).parents[2] / "config" / "aws"
WATCH = (AWS / "watch.tf").read_text("utf-8")
VALUES = {"name": "acme", "region": "eu-central-1", "max_lag_seconds": "7200"}
MACHINE = {"disk_used_percent": {"Name", "path"}, "mem_used_percent": {"Name"}}
"""What the agent adds to the namespace, with its dimensions."""


def filled(file, **values):
    """Return a template as Terraform and Python both fill it."""
    text = (AWS / file).read_text("utf-8")
    assert set(re.findall(r"\$\{(\w+)\}", text)) == set(values)
    assert "$" not in re.sub(r"\$\{\w+\}", "", text)
    assert "%{" not in text
    return json.loads(Template(text).substitute(values))


@pytest.fixture(scope="module")
def printed():
    """The names of all metrics that `collector metrics` may print."""
    collection, clock = Collection(FakeState()), FakeClock()
    collection.follow("nasa", 1)
    reading = gauges(state=collection.state, clock=clock, budget=Budget(100, Decimal(1)))
    return {gauge.name for gauge in reading.gauges}


@pytest.fixture(scope="module")
def dashboard():
    return filled("dashboard.json", **VALUES)


@pytest.fixture(scope="module")
def agent():
    return filled("cloudwatch-agent.json", name="acme")


def drawn(dashboard):
    """Yield name and dimensions of every metric of the dashboard's graphs."""
    for widget in dashboard["widgets"]:
        for row in widget["properties"].get("metrics", []):
            words = [word for word in row if isinstance(word, str)]
            if words:
                assert words[0] == "Collector"
                yield words[1], dict(zip(words[2::2], words[3::2], strict=True))


def alarmed():
    """Return the names of the metrics of namespace Collector that alarms are set on."""
    return set(re.findall(r'^\s+metric +?= "(\w+)"', WATCH, re.MULTILINE)) | {
        name for space, name in re.findall(r'namespace += "(\w+)"\n\s+metric_name += "(\w+)"', WATCH) if space != "AWS"
    }


def test_the_dashboard_draws_every_metric_that_is_printed(dashboard, printed):
    assert {name for name, _ in drawn(dashboard)} == printed | set(MACHINE)


def test_the_dashboard_draws_each_metric_with_the_dimensions_it_has(dashboard):
    for name, dimensions in drawn(dashboard):
        assert set(dimensions) == MACHINE.get(name, {"Name"})
        assert dimensions["Name"] == "acme"


def test_alarms_are_set_on_lag_failures_and_price_and_on_nothing_that_is_not_printed(printed):
    assert alarmed() >= {"LagSeconds", "FailingAccounts", "DollarsToday", "DollarsThisMonth", "disk_used_percent"}
    assert alarmed() <= printed | set(MACHINE)


def test_a_missing_lag_is_an_alarm():
    (missing,) = re.findall(r'metric += "LagSeconds".*?missing += "(\w+)"', WATCH, re.DOTALL)
    assert missing == "breaching"


def test_alarms_name_commands_that_there_are():
    texts = re.findall(r'(?:text|alarm_description) += "(.+?)"(?: \}|$)', WATCH, re.MULTILINE)
    named = {words.split()[0] for text in texts for words in re.findall(r"collector ([a-z]+(?: |\b))", text)}
    assert {"status", "gaps", "batches", "cursors"} <= named
    assert named <= set(collector.commands)
    assert all(len(text) <= 1024 for text in texts)


def test_terraform_fills_every_place_of_the_dashboard():
    (given,) = re.findall(r'dashboard\.json", \{(.*?)\}\)', WATCH, re.DOTALL)
    assert set(re.findall(r"^\s+(\w+) +=", given, re.MULTILINE)) == set(VALUES)


def test_widgets_lie_side_by_side(dashboard):
    taken = set()
    for widget in dashboard["widgets"]:
        columns = range(widget["x"], widget["x"] + widget["width"])
        cells = {(x, y) for x in columns for y in range(widget["y"], widget["y"] + widget["height"])}
        assert not cells & taken
        assert max(columns) < 24
        taken |= cells


def test_the_dashboard_asks_the_log_group_for_warnings_and_errors(dashboard):
    (query,) = [one["properties"]["query"] for one in dashboard["widgets"] if one["type"] == "log"]
    assert query.startswith("SOURCE '/acme' | fields @timestamp, ")
    assert "level in ['warning', 'error', 'critical']" in query


AGENT_OF_LOGS = {"file_path", "publish_multi_logs", "log_group_name", "log_stream_name"}


def test_the_agent_sends_all_files_of_a_pattern_and_each_to_a_stream_of_its_own(agent):
    # Without publish_multi_logs it sends the newest file alone.
    for files in agent["logs"]["logs_collected"]["files"]["collect_list"]:
        assert set(files) == AGENT_OF_LOGS
        assert files["publish_multi_logs"] is True
        assert (files["log_group_name"], files["log_stream_name"]) == ("/acme", "{instance_id}")
    assert 'name              = "/${var.name}"' in WATCH


def pattern_of(path):
    """Return what the agent's patterns match: `**` crosses folders, `*` does not."""
    return re.compile(re.escape(path).replace(r"\*\*", ".*").replace(r"\*", "[^/]*"))


@pytest.mark.parametrize(
    ("path", "is_sent"),
    [
        ("/var/log/collector/metrics.log", True),
        ("/var/log/collector/boot.log", True),
        ("/var/log/collector/scheduler.log", True),
        ("/var/log/collector/scheduler.log.1", False),
        # One file for each attempt, for a month: the agent would watch thousands. The scheduler's log has their lines.
        ("/var/lib/collector/airflow/logs/dag_id=collect_tweets/run_id=1/task_id=batch.plan/attempt=1.log", False),
        ("/var/lib/collector/airflow/logs/dag_processor/2026-11-22/dags-folder/tweets.py.log", False),
        ("/var/lib/collector/airflow/airflow.cfg", False),
    ],
)
def test_the_agent_sends_logs_of_the_boot_and_of_services_and_no_others(path, is_sent, agent):
    files = agent["logs"]["logs_collected"]["files"]["collect_list"]
    assert any(pattern_of(one["file_path"]).fullmatch(path) for one in files) is is_sent


def test_the_agent_measures_what_is_alarmed_on(agent):
    metrics = agent["metrics"]
    assert set(metrics) == {"namespace", "aggregation_dimensions", "metrics_collected"}
    assert metrics["namespace"] == "Collector"
    assert set(MACHINE) == {
        f"{part}_{name}" for part, one in metrics["metrics_collected"].items() for name in one["measurement"]
    }
    assert all(one["append_dimensions"] == {"Name": "acme"} for one in metrics["metrics_collected"].values())
    # Device and file system are dimensions too, but of the sums over ["Name", "path"].
    assert [set(MACHINE["disk_used_percent"])] == [set(names) for names in metrics["aggregation_dimensions"]]
    watched = set(re.findall(r'= "(/[a-z/]*)"', re.search(r"for_each = var.instance \? \{ root.*", WATCH)[0]))
    assert set(metrics["metrics_collected"]["disk"]["resources"]) == watched


def test_the_agent_runs_as_its_own_user_and_its_metrics_bear_no_host(agent):
    # It owns its folder, in which its root part reads: the collector must not write there.
    assert agent["agent"]["run_as_user"] == "cwagent"
    assert agent["agent"]["omit_hostname"] is True
