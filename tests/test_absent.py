"""What could not be checked is told, whoever noticed it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CONFTEST = """
from absent import not_checked, pytest_sessionfinish, pytest_terminal_summary, pytest_testnodedown
not_checked("the shape of the moon", "install a telescope")
collect_ignore_glob = ["test_moon.py"]
"""


@pytest.mark.parametrize("workers", ["0", "1"])
def test_what_was_not_checked_is_told_at_the_end_and_the_rest_runs(tmp_path, workers):
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_moon.py").write_text("raise NotImplementedError")
    (tmp_path / "test_sun.py").write_text("def test_it_shines(): pass")
    words = ["-n", workers, "-o", f"pythonpath={ROOT / 'tests'}", "--rootdir", tmp_path, tmp_path]
    run = subprocess.run(  # noqa: S603  our own pytest
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    told = run.stdout[run.stdout.index("NOT CHECKED on this machine") :]
    assert "NOT CHECKED: the shape of the moon\n  to check it: install a telescope\n" in told
    assert "1 passed" in told
