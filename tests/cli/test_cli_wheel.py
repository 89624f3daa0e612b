"""The collector as it is installed: a wheel that works outside of the checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from collector_process import clean_environment

ROOT = Path(__file__).parent.parent.parent
UI = ROOT / "collector" / "ui"
PARTS = {
    "dags": "dags/tweets.py",
    "airflow.cfg": "config/airflow/airflow.cfg",
    "requirements-airflow.txt": "requirements-airflow.txt",
}


def ran(command, folder, environment):
    """Run a command that must end well, and return what it says on stdout."""
    ended = subprocess.run(  # noqa: S603  our own
        command, cwd=folder, env=environment, check=False, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, (command, ended.stderr)
    return ended.stdout


@pytest.fixture
def unpacked(tmp_path):
    """A built wheel, unpacked."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    ran(command, ROOT, clean_environment(tmp_path))
    (wheel,) = (tmp_path / "dist").iterdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "unpacked")
    return tmp_path / "unpacked"


# F33
def test_a_wheel_works_outside_of_the_checkout(unpacked, tmp_path):
    inside = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    versions = {f"collector/migrations/versions/{path.name}" for path in (ROOT / "migrations/versions").glob("*.py")}
    assert versions
    page = {
        f"collector/ui/{path.relative_to(UI).as_posix()}" for path in UI.rglob("*.*") if "__pycache__" not in path.parts
    }
    assert len(page) > 15
    assert inside >= versions | page | {
        "collector/migrations/env.py",
        "collector/cli/__init__.py",
        "collector/sandbox/demo.py",
        "collector/deployment/airflow/airflow.cfg",
        "collector/deployment/airflow/airflow_local_settings.py",
        "collector/deployment/dags/tweets.py",
        "collector/deployment/requirements-airflow.txt",
    }
    assert not any("__pycache__" in name or name.startswith("tests/") for name in inside)
    entries = next(unpacked.glob("*.dist-info/entry_points.txt")).read_text()
    assert "collector = collector.__main__:main" in entries
    assert "[airflow.plugins]\ncollector = collector.airflow.plugin:CollectorPlugin" in entries
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    environment = clean_environment(folder) | {"PYTHONPATH": str(unpacked)}
    where = ran([sys.executable, "-c", "import collector; print(collector.__file__)"], folder, environment)
    assert where.strip() == str(unpacked / "collector" / "__init__.py")
    for part, origin in PARTS.items():
        (path,) = ran([sys.executable, "-m", "collector", "deployment", part], folder, environment).splitlines()
        assert Path(path).is_relative_to(unpacked)
        assert (Path(path) / "tweets.py" if part == "dags" else Path(path)).read_bytes() == (ROOT / origin).read_bytes()
    said = ran([sys.executable, "-m", "collector", "migrate"], folder, environment)
    assert said == "the state database is at the newest schema\n"
    assert (folder / "collector-data" / "state.db").stat().st_size > 0
