"""Logs: events as JSON lines, readable on a terminal, without secrets."""

import io
import json
import logging

import pytest
import structlog
from sqlalchemy import create_engine
from sqlalchemy.pool import QueuePool

from collector import logs
from collector.logs import LateSecrets, configure_logs

SECRET = "AAAA-secret-token"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def configured_only_here():
    levels = {name: logging.getLogger(name).level for name in ("botocore", "sqlalchemy.pool")}
    yield
    structlog.reset_defaults()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def events(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_of_json():
    stream = io.StringIO()
    configure_logs(stream=stream)
    structlog.get_logger().info("batch.committed", rows=3, username="Straße\nzwei")
    (event,) = events(stream)
    assert event.items() >= {"event": "batch.committed", "level": "info", "rows": 3, "username": "Straße\nzwei"}.items()
    assert event["timestamp"].endswith("Z")


def test_an_event_is_readable_on_a_terminal():
    stream = Terminal()
    configure_logs(stream=stream)
    structlog.get_logger().info("batch.committed", rows=3)
    assert "batch.committed" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


# F59
@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_a_secret_is_nowhere_in_an_event(stream):
    configure_logs(secrets=[SECRET, ""], stream=stream)
    log = structlog.get_logger()
    log.info(
        SECRET,
        header=f"Bearer {SECRET}",
        nested={"deep": [SECRET, {SECRET: 1}]},
        cause=ValueError(SECRET),
    )
    try:
        {}[SECRET]
    except KeyError:
        log.exception("command.failed")
    assert SECRET not in stream.getvalue()
    assert "(hidden)" in stream.getvalue()


def test_numbers_and_lists_stay_what_they_are():
    stream = io.StringIO()
    configure_logs(secrets=["7"], stream=stream)
    structlog.get_logger().info("x", rows=7, share=0.5, ok=True, none=None, reasons={"outage": 7}, names=["a"])
    (event,) = events(stream)
    assert event.items() >= {"rows": 7, "share": 0.5, "ok": True, "none": None, "reasons": {"outage": 7}}.items()
    assert event["names"] == ["a"]


def test_what_is_below_the_level_is_not_written():
    stream = io.StringIO()
    configure_logs(level="warning", stream=stream)
    structlog.get_logger().info("accounts.added")
    structlog.get_logger().warning("run.waiting")
    assert [event["event"] for event in events(stream)] == ["run.waiting"]


# F59
def test_a_secret_that_is_read_later_is_nowhere_in_an_event(monkeypatch):
    late = LateSecrets()
    monkeypatch.setattr(logs, "LATE", late)
    stream = io.StringIO()
    configure_logs(secrets=["secret"], stream=stream)
    log = structlog.get_logger()
    late.add(SECRET)
    late.add("rotated-token")
    log.info("x", header=f"Bearer {SECRET}", other="rotated-token")
    assert SECRET.rpartition("-")[0] not in stream.getvalue()
    assert "rotated" not in stream.getvalue()


def test_who_masks_texts_is_told_each_late_secret_once():
    late, told = LateSecrets(), []
    late.add("one")
    late.tell(told.append)
    for text in ("two", "one", "", "two"):
        late.add(text)
    assert told == ["one", "two"]


def test_where_boto_found_what_it_needs_never_mixes_with_what_a_command_prints(caplog):
    # As Airflow does where it is imported.
    with caplog.at_level(logging.INFO):
        configure_logs(stream=io.StringIO())
        logging.getLogger("botocore.configprovider").info("Found endpoint for s3 via: environment_service.")
    assert caplog.messages == []


def test_ctrl_c_while_a_connection_is_given_back_shows_no_traceback(caplog):
    configure_logs(stream=io.StringIO())
    engine = create_engine("sqlite://", poolclass=QueuePool)

    def interrupted(_connection):
        raise KeyboardInterrupt

    connection = engine.connect()
    engine.dialect.do_rollback = interrupted
    with pytest.raises(KeyboardInterrupt):
        connection.close()
    assert caplog.messages == []
