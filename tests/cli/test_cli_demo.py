"""`collector demo`, as a newcomer runs it: it shows everything, and leaves nothing running."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from collector_process import clean_environment

from collector import read_tweets

CREDENTIALS = {"COLLECTOR_X_BEARER_TOKEN": "a-real-token", "AWS_PROFILE": "a-real-profile"}


def test_the_demo_shows_the_main_job_and_can_be_kept_to_go_on_with(tmp_path):
    folder = tmp_path / "demo"
    command = [sys.executable, "-m", "collector", "demo", "--keep", "--folder", str(folder)]
    environment = clean_environment(tmp_path) | CREDENTIALS
    with subprocess.Popen(  # noqa: S603  the collector itself
        command,
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    ) as running:
        said = "".join(until_pasted(running.stdout))
        assert "6 active" in go_on(said, tmp_path)
        running.terminate()
        rest, complained = running.communicate(timeout=20)
    assert (running.returncode, rest.strip(), complained) == (0, "", "")
    assert_nothing_runs(running.pid)
    assert_shown(said)
    assert_paths_exist(said, folder)
    assert "a-real" not in said


def until_pasted(lines):
    """Yield what the demo says up to the last line to paste."""
    for line in lines:
        yield line
        if line.startswith("export COLLECTOR_INITIAL_LOOKBACK"):
            return


def go_on(said, folder):
    """Collect once more in the environment that the demo leaves, and return the status."""
    pasted = dict(re.findall(r"^export (\w+)=(.*)$", said, re.MULTILINE))
    for words in (["collect"], ["status"]):
        command = [sys.executable, "-m", "collector", *words]
        environment = clean_environment(folder) | pasted
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout


def assert_nothing_runs(group):
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


def assert_shown(said):
    assert len(set(re.findall(r"live-\d{8}T\d{6}Z-s00", said))) >= 4
    assert len(set(re.findall(r"backfill-\d{8}T\d{6}Z-s00", said))) == 1
    assert "(killed with SIGKILL while it fetched)" in said
    assert re.search(r"^harbor_light +10801  active +\d{19} ", said, re.MULTILINE)
    assert re.search(r"\d+ batches, \d+ objects, \d+ rows: all is as recorded", said)
    assert re.search(r"\d+ requests to X, \d+ tweets and 6 users read: \$\d+\.\d{3} at X's prices", said)
    assert "no gaps" in said
    assert re.search(r"^  s3://sandbox/demo/tweets/dt=\S+/hour=\d\d/\S+\.csv  [\d,]+ bytes$", said, re.MULTILINE)


def assert_paths_exist(said, folder):
    rows = int(re.search(r"objects, (\d+) rows: all is as recorded", said)[1])
    paths = [Path(path) for path in re.findall(rf"{folder}[\w./-]*", said)]
    assert len(paths) >= 3
    assert [path for path in paths if not path.exists()] == []
    assert read_tweets(folder / "objects" / "demo")["tweet_id"].nunique() == rows
