"""A sandbox with a clock that stands still, and someone who calls it over real HTTP."""

from datetime import UTC, datetime

import pytest
import requests

from collector.sandbox import Sandbox

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


class Caller:
    """Calls one sandbox over one kept-alive connection."""

    def __init__(self, sandbox, session):
        self.sandbox = sandbox
        self.session = session

    def get(self, path, /, **params):
        query = {name.replace("__", "."): value for name, value in params.items()}
        headers = {"Authorization": "Bearer sandbox-token"}
        return self.session.get(self.sandbox.x_url + path, params=query, headers=headers, timeout=10)

    def post(self, path, /, **body):
        return self.session.post(self.sandbox.x_url + path, json=body, timeout=10)

    def tweets(self, account_id, **params):
        return self.get(f"/2/users/{account_id}/tweets", **params)

    def walk(self, account_id, **params):
        """Return the bodies of all pages."""
        bodies = [self.tweets(account_id, **params).json()]
        while token := bodies[-1]["meta"].get("next_token"):
            bodies.append(self.tweets(account_id, **params, pagination_token=token).json())
            assert len(bodies) < 1000
        return bodies

    def ids(self, account_id, **params):
        return [int(one["id"]) for body in self.walk(account_id, **params) for one in body.get("data", [])]


@pytest.fixture
def open_sandbox():
    """Open any number of sandboxes, closed at the end."""
    sandboxes, sessions = [], []

    def opened(**settings):
        sandbox = Sandbox(**({"clock": lambda: NOW} | settings))
        sandboxes.append(sandbox.__enter__())
        sessions.append(requests.Session())
        return Caller(sandbox, sessions[-1])

    yield opened
    for session in sessions:
        session.close()
    for sandbox in sandboxes:
        sandbox.__exit__(None, None, None)


@pytest.fixture
def x(open_sandbox):
    """A caller of a sandbox with 120 tweets an account."""
    return open_sandbox(tweets=120)


@pytest.fixture
def account_id(x):
    """The first account of `x`."""
    return next(iter(x.sandbox.world.users))
