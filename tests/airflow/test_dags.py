"""The DAG files: Airflow reads them fast, without a warning, and finds what the README names."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from collector_process import clean_environment

DAGS = Path(__file__).parent.parent.parent / "dags"
READ = """
import json, sys, time
from airflow.dag_processing.dagbag import DagBag
begun, known = time.process_time(), set(sys.modules)
bag = DagBag(sys.argv[1], collect_dags=False)
bag.collect_dags(sys.argv[1])
print(json.dumps({
    "seconds": time.process_time() - begun,
    "errors": bag.import_errors,
    "warnings": [str(one) for one in bag.captured_warnings.values()],
    "tasks": {dag.dag_id: dag.task_ids for dag in bag.dags.values()},
    "pools": {task.task_id: task.pool for dag in bag.dags.values() for task in dag.tasks},
    "shards": {
        dag.dag_id: [group._expand_input.value["shard"] for group in dag.get_task("plan").iter_mapped_task_groups()]
        for dag in bag.dags.values()
        if dag.has_task("plan")
    },
    "heavy": sorted({"pandas", "pyarrow", "boto3", "tweepy"} & (set(sys.modules) - known)),
}))
"""
STEPS = ["plan", "fetch", "publish", "commit", "check"]


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    return dags_read(tmp_path_factory.mktemp("airflow"))


def dags_read(home, **settings):
    environment = clean_environment(home) | {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    words = [sys.executable, "-c", READ, str(DAGS)]
    done = subprocess.run(  # noqa: S603  our own
        words, env=environment | settings, cwd=home, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_airflow_reads_the_files_without_an_error_or_a_warning(read):
    assert read["errors"] == {}
    assert read["warnings"] == []


def test_reading_the_files_costs_little_and_loads_nothing_heavy(read):
    assert read["seconds"] < 3
    assert read["heavy"] == []


def test_every_step_is_a_task_of_the_same_name(read):
    assert read["tasks"]["collect_tweets"] == ["accounts", *STEPS]
    assert read["tasks"]["backfill_tweets"] == ["asked_for", "accounts", *STEPS]
    assert set(read["tasks"]) == {"collect_tweets", "backfill_tweets", "daily_summary"}


def test_only_who_asks_x_for_tweets_needs_a_slot_of_the_pool(read):
    assert {task for task, pool in read["pools"].items() if pool == "x_api"} == {"fetch"}


def test_every_shard_has_steps_of_its_own(tmp_path):
    found = dags_read(tmp_path, COLLECTOR_SHARDS="3")["shards"]
    assert found == {"collect_tweets": [[0, 1, 2]], "backfill_tweets": [[0, 1, 2]]}


def test_a_wrong_setting_is_an_import_error_that_names_it(tmp_path):
    home = tmp_path / "wrong"
    home.mkdir()
    (error,) = dags_read(home, COLLECTOR_SHARDS="many")["errors"].values()
    assert "setting COLLECTOR_SHARDS is 'many'" in error
