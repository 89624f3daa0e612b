"""A task asks Airflow's API server whether the pool exists."""

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from structlog.testing import capture_logs

from collector.airflow.pool import check_pool, pool_findings
from collector.core.errors import ConfigError


@contextmanager
def api_server(status, document, base=""):
    """Answer as Airflow's API server may."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status if self.path == f"{base}/collector-pool/" else 404)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{base}/execution/"
    server.shutdown()
    server.server_close()


def checked(url, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", url)
    with capture_logs() as events:
        check_pool()
    return [event["event"] for event in events]


@pytest.mark.parametrize("base", ["", "/airflow"])
def test_a_pool_with_slots_is_all_that_is_needed(base, monkeypatch):
    with api_server(200, {"slots": 2}, base) as url:
        assert checked(url, monkeypatch) == []


@pytest.mark.parametrize("slots", [None, 0])
def test_a_pool_in_which_no_fetch_would_run_is_told_with_the_command_that_makes_it(slots, monkeypatch):
    with api_server(200, {"slots": slots}) as url, pytest.raises(ConfigError) as raised:
        checked(url, monkeypatch)
    assert "x_api" in str(raised.value)
    assert raised.value.hint.startswith("airflow pools set x_api ")


def test_an_api_server_that_cannot_tell_stops_nothing(monkeypatch):
    with api_server(404, {"detail": "Not Found"}) as url:
        assert checked(url, monkeypatch) == ["pool.not_checked"]
    assert checked("http://127.0.0.1:9/execution/", monkeypatch) == ["pool.not_checked"]


def test_where_nothing_is_configured_the_api_server_is_where_airflow_looks_for_it(monkeypatch):
    monkeypatch.delenv("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", raising=False)
    asked = []
    monkeypatch.setattr("collector.airflow.pool.urlopen", lambda url, **_: asked.append(url) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        check_pool()
    assert asked == ["http://localhost:8080/collector-pool/"]


def found(url, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", url)
    (finding,) = pool_findings()
    return finding


@pytest.mark.parametrize(("slots", "state"), [(2, "ok"), (0, "wrong"), (None, "wrong")])
def test_the_doctor_tells_whether_the_pool_is_there(slots, state, monkeypatch):
    with api_server(200, {"slots": slots}) as url:
        finding = found(url, monkeypatch)
    assert finding.state == state
    if state == "wrong":
        assert finding.command.startswith("airflow pools set x_api ")


def test_the_doctor_warns_of_an_api_server_that_cannot_tell(monkeypatch):
    assert found("http://127.0.0.1:9/execution/", monkeypatch).state == "warning"
    with api_server(404, {"detail": "Not Found"}) as url:
        assert found(url, monkeypatch).state == "warning"


def test_where_no_airflow_is_set_up_the_doctor_makes_none(monkeypatch):
    monkeypatch.delenv("AIRFLOW_HOME")
    monkeypatch.delenv("AIRFLOW_CONFIG", raising=False)
    monkeypatch.setattr("collector.airflow.pool.urlopen", lambda *_, **__: pytest.fail("it was asked"))
    (finding,) = pool_findings()
    assert (finding.state, finding.what) == ("not checked", "no Airflow is set up here")
