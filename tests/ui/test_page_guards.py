"""What the page refuses, and what it says when it has nothing to show."""

from datetime import timedelta

import pytest
from page_reading import Reading
from starlette.testclient import TestClient

from collector.adapters.sql_state import SqlState
from collector.core.errors import ConfigError, StateUnavailable
from collector.ui.app import page_app
from collector.ui.rendering import ASSETS

DEAD = "postgresql://operator:hunter2@127.0.0.1:1/collector"


def said(answer):
    reading = Reading(answer.text)
    (box,) = reading.all("div", class_="failed")
    return " ".join(box["text"].split())


def refusing(error, clock, **choices):
    calls = []

    def open_state():
        calls.append(1)
        raise error

    return TestClient(page_app(open_state, clock, **choices)), calls


@pytest.mark.parametrize("path", ["/", "/part", "/assets/page.css", "/nothing"])
def test_whatever_does_not_read_is_refused(path, client):
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"):
        answer = client.request(method, path)
        assert answer.status_code == 405, method
        assert answer.headers["allow"] == "GET, HEAD"


def test_head_is_answered_as_get_is(client):
    assert client.head("/").status_code == 200
    assert client.head("/assets/page.js").status_code == 200


@pytest.mark.parametrize("path", ["/", "/part", "/assets/page.js", "/nothing"])
def test_every_answer_forbids_scripts_and_hosts_of_others(path, client):
    headers = client.get(path).headers
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert set(policy.values()) == {"'none'", "'self'"}
    assert policy["frame-ancestors"] == "'self'"
    assert headers["x-content-type-options"] == "nosniff"


def test_the_page_is_never_stored(client):
    assert client.get("/").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", ASSETS)
def test_an_asset_is_served_as_what_it_is(name, client):
    answer = client.get(f"/assets/{name}")
    assert answer.headers["content-type"].partition(";")[0] == ASSETS[name]
    assert answer.text


@pytest.mark.parametrize("path", ["/nothing", "/assets/app.py", "/assets/..%2Fapp.py", "/assets/../app.py"])
def test_nothing_else_is_served(path, client):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/", "/part"])
def test_a_database_that_does_not_answer_is_one_line_and_a_hint(path, clock):
    client = TestClient(page_app(lambda: SqlState(DEAD, clock), clock))
    answer = client.get(path)
    assert answer.status_code == 503
    assert "connection refused" in said(answer).lower()
    assert "try again later" in said(answer)
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text


def test_a_wrong_setting_is_one_line_and_a_hint(clock):
    error = ConfigError("setting COLLECTOR_OUTPUT is 'x': not one of the allowed forms", hint="it is <where>")
    answer = refusing(error, clock)[0].get("/")
    assert answer.status_code == 500
    assert "setting COLLECTOR_OUTPUT is 'x': not one of the allowed forms it is <where>" in said(answer)
    assert "<where>" not in answer.text


def test_a_fault_of_the_page_tells_its_kind_alone(clock):
    client, _ = refusing(RuntimeError("token hunter2"), clock)
    answer = client.get("/")
    assert answer.status_code == 500
    assert "RuntimeError" in said(answer)
    assert "hunter2" not in answer.text


def test_the_page_comes_back_with_the_database(state, clock):
    outcomes = [StateUnavailable("down"), StateUnavailable("down"), None]

    def open_state():
        error = outcomes.pop(0)
        if error:
            raise error
        return state

    client = TestClient(page_app(open_state, clock, fresh=timedelta(0)))
    assert [client.get("/").status_code for _ in range(4)] == [503, 503, 200, 200]


def test_many_who_ask_within_a_moment_cost_one_reading(clock, state, collection):
    collection.follow("nasa", 1)
    readings = []

    class Counted:
        def reading(self):
            readings.append(1)
            return state.reading()

    client = TestClient(page_app(Counted, clock, fresh=timedelta(seconds=2)))
    for address in ("/", "/part", "/?gaps=only", "/?page=2"):
        client.get(address)
    assert len(readings) == 1
    clock.advance(timedelta(seconds=2))
    client.get("/")
    assert len(readings) == 2


def test_a_database_that_is_down_is_not_asked_by_everybody_in_turn(clock):
    client, calls = refusing(StateUnavailable("down"), clock)
    assert [client.get("/").status_code for _ in range(3)] == [503] * 3
    assert len(calls) == 1
