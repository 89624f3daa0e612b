"""The state stores under contract: the fake, SQLite and Postgres."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.clock import FakeClock
from fakes.state import FakeState

from collector.adapters.sql_state import SqlState
from collector.adapters.sql_state.migrations import upgrade
from collector.core.ports import StateStore


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "state.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["fake", "sqlite", "postgres"])
def state(request, tmp_path: Path, empty_sqlite: Path) -> Iterator[StateStore]:
    if request.param == "fake":
        made = FakeState()
    elif request.param == "sqlite":
        made = SqlState(f"sqlite:///{shutil.copy(empty_sqlite, tmp_path / 'state.db')}", FakeClock())
    else:
        made = SqlState(request.getfixturevalue("postgres_url"), FakeClock())
    yield made
    made.close()
