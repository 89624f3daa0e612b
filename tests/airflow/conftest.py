"""Airflow is told where it lives before anything imports it."""

import os
import tempfile

os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="airflow-of-tests-"))
os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "false")
os.environ.setdefault("AIRFLOW__CORE__UNIT_TEST_MODE", "false")

import pytest
from airflow_stage import open_stage


@pytest.fixture(scope="session")
def stage(tmp_path_factory, postgres_server):
    """A real Airflow at work, one for the whole session."""
    with open_stage(tmp_path_factory.mktemp("stage"), postgres_server) as opened:
        yield opened
