"""Airflow is told where it lives before anything imports it."""

import atexit
import os
import shutil
import tempfile

import pytest

for name in [name for name in os.environ if name.startswith("AIRFLOW_")]:
    del os.environ[name]
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-of-tests-")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "false"
atexit.register(shutil.rmtree, os.environ["AIRFLOW_HOME"], ignore_errors=True)


@pytest.fixture(scope="session")
def stage(tmp_path_factory, postgres_server):
    """A real Airflow at work, one for the whole session."""
    from airflow_stage import open_stage  # noqa: PLC0415  only who needs it waits for it

    with open_stage(tmp_path_factory.mktemp("stage"), postgres_server) as opened:
        yield opened
