"""`collector metrics`: one line for CloudWatch, or a failure that an alarm notices."""

import pytest
from metric_lines import metrics_in

from collector.sandbox.faults import Fault


def test_one_line_on_stdout_tells_the_collection(following, sandbox):  # F60
    following.done("collect")
    ended = following.done("metrics", "--name", "acme")
    namespace, dimensions, found = metrics_in(ended.stdout.rstrip("\n"))
    assert (namespace, dimensions) == ("Collector", {"Name": "acme"})
    assert ended.stderr == ""
    assert (found["Rows"], found["TweetsReadToday"]) == (180, sandbox.bill.tweets)
    assert found["DollarsToday"] == pytest.approx(sandbox.bill.tweets * 0.005 + sandbox.bill.users * 0.01)
    assert (found["Gaps"], found["FailingAccounts"], found["Accounts"]) == (0, 0, 3)


def test_an_outage_of_x_is_told(following, sandbox):  # F60
    sandbox.faults.add(Fault("401", r"/tweets$", times=None))
    following("collect")
    _, _, found = metrics_in(following.done("metrics").stdout.rstrip("\n"))
    assert (found["FailingAccounts"], found["AccountsWithGaps"], found["Rows"]) == (3, 3, 0)
    assert found["LagSeconds"] > 7 * 86400 - 60


def test_the_name_and_the_namespace_can_be_set(collector):
    collector.done("migrate")
    ended = collector.done("metrics", "--namespace", "acme/x", COLLECTOR_NAME="prod")
    assert metrics_in(ended.stdout.rstrip("\n"))[:2] == ("acme/x", {"Name": "prod"})


def test_a_state_that_cannot_be_read_is_a_failure_and_no_line(collector):  # F60
    ended = collector("metrics", COLLECTOR_STATE_URL="postgresql://me:secret@127.0.0.1:1/state")
    assert (ended.code, ended.stdout) == (75, "")
    assert "secret" not in ended.complaint


def test_a_damaged_state_is_a_failure_and_no_line(collector):  # F60
    collector.state.write_bytes(b"no database" * 1000)
    ended = collector("metrics")
    assert ended.code != 0
    assert ended.stdout == ""
    assert ended.complaint


@pytest.mark.parametrize("words", [("--name", ""), ("--name", "münchen"), ("--namespace", "AWS/EC2")])
def test_a_name_that_cloudwatch_refuses_is_wrong_usage(words, collector):
    collector.done("migrate")
    ended = collector("metrics", *words)
    assert (ended.code, ended.stdout) == (2, "")
    assert "CloudWatch" in ended.complaint


def test_a_state_that_is_not_there_is_not_made(collector, tmp_path):  # F60
    told = collector("metrics", COLLECTOR_STATE_URL=f"sqlite:///{tmp_path}/mistyped.db")
    assert (told.code, told.stdout) == (2, "")
    assert "collector migrate" in told.complaint
    assert not (tmp_path / "mistyped.db").exists()
