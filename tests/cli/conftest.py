"""A sandbox, and a collector that is set up to work against it."""

import re
from dataclasses import asdict
from datetime import timedelta

import pytest
from collector_process import Collector, warm_starter

from collector.sandbox import Sandbox

__all__ = ["warm_starter"]

NUMBER = re.compile(r"\d+")
TELLING = 12
"""So many characters of a text in a row do not stand in another place by chance."""


@pytest.fixture
def open_sandbox():
    """Open any number of sandboxes, closed at the end."""
    sandboxes = []

    def opened(**settings):
        sandbox = Sandbox(**({"accounts": 3, "tweets": 60, "history": timedelta(hours=8)} | settings))
        sandboxes.append(sandbox.__enter__())
        return sandbox

    yield opened
    for sandbox in sandboxes:
        sandbox.__exit__(None, None, None)


@pytest.fixture
def sandbox(open_sandbox):
    """Three accounts with 60 tweets each, of the last eight hours."""
    return open_sandbox()


@pytest.fixture
def collectors(tmp_path, warm_starter):
    """Set up any number of collectors; at the end, what all of them said is searched for what must not be there."""
    made = []

    def set_up(sandbox, name="collector"):
        folder = tmp_path / name
        folder.mkdir()
        environment = {
            "COLLECTOR_X_BASE_URL": sandbox.x_url,
            "COLLECTOR_X_BEARER_TOKEN": sandbox.credentials.bearer_token,
            "COLLECTOR_OUTPUT": f"file://{folder / 'output'}",
            "COLLECTOR_STATE_URL": f"sqlite:///{folder / 'state.db'}",
            "COLLECTOR_SETTLE_SECONDS": "0",
        }
        collector = Collector(folder, warm_starter, environment)
        made.append((collector, sandbox))
        return collector

    yield set_up
    for collector, sandbox in made:
        assert_discreet(collector.records, sandbox)


@pytest.fixture
def collector(collectors, sandbox):
    """A collector with an empty state, set up for `sandbox`."""
    return collectors(sandbox)


@pytest.fixture
def following(collector, sandbox):
    """A collector that follows all accounts of `sandbox`."""
    collector.done("accounts", "add", *names_of(sandbox))
    return collector


def names_of(sandbox):
    return [account.username for account in sandbox.users.values()]


# F59
def assert_discreet(records, sandbox):
    # The sandbox prints its made-up token, for people to paste.
    said = "\n".join(ended.stdout + ended.stderr for ended in records if "sandbox" not in ended.words)
    assert [secret for secret in asdict(sandbox.credentials).values() if secret in said] == []
    assert [text for text in telling_texts(sandbox) if text in said] == []
    assert "Traceback" not in said


def telling_texts(sandbox):
    """Return the beginnings of all texts, up to what tells one tweet from another."""
    source = sandbox.api.source
    texts = {source.text(tweet_id) for account_id in source.users for tweet_id in source.ids(account_id)}
    lines = {line for text in texts for line in NUMBER.sub("\n", text).splitlines()}
    return {line.strip() for line in lines if len(line.strip()) >= TELLING}
