"""`collector doctor` as a person runs it: what it prints, how it ends, each fault of X and of the state for real."""

import socket
import time
from datetime import timedelta

import pytest
from doctoring import visit

from collector.adapters.sql_state.migrations import downgrade
from collector.sandbox.faults import Fault

ORDER = [
    *("settings", "state", "state disk", "accounts", "open batches", "budget", "newest batch", "log"),
    *("x credentials", "x access", "x limits", "x usage", "x clock"),
    *("output", "output list", "output put", "output get", "create-only", "output space", "airflow pool"),
]


def test_a_collection_that_works_has_nothing_wrong(following):
    following.done("collect")
    found = visit(following, COLLECTOR_MAX_USD_PER_MONTH="50")
    found.assert_wrong()
    assert list(found.findings) == ORDER
    assert found.named("warning") == []
    assert found.named("not checked") == ["airflow pool"]
    assert following.done("verify", "--json").document["ok"]


def test_the_json_document_has_the_documented_shape(collector):
    document = collector("doctor", "--json").document
    assert set(document) == {"ok", "findings"}
    for finding in document["findings"]:
        assert set(finding) == {"name", "state", "what", "why", "command"}
        assert finding["state"] in {"ok", "warning", "wrong", "not checked"}


def test_a_person_reads_a_line_a_finding_and_the_remedy_of_those_that_are_not_ok(following):
    following.done("collect")
    ended = following.done("doctor")
    lines = ended.stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("warning      budget"))
    assert lines[at + 1].split()[0] == "why"
    assert lines[at + 2].split() == ["do", "export", "COLLECTOR_MAX_USD_PER_MONTH=50"]
    assert lines[-1] == "18 ok, 1 warning, 1 not checked"
    assert len(lines) == len(ORDER) + 3
    assert ended.complaints == []


def test_an_output_that_is_not_that_of_the_state_is_wrong(following, tmp_path):
    following.done("collect")
    found = visit(following, COLLECTOR_OUTPUT=f"file://{tmp_path}/elsewhere")
    found.assert_wrong("log")
    assert "COLLECTOR_OUTPUT" in found.findings["log"]["command"]


def test_a_look_at_nothing_makes_no_state_and_is_no_fault_of_the_output(collector):
    found = visit(collector)
    found.assert_wrong()
    assert found.findings["state"]["command"] == "collector migrate"
    assert not collector.state.exists()


def test_a_look_costs_nothing_and_writes_nothing_the_second_time(following, sandbox):
    following.done("collect")
    visit(following)
    paid, files = sandbox.bill.usd, sorted(following.output.rglob("*"))
    visit(following)
    assert (sandbox.bill.usd, sorted(following.output.rglob("*"))) == (paid, files)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("401", "401 Unauthorized"),
        ("402-credits", "402 CreditsDepleted"),
        ("402-credits-depleted", "credits depleted"),
        ("403-client-forbidden", "403 Client Forbidden"),
        ("403-spend-cap", "SpendCapReached"),
        ("429-usage-capped", "Usage cap exceeded"),
        ("503", "503 Service Unavailable"),
    ],
)
def test_an_x_that_lets_us_not_in_is_wrong_and_the_rest_is_looked_at(kind, words, following, sandbox):  # F7 F19
    sandbox.faults.add(Fault(kind, times=None))
    found = visit(following)
    found.assert_wrong("x access")
    assert words in found.findings["x access"]["what"]
    assert found.findings["create-only"]["state"] == "ok"
    sandbox.faults.clear()


def test_a_rate_limit_is_a_warning(following, sandbox):  # F7
    sandbox.faults.add(Fault("429", times=None))
    found = visit(following)
    found.assert_wrong()
    assert "x access" in found.named("warning")


def test_an_x_that_is_not_there_is_wrong(following):
    visit(following, COLLECTOR_X_BASE_URL="http://127.0.0.1:9").assert_wrong("x access")


def test_a_clock_that_is_off_is_wrong(collectors, open_sandbox):  # F8
    collector = collectors(open_sandbox(skew=timedelta(minutes=10)))
    found = visit(collector)
    found.assert_wrong("x clock")
    assert "behind X" in found.findings["x clock"]["what"]


def test_no_credentials_are_wrong_and_stop_no_other_look(following):
    found = visit(following, COLLECTOR_X_BEARER_TOKEN=None)
    found.assert_wrong("x credentials")
    assert found.findings["x access"]["what"] == "see x credentials"
    assert found.findings["output"]["state"] == "ok"


def test_an_old_schema_is_wrong_with_the_command_that_mends_it(following):
    downgrade(f"sqlite:///{following.state}", "0001")
    found = visit(following)
    found.assert_wrong("state")
    assert found.findings["state"]["command"] == "collector migrate"
    following.done("migrate")
    visit(following).assert_wrong()


def test_a_postgres_that_is_down_is_wrong(following, tmp_path):  # F59
    found = visit(following, COLLECTOR_STATE_URL=f"postgresql+psycopg://me:hunter2@/db?host={tmp_path}")
    found.assert_wrong("state")
    assert "hunter2" not in found.ended.stdout + found.ended.stderr


def test_a_server_that_never_answers_is_left(following):  # F20
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port, start = silent.getsockname()[1], time.monotonic()
        found = visit(following, COLLECTOR_X_BASE_URL=f"http://127.0.0.1:{port}")
        assert time.monotonic() - start < 25
    found.assert_wrong("x access")


def test_settings_that_cannot_be_read_are_the_one_finding(collector):
    found = visit(collector, COLLECTOR_SHARDS="many")
    found.assert_wrong("settings")
    assert "COLLECTOR_SHARDS" in found.findings["settings"]["what"]
    assert list(found.findings) == ["settings"]


def test_an_output_that_is_a_file_is_wrong(following, tmp_path):
    (tmp_path / "file").touch()
    found = visit(following, COLLECTOR_OUTPUT=f"file://{tmp_path}/file/output")
    assert found.ended.code == 1
    assert "output put" in found.named("wrong")


def test_an_airflow_that_is_set_up_is_asked_and_says_nothing_of_its_own(following, tmp_path):
    nobody = {"AIRFLOW_HOME": str(tmp_path / "airflow"), "AIRFLOW__API__BASE_URL": "http://127.0.0.1:9/"}
    found = visit(following, **nobody)
    found.assert_wrong()
    assert "airflow pool" in found.named("warning")
    assert found.findings["airflow pool"]["command"] == "airflow api-server"
