"""A state looked at: each fault for real, and nothing made or changed."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from fakes.clock import FakeClock
from sqlalchemy import create_engine, text

from collector.adapters.sql_state import SqlState, examination
from collector.adapters.sql_state.examination import SqlExamination, names_of
from collector.adapters.sql_state.migrations import downgrade, upgrade
from collector.adapters.sql_state.tables import HEAD
from collector.core.errors import ConfigError, StateUnavailable


def found(url, **choices):
    clock = choices.pop("clock", FakeClock(datetime.now(UTC)))
    return {finding.name: finding for finding in SqlExamination(url, clock, **choices).findings()}


@pytest.fixture
def url(tmp_path):
    made = f"sqlite:///{tmp_path}/state.db"
    upgrade(made)
    return made


def set_schema(tmp_path, version):
    with closing(sqlite3.connect(tmp_path / "state.db")) as database, database:
        database.execute("update collector_alembic_version set version_num = ?", [version])


def test_a_file_at_head_is_fine(url):
    told = found(url)
    assert [(name, str(one.state)) for name, one in told.items()] == [("state", "ok"), ("state disk", "ok")]
    assert f"schema {HEAD}" in told["state"].what
    assert tuple(told) == names_of(url)


def test_a_file_that_is_not_there_is_not_made(tmp_path):
    told = found(f"sqlite:///{tmp_path}/deep/er/state.db")["state"]
    assert (told.state, told.command) == ("warning", "collector migrate")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_is_as_good_as_none_and_is_not_filled(tmp_path):
    file = tmp_path / "state.db"
    file.touch()
    told = found(f"sqlite:///{file}")["state"]
    assert (told.state, told.command) == ("warning", "collector migrate")
    assert file.stat().st_size == 0


def test_an_old_schema_is_wrong_and_told_the_command(url):
    downgrade(url, "0001")
    told = found(url)["state"]
    assert (told.state, told.command) == ("wrong", "collector migrate")
    assert "schema 0001" in told.what
    assert HEAD in told.what


def test_a_newer_schema_asks_for_the_collector_that_made_it(url, tmp_path):
    set_schema(tmp_path, "9999")
    told = found(url)["state"]
    assert (told.state, told.command) == ("wrong", "install the collector that made it")


def test_a_file_on_a_network_file_system_is_refused_before_it_is_opened(url, tmp_path):  # F29
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nserver:/x {tmp_path} nfs4 rw 0 0\n")
    with pytest.raises(ConfigError, match="nfs4") as caught:
        found(url, mounts=mounts)
    assert "postgresql+psycopg://" in caught.value.hint


def test_a_file_that_stays_locked_is_told(url, tmp_path, monkeypatch):  # F29
    monkeypatch.setattr(examination, "BUSY_TIMEOUT", timedelta(milliseconds=20))
    with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StateUnavailable, match="locked"):
            found(url)


def test_a_look_keeps_no_other_writer_out(url):
    found(url)
    with SqlState(url, FakeClock(), busy_timeout=timedelta(milliseconds=20)).writing() as tx:
        assert tx.last_seal() == 0


def test_a_postgres_at_head_is_fine_and_its_clock_is_ours(postgres_url):
    told = found(postgres_url)
    assert [(name, str(one.state)) for name, one in told.items()] == [("state", "ok"), ("state clock", "ok")]
    assert tuple(told) == names_of(postgres_url)


def test_a_postgres_with_another_clock_is_a_warning(postgres_url):
    clock = FakeClock(datetime.now(UTC) + timedelta(minutes=20))
    told = found(postgres_url, clock=clock)["state clock"]
    assert told.state == "warning"
    assert "ahead of the database server" in told.what


def test_a_postgres_without_our_tables_is_told_the_command(bare_postgres_url):
    told = found(bare_postgres_url)["state"]
    assert (told.state, told.command) == ("wrong", "collector migrate")


def test_a_postgres_user_who_may_not_write_is_told(postgres_url):
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE ROLE reader LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"))
    try:
        with pytest.raises(ConfigError, match="permission denied"):
            found(postgres_url.replace("postgres:@", "reader:@"))
    finally:
        with engine.begin() as connection:
            connection.execute(text("DROP OWNED BY reader; DROP ROLE reader"))
        engine.dispose()


def test_a_postgres_that_is_down_is_told_without_its_password(tmp_path):  # F59
    with pytest.raises(StateUnavailable) as caught:
        found(f"postgresql+psycopg://me:hunter2@/db?host={tmp_path}")
    assert "hunter2" not in str(caught.value)


def test_a_server_is_looked_at_with_the_password_that_is_kept_elsewhere(locked_database):
    told = found(locked_database.url, password=locked_database.secret())
    assert [str(one.state) for one in told.values()] == ["ok", "ok"]
    with pytest.raises(ConfigError):
        found(locked_database.url)
