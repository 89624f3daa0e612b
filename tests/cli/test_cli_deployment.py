"""`collector deployment`: what the package brings for a machine, in a checkout; installed, see test_cli_wheel.py."""

from pathlib import Path

import pytest

from collector.deployment import PARTS

ROOT = Path(__file__).parent.parent.parent


def test_everything_is_listed_with_its_place(collector):
    head, *rows = collector.done("deployment").stdout.splitlines()
    assert head.split() == ["part", "path"]
    listed = dict(row.split() for row in rows)
    assert listed.keys() == PARTS.keys()
    assert listed["airflow.cfg"] == str(ROOT / "config" / "airflow" / "airflow.cfg")


@pytest.mark.parametrize("part", PARTS)
def test_one_place_alone_is_for_scripts(collector, part):
    (line,) = collector.done("deployment", part).stdout.splitlines()
    assert Path(line).exists()
    assert Path(line).name == part


def test_what_the_package_does_not_bring_is_wrong_use(collector):
    ended = collector("deployment", "terraform")
    assert ended.code == 2
    assert "'dags', 'airflow.cfg', 'requirements-airflow.txt'" in ended.complaint
