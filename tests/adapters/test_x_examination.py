"""X looked at: each answer for real, at no cost, and without a word of the token."""

import socket
from datetime import timedelta

import pytest
from fakes.clock import NOON, FakeClock
from x_server import TOKEN, Reply, XServer, page, problem, tell

from collector.adapters.x_api import XCredentials
from collector.adapters.x_api.examination import NAMES, XExamination
from collector.sandbox import Sandbox

BEARER = XCredentials(bearer_token=TOKEN)
LIMITS = {"x_rate_limit_limit": 900, "x_rate_limit_remaining": 880, "x_rate_limit_reset": int(NOON.timestamp()) + 600}
EMPTY = page().saying(**LIMITS)
USAGE = tell(200, {"data": {"project_usage": 12, "project_cap": "1000"}})


@pytest.fixture
def x():
    with XServer() as server:
        yield server


def found(url, clock=None, credentials=BEARER, **choices):
    choices = {"connect_timeout": 0.3, "read_timeout": 0.3} | choices
    examination = XExamination(credentials, clock or FakeClock(), url, **choices)
    return {finding.name: finding for finding in examination.findings()}


def told(server, *replies, **choices):
    server.says(*replies)
    return found(server.url, **choices)


def test_an_x_that_answers_is_fine_with_its_limits_and_usage(x):
    findings = told(x, EMPTY, USAGE)
    assert tuple(findings) == NAMES
    assert {str(one.state) for one in findings.values()} == {"ok"}
    assert findings["x limits"].what == "880 of 900 timeline requests left until 2026-11-22T12:10:00Z"
    assert findings["x usage"].what == "12 of 1,000 tweets read in this period"


def test_what_is_asked_lies_between_two_neighbouring_ids(x):
    told(x, EMPTY, USAGE)
    query = x.seen[0].query
    assert int(query["until_id"]) == int(query["since_id"]) + 1
    assert x.seen[1].path == "/2/usage/tweets"
    assert len(x.seen) == 2


@pytest.mark.parametrize("kind", ["bearer", "four keys"])
def test_a_look_costs_nothing(kind):
    with Sandbox(accounts=1, tweets=5) as sandbox:
        made = sandbox.credentials
        keys = (made.consumer_key, made.consumer_secret, made.access_token, made.access_token_secret)
        credentials = XCredentials(made.bearer_token) if kind == "bearer" else XCredentials(None, *keys)
        findings = found(sandbox.x_url, FakeClock(sandbox.world.now()), credentials, read_timeout=10)
        assert findings["x access"].state == "ok"
        assert sandbox.bill.usd == 0
        assert [one.status for one in sandbox.requests] == [200, 200]


@pytest.mark.parametrize(
    ("answer", "state", "words", "command"),
    [
        (tell(401, {"title": "Unauthorized"}), "wrong", "401", "check the token"),
        (tell(402, problem("credits", "CreditsDepleted")), "wrong", "402", "add credits"),
        (tell(403, problem("client-forbidden", "Client Forbidden")), "wrong", "403", "attach the app to a project"),
        (tell(403, problem("credits", "SpendCapReached")), "wrong", "SpendCapReached", "raise the spend limit"),
        (tell(429, problem("usage-capped", "UsageCapExceeded")), "wrong", "429", "raise the spend limit"),
        (tell(429, {"title": "Too Many Requests"}), "warning", "rate limit", "wait"),
        (tell(503, {"title": "Service Unavailable"}), "wrong", "503", "try again later"),
        (Reply(404, b"<html>nothing here</html>"), "wrong", "404", "check COLLECTOR_X_BASE_URL"),
        (Reply(200, b"<html>sign in to this network</html>"), "wrong", "HTML", "try again later"),
        (Reply(delivery="hang"), "wrong", "did not answer", "network"),
        (Reply(delivery="reset"), "wrong", "did not answer", "network"),
    ],
)
def test_each_refusal_is_told_apart_with_its_remedy(x, answer, state, words, command):  # F7 F19 F20
    access = told(x, answer)["x access"]
    assert access.state == state
    assert words in access.what
    assert command in access.command
    assert access.why


def test_an_account_that_cannot_be_read_says_that_the_token_is_taken(x):  # F6
    answer = tell(200, {"errors": [problem("resource-not-found", "Not Found Error", "Could not find user")]})
    assert told(x, answer, USAGE)["x access"].state == "ok"


def test_an_x_that_is_not_there_is_wrong_and_leaves_the_rest_unknown():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    findings = found(f"http://127.0.0.1:{port}")
    assert {name: str(one.state) for name, one in findings.items()} == {
        "x credentials": "ok",
        "x access": "wrong",
        "x limits": "not checked",
        "x usage": "not checked",
        "x clock": "not checked",
    }


@pytest.mark.parametrize(("remaining", "state"), [(90, "ok"), (89, "warning"), (0, "warning")])
def test_a_limit_that_is_nearly_used_up_is_a_warning(x, remaining, state):
    assert told(x, page().saying(**LIMITS | {"x_rate_limit_remaining": remaining}), USAGE)["x limits"].state == state


@pytest.mark.parametrize("reset", [None, "soon", "9" * 17])
def test_broken_headers_of_a_limit_break_nothing(x, reset):  # F8
    assert told(x, page().saying(**LIMITS | {"x_rate_limit_reset": reset}), USAGE)["x limits"].state == "ok"
    assert told(x, page(), USAGE)["x limits"].state == "not checked"


@pytest.mark.parametrize(
    ("usage", "state"),
    [
        ({"project_usage": "899", "project_cap": 1000}, "ok"),
        ({"project_usage": 900, "project_cap": "1000"}, "warning"),
        ({"project_usage": "1000", "project_cap": "1000"}, "wrong"),
        ({"project_usage": 5}, "ok"),
        ({"project_cap": 5}, "not checked"),
        ([], "not checked"),
    ],
)
def test_usage_is_read_leniently(x, usage, state):  # F56
    assert told(x, EMPTY, tell(200, {"data": usage}))["x usage"].state == state


@pytest.mark.parametrize("answer", [Reply(403, b"no"), Reply(200, b"[]"), Reply(200, b"nonsense"), Reply(429, b"")])
def test_a_usage_that_is_not_told_is_no_fault(x, answer):
    findings = told(x, EMPTY, answer)
    assert (findings["x usage"].state, findings["x access"].state) == ("not checked", "ok")


@pytest.mark.parametrize(
    ("ahead", "settle", "state"),
    [(3, 60, "ok"), (30, 60, "warning"), (90, 60, "wrong"), (90, 120, "warning"), (-90, 0, "wrong")],
)
def test_a_clock_apart_from_that_of_x_is_told(x, ahead, settle, state):  # F8
    clock = FakeClock(NOON + timedelta(seconds=ahead))
    findings = told(x, EMPTY, USAGE, clock=clock, settle=timedelta(seconds=settle))
    assert findings["x clock"].state == state


def test_a_refusal_tells_the_time_too(x):
    clock = FakeClock(NOON + timedelta(minutes=10))
    assert told(x, tell(401, {"title": "Unauthorized"}), clock=clock)["x clock"].state == "wrong"


def test_no_finding_holds_the_token(x):  # F59
    echo = tell(401, {"title": f"bad token {TOKEN}", "detail": TOKEN})
    assert TOKEN not in repr(told(x, echo))
