"""`collector airflow`, which `make airflow` runs: squares turn green, and Ctrl-C leaves nothing running."""

import json
import re
import signal
import subprocess
import sys
import time
from urllib.request import Request, urlopen

import psutil
import pytest
from collector_process import clean_environment

from collector.airflow.local import _stop

SIGN_IN = re.compile(r"(http://127\.0\.0\.1:\d+)   user (\w+)   password (\S+)")

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("airflow")]


@pytest.fixture
def running(tmp_path):
    command = [sys.executable, "-m", "collector", "airflow", "--port", "0", "--folder", str(tmp_path / "airflow")]
    # A person's own Airflow, which must not be touched: nothing answers there.
    theirs = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg://a@127.0.0.1:9/a", "AIRFLOW_HOME": "/nowhere"}
    with (tmp_path / "out").open("w") as out:
        process = subprocess.Popen(  # noqa: S603  our own command line
            command, cwd=tmp_path, env=clean_environment(tmp_path) | theirs, stdout=out, stderr=subprocess.STDOUT
        )
    yield process, tmp_path / "out"
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    for each in (process, *children):
        each.kill()
    process.wait()


def said(out, pattern, seconds=180):
    deadline = time.monotonic() + seconds
    while not (found := re.search(pattern, out.read_text() if out.exists() else "")):
        assert time.monotonic() < deadline, f"{pattern} is not in: {out.read_text()}"
        time.sleep(0.3)
    return found


def test_wherever_it_is_started_windows_turn_green_and_ctrl_c_stops_everything(running):
    process, out = running
    url, user, password = said(out, SIGN_IN).groups()
    said(out, r"\d{2}:00Z  success")
    body = json.dumps({"username": user, "password": password}).encode()
    request = Request(f"{url}/auth/token", body, {"Content-Type": "application/json"})  # noqa: S310
    with urlopen(request) as answer:  # noqa: S310
        assert json.load(answer)["access_token"]
    started = psutil.Process(process.pid).children(recursive=True)
    assert len(started) >= 3
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert out.read_text().splitlines()[-1] == "stopped"
    assert [one for one in started if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []


def test_stopping_a_part_stops_what_it_has_started_in_groups_of_their_own(tmp_path):
    child = "import time; time.sleep(600)"
    parent = f"""
import subprocess, sys, time
started = subprocess.Popen([sys.executable, "-c", {child!r}], start_new_session=True)
open("child", "w").write(str(started.pid))
time.sleep(600)
"""
    part = subprocess.Popen([sys.executable, "-c", parent], cwd=tmp_path, start_new_session=True)  # noqa: S603
    pid = int(said(tmp_path / "child", r"\d+")[0])
    assert psutil.pid_exists(pid)
    _stop(part)
    assert part.poll() is not None
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
