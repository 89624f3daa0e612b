"""A cold start: the real `python -m collector`, which loads no more than it needs."""

import subprocess
import sys
from pathlib import Path

import pytest
from collector_process import clean_environment

HEAVY = ("pandas", "pyarrow", "boto3", "tweepy", "sqlalchemy", "moto")


def loaded_by(statements, folder):
    """Return which heavy libraries are there after some statements."""
    script = f"{statements}\nimport sys\nprint(*(name for name in {HEAVY} if name in sys.modules))"
    command = [sys.executable, "-c", script]
    ended = subprocess.run(  # noqa: S603  our own
        command, cwd=folder, env=clean_environment(folder), check=True, capture_output=True, text=True, timeout=60
    )
    return set(ended.stdout.split())


def test_ctrl_c_while_the_command_line_is_loaded_shows_no_traceback(tmp_path):
    # A shell that starts something in the background has it ignore Ctrl-C.
    listening = "signal.signal(signal.SIGINT, signal.default_int_handler)"
    (tmp_path / "click.py").write_text(f"import os, signal\n{listening}\nos.kill(os.getpid(), signal.SIGINT)\n")
    environment = clean_environment(tmp_path) | {"PYTHONPATH": str(tmp_path)}
    for command in ([sys.executable, "-m", "collector"], [str(Path(sys.executable).with_name("collector"))]):
        ended = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=60)  # noqa: S603  our own
        assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


def test_help_waits_for_no_library(tmp_path):
    assert loaded_by("import collector.cli", tmp_path) == set()


def test_a_view_waits_for_the_database_alone(tmp_path):
    view = "from click.testing import CliRunner\nfrom collector.cli import collector\n"
    view += "assert CliRunner().invoke(collector, ['cursors']).exit_code == 0"
    assert loaded_by(view, tmp_path) == {"sqlalchemy"}


def test_a_cold_start_does_what_a_warm_one_does(following, sandbox):
    ended = following.cold("collect", "--json")
    assert ended.code == 0
    assert ended.document["rows"] == 180
    assert ended.complaints == []
    assert following.cold("batches", "--json").document == following.done("batches", "--json").document
    assert sandbox.bill.tweets == 180


@pytest.mark.parametrize("words", [("--version",), ("-h",), ("accounts", "--help")])
def test_version_and_help_need_no_settings(words, collector):
    ended = collector(*words, COLLECTOR_OUTPUT="nonsense")
    assert ended.code == 0
    assert ended.stdout.startswith(("Usage: collector", "collector, version "))
