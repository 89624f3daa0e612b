"""A bearer token and a database's password that AWS keeps: read at use, followed when they change, shown to nobody."""

import json
import secrets
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from doctoring import visit
from test_cli_service import PATIENCE, assert_caught_up, s3_at, served, wait_for

# The command quiets botocore as a whole, so that its parts are set by themselves.
AT_DEBUG = """
import logging
logging.basicConfig(level=logging.DEBUG)
for part in ("auth", "client", "credentials", "endpoint", "hooks", "httpsession", "parsers", "regions"):
    logging.getLogger(f"botocore.{part}").setLevel(logging.DEBUG)
from collector.cli import main
main()
"""


@pytest.fixture
def sandbox(open_sandbox):
    """An X that accepts a token of this test alone, so that wherever it is found it comes from here."""
    sandbox = open_sandbox(live_per_hour=3600)
    accept(sandbox, secrets.token_hex(20))
    return sandbox


@pytest.fixture
def keyed(following, sandbox, vault):
    """A collector that follows all accounts, and whose token is in Secrets Manager."""
    vault.keep(json.dumps({"bearer_token": sandbox.api.credentials.bearer_token}))
    return following


@pytest.fixture
def following(collector, sandbox, vault):
    collector.done(
        "accounts",
        "add",
        *(account.username for account in sandbox.users.values()),
        COLLECTOR_X_BEARER_TOKEN=sandbox.api.credentials.bearer_token,
    )
    collector.environment.pop("COLLECTOR_X_BEARER_TOKEN")
    collector.environment |= vault.environment | {"COLLECTOR_X_BEARER_TOKEN_SECRET": vault.named()}
    return collector


def accept(sandbox, token):
    """Rotate the token at X: from now on it takes no other."""
    sandbox.api.credentials = replace(sandbox.credentials, bearer_token=token)


def test_a_rotated_token_needs_no_restart(keyed, sandbox, vault):
    with served(keyed) as running:
        wait_for(running, "batch.committed")
        new = secrets.token_hex(20)
        vault.rotate(new)
        accept(sandbox, new)
        wait_for(running, "batch.committed", times=2)
    assert {event["event"] for event in running.wait().events}.isdisjoint({"batch.incomplete", "run.waiting"})
    assert_caught_up(keyed, sandbox)


# F59
def test_the_token_is_in_no_process_list_log_state_or_object(keyed, sandbox, vault):
    old, new = sandbox.api.credentials.bearer_token, secrets.token_hex(20)
    with talking(keyed) as log:
        wait_until(lambda: log.read_text().count('"batch.committed"') > 0)
        assert processes_with(old) == []
        vault.rotate(new)
        accept(sandbox, new)
        before = log.read_text().count('"batch.committed"')
        wait_until(lambda: log.read_text().count('"batch.committed"') > before + 1)
        assert processes_with(new) == []
    assert "DEBUG:botocore" in log.read_text()
    assert files_with(keyed.folder, old, new) == []


@contextmanager
def talking(collector):
    """Run the service from nothing while the block lasts, all loggers at debug; give the file with all it says."""
    log = collector.folder / "talk.log"
    command = [sys.executable, "-c", AT_DEBUG, "run", "--every", "1s"]
    environment = collector._environment({})
    with log.open("wb") as out:
        service = subprocess.Popen(command, cwd=collector.folder, env=environment, stdout=out, stderr=out)  # noqa: S603
        try:
            yield log
        finally:
            service.terminate()
            assert service.wait(30) == 0


def wait_until(is_so):
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)


def processes_with(text):
    """Return the command lines and environments on this machine that hold a text."""
    found = {}
    for path in (path for name in ("cmdline", "environ") for path in Path("/proc").glob(f"[0-9]*/{name}")):
        # A process may be another user's, or gone.
        with suppress(OSError):
            found[path] = path.read_bytes()
    assert any(b"COLLECTOR_X_BEARER_TOKEN_SECRET" in body for body in found.values())
    return [path for path, body in found.items() if text.encode() in body]


def files_with(folder, *texts):
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 5
    return [path for path in files if any(text.encode() in path.read_bytes() for text in texts)]


def test_a_parameter_of_ssm_holds_the_token_as_well(following, sandbox, vault):
    arn = vault.keep_parameter(sandbox.api.credentials.bearer_token)
    for place in (arn, f"/{vault.named()}"):
        following.done("collect", COLLECTOR_X_BEARER_TOKEN_SECRET=place)


def test_a_secret_that_is_missing_or_of_no_use_is_one_clear_line(following, vault):
    ended = following("collect")
    assert (ended.code, vault.named() in ended.complaint) == (2, True)
    assert "does not exist" in ended.complaint
    vault.keep('{"token": "hush-hush"}')
    ended = following("collect")
    assert (ended.code, "bearer_token" in ended.complaint, "hush" in ended.complaint) == (2, True, False)
    assert following.done("batches", "--json").document == []


def test_a_token_and_its_secret_exclude_each_other(following):
    ended = following("status", COLLECTOR_X_BEARER_TOKEN="hush-hush")
    assert ended.code == 2
    assert "COLLECTOR_X_BEARER_TOKEN and COLLECTOR_X_BEARER_TOKEN_SECRET are both set" in ended.complaint


def test_where_nobody_answers_is_tried_later(following):
    nobody = {"AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://127.0.0.1:9"}
    ended = following("collect", **nobody)
    assert ended.code == 75
    assert "try again later" in ended.complaint


def test_a_service_waits_for_a_secret_that_cannot_be_read_yet(keyed, sandbox):
    with s3_at(0) as port:
        keyed.environment |= {"AWS_ENDPOINT_URL_SECRETS_MANAGER": f"http://127.0.0.1:{port}"}
    with served(keyed) as running:
        wait_for(running, "run.waiting")
        with s3_at(port):
            wait_for(running, "batch.committed")
    with s3_at(port):
        assert_caught_up(keyed, sandbox)


def test_the_password_of_the_state_is_followed_too(following, sandbox, vault, locked_database):
    vault.keep(sandbox.api.credentials.bearer_token)
    owner, url = locked_database.owner, locked_database.url
    vault.keep(json.dumps({"username": owner, "password": "one"}), "state")
    following.environment |= {"COLLECTOR_STATE_URL": url, "COLLECTOR_STATE_PASSWORD_SECRET": vault.named("state")}
    following.done("migrate")
    following.done("accounts", "add", *(account.username for account in sandbox.users.values()))
    following.done("collect")
    locked_database.change("two")
    ended = following("collect")
    assert (ended.code, "COLLECTOR_STATE_PASSWORD_SECRET" in ended.complaint) == (75, True)
    vault.rotate("two", "state")
    following.done("collect")
    assert {one["status"] for one in following.done("batches", "--json").document} == {"committed"}


def test_the_doctor_says_which_secret_holds_the_token(keyed, vault):
    told = visit(keyed)
    told.assert_wrong()
    assert told.findings["x credentials"]["what"] == f"a bearer token, read from {vault.named()}"


def test_the_doctor_names_a_secret_that_is_not_there(keyed, vault):
    vault.forget()
    told = visit(keyed)
    told.assert_wrong("x credentials")
    assert vault.named() in told.findings["x credentials"]["what"]
