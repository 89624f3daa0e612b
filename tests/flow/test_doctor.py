"""The doctor: each check runs whatever the others say, and none holds it up for ever."""

from datetime import timedelta
from threading import Barrier, Event

from collector.core.errors import ConfigError
from collector.core.findings import fine, warning
from collector.flow.doctor import Check, diagnose

SHORT = timedelta(milliseconds=50)


def raising(error, *before):
    yield from before
    raise error


def told(*checks, patience=timedelta(seconds=10)):
    return [(one.name, str(one.state), one.what) for one in diagnose(checks, patience).findings]


def test_findings_come_in_the_order_of_the_checks():
    checks = [Check((name,), "w", lambda name=name: [fine(name, "good")]) for name in "cab"]
    assert [name for name, *_ in told(*checks)] == ["c", "a", "b"]


def test_an_error_is_the_finding_that_was_due_and_what_follows_is_not_known():
    check = Check(("a", "b", "c"), "why", lambda: raising(ConfigError("no", hint="do"), fine("a", "good")))
    assert told(check) == [("a", "ok", "good"), ("b", "wrong", "no"), ("c", "not checked", "see b")]
    found = diagnose([check]).findings[1]
    assert (found.why, found.command) == ("why", "do")


def test_a_check_that_breaks_takes_no_other_along_and_quotes_nothing():
    broken = Check(("a",), "w", lambda: raising(KeyError("hunter2")))
    assert told(broken, Check(("b",), "w", lambda: [fine("b", "good")])) == [
        ("a", "wrong", "this check broke: KeyError"),
        ("b", "ok", "good"),
    ]


def test_a_check_that_hangs_is_left_with_what_it_has_found():
    end = Event()

    def hang():
        yield fine("a", "good")
        end.wait(30)

    found = told(Check(("a", "b", "c"), "w", hang), Check(("d",), "w", lambda: [fine("d", "x")]), patience=SHORT)
    end.set()
    assert found == [
        ("a", "ok", "good"),
        ("b", "wrong", "no answer within 0.05 s"),
        ("c", "not checked", "see b"),
        ("d", "ok", "x"),
    ]


def test_checks_run_at_the_same_time():
    start = Barrier(3)

    def look(name):
        start.wait(10)
        yield fine(name, "met the others")

    assert {state for _, state, _ in told(*(Check((name,), "w", lambda name=name: look(name)) for name in "abc"))} == {
        "ok"
    }


def test_what_is_not_checked_names_the_fault_before_it():
    check = Check(("a", "b", "c"), "w", lambda: [warning("a", "hm", why="w"), fine("b", "good")])
    assert told(check)[-1] == ("c", "not checked", "see a")
