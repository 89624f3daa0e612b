"""`collector ui`: the page on a port, until it is told to end."""

import signal
import socket
import time
import urllib.request
from contextlib import closing, contextmanager

import pytest
from page_reading import Reading

PATIENCE = 30.0


@contextmanager
def serving(collector, *words):
    """Serve the page while the block lasts, and end it as an operator would."""
    with collector.start("ui", "--port", "0", *words) as running:
        yield running, url_of(running)
        running.signal(signal.SIGTERM)
        ended = running.wait()
        assert ended.code == 0, ended
        assert ended.stdout.count("\n") == 1


def url_of(running):
    """Return the URL that the command prints, once it does."""
    until = time.monotonic() + PATIENCE
    while not running.said[0].read_text().endswith("\n"):
        assert running.is_running(), running.stderr
        assert time.monotonic() < until, running.stderr
        time.sleep(0.02)
    return running.said[0].read_text().strip()


def page_at(url):
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310  our own
        return Reading(answer.read().decode())


def test_it_shows_what_the_views_print(following):
    following.environment["COLLECTOR_MAX_TWEETS_PER_DAY"] = "500"
    following.done("collect")
    with serving(following) as (_, url):
        assert url.startswith("http://127.0.0.1:")
        reading = page_at(url)
    cursors, (batch,) = (following.done(view, "--json").document for view in ("cursors", "batches"))
    shown = reading.rows("accounts")
    assert [row["Account"] for row in shown] == [one["username"] + one["account_id"] for one in cursors]
    assert [row["since_id"] for row in shown] == [one["since_id"] for one in cursors]
    (row,) = reading.rows("batches")
    assert (row["Batch"], row["Rows"]) == (batch["batch_id"], str(batch["rows"]))
    status = following.done("status", "--json").document
    assert status["spent_today"] == {"tweets": 180, "users": 3, "usd": "0.930"}
    assert reading.figures()["Cost today"] == ("$0.93 at most", "180 tweets, 3 users 36% of 500 tweets")
    assert f"{status['rows']} rows in all" in reading.figures()["Newest batch"][1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(number, collector):
    with collector.start("ui", "--port", "0") as running:
        url_of(running)
        running.signal(number)
        ended = running.wait()
    assert ended.code == 0
    assert ended.stderr == ""


def test_a_taken_port_is_one_line(collector):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        ended = collector("ui", "--port", str(port))
    assert ended.code == 2
    assert ended.complaint == (
        f"collector: port {port} of 127.0.0.1 cannot be opened: Address already in use "
        "(choose others with --host and --port)"
    )
    assert ended.stdout == ""


def test_a_host_that_is_not_of_this_machine_is_one_line(collector):
    ended = collector("ui", "--host", "192.0.2.1", "--port", "0")
    assert ended.code == 2
    assert "192.0.2.1" in ended.complaint


def test_a_page_that_others_reach_comes_with_a_warning(collector):
    with serving(collector, "--host", "0.0.0.0") as (running, _):  # noqa: S104  what is warned of
        assert "no login" in running.stderr
    with serving(collector) as (running, _):
        assert running.stderr == ""


def test_a_wrong_setting_is_one_line(collector):
    ended = collector("ui", "--port", "0", COLLECTOR_STATE_URL="mysql://there")
    assert ended.code == 2
    assert "COLLECTOR_STATE_URL" in ended.complaint
