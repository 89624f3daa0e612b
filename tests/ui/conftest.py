"""The page over a real SQLite state, asked without a network."""

import shutil
from datetime import timedelta

import pytest
from collection import Collection
from fakes.clock import FakeClock
from page_reading import Reading
from starlette.testclient import TestClient

from collector.adapters.sql_state import SqlState
from collector.adapters.sql_state.migrations import upgrade
from collector.ui.app import page_app

AT_ONCE = timedelta(0)


@pytest.fixture(scope="session")
def empty_state(tmp_path_factory):
    path = tmp_path_factory.mktemp("ui") / "state.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def state(tmp_path, empty_state, clock):
    made = SqlState(f"sqlite:///{shutil.copy(empty_state, tmp_path / 'state.db')}", clock)
    yield made
    made.close()


@pytest.fixture
def collection(state, clock):
    return Collection(state, clock.now())


@pytest.fixture
def client(state, clock):
    """Ask the page, which looks anew every time."""
    return TestClient(page_app(lambda: state, clock, fresh=AT_ONCE))


@pytest.fixture
def read(client):
    """Read the page at an address."""
    return lambda address="/": Reading(client.get(address).raise_for_status().text)
