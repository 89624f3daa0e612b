"""SqlState: what is special to SQLite and Postgres: locks, durability, URLs, errors."""

import multiprocessing
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from multiprocessing.synchronize import Barrier
from pathlib import Path
from threading import Timer

import psycopg
import pytest
from fakes.clock import NOON, FakeClock
from sqlalchemy import make_url
from state_values import BIG, account, batch, coverage, cursor, span

from collector.adapters.sql_state import SqlState
from collector.adapters.sql_state.migrations import upgrade
from collector.core.coverage import Coverage
from collector.core.errors import ConfigError, StateConflict, StateUnavailable

SOON = timedelta(milliseconds=60)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "state.db"


@pytest.fixture
def sqlite_state(path: Path) -> Iterator[SqlState]:
    state = SqlState(f"sqlite:///{path}", FakeClock(), busy_timeout=SOON)
    yield state
    state.close()


@pytest.fixture
def postgres_state(postgres_url: str) -> Iterator[SqlState]:
    state = SqlState(postgres_url, FakeClock(), busy_timeout=SOON)
    yield state
    state.close()


@pytest.fixture(params=["sqlite_state", "postgres_state"])
def state(request) -> SqlState:
    return request.getfixturevalue(request.param)


def rows(path: Path, statement: str) -> list[tuple]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def pragma(state: SqlState, name: str) -> object:
    with state.reading() as reader:
        return reader._connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()


def test_a_new_sqlite_file_makes_its_folder_and_its_tables(path, sqlite_state):
    with sqlite_state.reading() as reader:
        assert reader.last_seal() == 0
    assert rows(path, "SELECT version_num FROM collector_alembic_version") == [("0003",)]


def test_a_sqlite_commit_survives_a_power_cut(sqlite_state):
    settings = {name: pragma(sqlite_state, name) for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}  # 2 is FULL


def test_a_person_can_read_the_tables_with_plain_select(path, sqlite_state):
    east = datetime(2026, 11, 22, 15, 15, tzinfo=timezone(timedelta(hours=9)))
    with sqlite_state.writing() as writer:
        writer.save_accounts([account(1, username="nasa")])
        writer.save_cursors([cursor(1, BIG, username="nasa", since_at=east, updated_at=east.replace(microsecond=5000))])
        writer.note_seal(1)
    shown = (1, "nasa", BIG, "2026-11-22T06:15:00Z", "live-20261122T061000Z-s00", "2026-11-22T06:15:00.005000Z")
    assert rows(path, "SELECT * FROM cursors") == [shown]
    assert rows(path, "SELECT last_seal, noted_at FROM seal_log") == [(1, "2026-11-22T12:00:00Z")]
    with sqlite_state.reading() as reader:
        assert reader.cursors()[1].since_at == east


def test_times_come_back_in_utc_from_postgres(postgres_state, postgres_url):
    with psycopg.connect(plain(postgres_url), autocommit=True) as connection:
        name = make_url(postgres_url).database
        connection.execute(f"ALTER DATABASE {name} SET TimeZone = 'Asia/Tokyo'")
    with postgres_state.writing() as writer:
        writer.save_accounts([account(1, status_at=NOON)])
        writer.note_seal(1)
    with postgres_state.reading() as reader:
        assert reader.accounts()[0].status_at == NOON
        assert reader.accounts()[0].status_at.utcoffset() == timedelta(0)


def test_a_writer_that_cannot_get_the_lock_gives_up(state):
    with state.writing() as writer:
        writer.note_seal(1)
        with pytest.raises(StateUnavailable), state.writing():  # F29
            pytest.fail("two writers at once")
    with state.reading() as reader:
        assert reader.last_seal() == 1


def test_a_locked_file_does_not_stop_a_reader(path, sqlite_state):
    with sqlite_state.reading():
        pass
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with sqlite_state.reading() as reader:
        assert reader.last_seal() == 0  # F29
    with pytest.raises(StateUnavailable, match="locked") as caught, sqlite_state.writing():
        pytest.fail("the lock was taken twice")
    assert str(path) in str(caught.value)
    other.close()


def test_the_lock_is_held_from_the_start_of_a_writing_transaction(state):
    with state.writing() as writer:
        assert writer.last_seal() == 0
        with pytest.raises(StateUnavailable), state.writing():
            pytest.fail("a writer that only read let another one in")


def note_seals(urls: list[str], start: Barrier) -> None:
    for url in urls:
        state = SqlState(url, FakeClock())
        start.wait(timeout=20)
        for _ in range(5):
            with state.writing() as writer:
                writer.note_seal(writer.last_seal() + 1)
        state.close()


def test_processes_that_race_for_new_files_take_turns(tmp_path):
    paths = [tmp_path / str(number) / "state.db" for number in range(12)]
    spawn, urls = multiprocessing.get_context("spawn"), [f"sqlite:///{path}" for path in paths]
    start = spawn.Barrier(2)
    workers = [spawn.Process(target=note_seals, args=(urls, start)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert [rows(path, "SELECT last_seal FROM seal_log") for path in paths] == [[(10,)]] * 12  # F27 F29


def test_a_file_that_another_one_still_writes_in_the_old_mode_is_waited_for(tmp_path):
    upgrade(f"sqlite:///{tmp_path}/state.db")
    other = sqlite3.connect(tmp_path / "state.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    Timer(0.2, other.rollback).start()
    state = SqlState(f"sqlite:///{tmp_path}/state.db", FakeClock(), busy_timeout=timedelta(seconds=20))
    assert pragma(state, "journal_mode") == "wal"  # F29
    state.close()
    other.close()


def test_a_bound_that_the_code_forgot_is_kept_by_the_database(state):
    broken = [span(1, 9, 9)]
    with pytest.raises(StateConflict, match="ck_spans_ids") as caught, state.writing() as writer:
        writer.open_batch(batch(), broken)
    assert "[parameters:" not in str(caught.value.__cause__)  # F59
    with state.reading() as reader:
        assert reader.batches() == []


def test_text_with_quotes_and_backslashes_survives_bulk_writes(state):
    odd = "a\"b\\c{d},e'\n🚀"
    with state.writing() as writer:
        writer.save_accounts([account(1, username=odd), account(2, username="NULL"), account(3, username="")])
    with state.reading() as reader:
        assert {one.username for one in reader.accounts()} == {odd, "NULL", ""}


def test_coverage_that_stands_is_not_written_again(sqlite_state):
    before, after = coverage((1, 5), (7, 9)), coverage((1, 5), (7, 12), (20, 30))
    with sqlite_state.writing() as writer:
        writer.save_accounts([account(1)])
        writer.save_coverage({1: (Coverage(), before)})
    with sqlite_state.writing() as writer:
        total = writer._connection.connection.driver_connection
        start = total.total_changes
        writer.save_coverage({1: (before, after)})
        assert total.total_changes - start == 2


def test_a_postgres_that_restarts_is_found_again(postgres_state, postgres_url):
    with postgres_state.reading() as reader:
        assert reader.last_seal() == 0
    with psycopg.connect(plain(postgres_url), autocommit=True) as admin:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'collector'"
        assert admin.execute(others + " AND datname = current_database()").rowcount == 1
    with postgres_state.reading() as reader:
        assert reader.last_seal() == 0


def test_a_connection_lost_inside_a_transaction_is_unavailable_and_leaves_nothing(postgres_state):
    def write_and_lose_connection():
        with postgres_state.writing() as writer:
            writer.note_seal(1)
            writer._connection.connection.driver_connection.close()
            writer.last_seal()

    with pytest.raises(StateUnavailable):
        write_and_lose_connection()  # F26
    with postgres_state.reading() as reader:
        assert reader.last_seal() == 0


def test_a_missing_postgres_right_is_a_matter_of_configuration(postgres_url):
    with psycopg.connect(plain(postgres_url), autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS stranger")
        connection.execute("CREATE ROLE stranger LOGIN")
        connection.execute("GRANT SELECT ON collector_alembic_version TO stranger")
    stranger = SqlState(postgres_url.replace("postgres:@", "stranger:@"), FakeClock())
    with pytest.raises(ConfigError, match="permission denied"), stranger.reading() as reader:
        reader.last_seal()
    stranger.close()


def test_workers_whose_clocks_disagree_agree_on_leases_by_the_clock_of_postgres(postgres_url):
    early, late = (SqlState(postgres_url, FakeClock(NOON + timedelta(days=days))) for days in (-1, 1))
    with early.writing() as writer:
        writer.take_lease("held", "early", timedelta(minutes=1))
        writer.take_lease("over", "early", timedelta(0))
    with late.reading() as reader:
        assert list(reader.leases()) == ["held"]
    with late.writing() as writer:
        writer.take_lease("held", "late", timedelta(0))
    with early.reading() as reader:
        assert reader.leases() == {}
    for state in (early, late):
        state.close()


def test_a_lease_on_postgres_lasts_from_the_moment_it_is_taken(postgres_state):
    with postgres_state.writing() as writer:
        time.sleep(0.06)
        writer.take_lease("a", "host:1", timedelta(seconds=0.05))
        assert list(writer.leases()) == ["a"]
        time.sleep(0.06)
        assert writer.leases() == {}


@pytest.mark.parametrize("fraction", [timedelta(0), timedelta(seconds=0.5)])
def test_a_lease_on_sqlite_expires_by_the_clock_of_this_machine(path, fraction):
    clock = FakeClock(NOON)
    state = SqlState(f"sqlite:///{path}", clock)
    with state.writing() as writer:
        writer.take_lease("a", "host:1", timedelta(minutes=2) + fraction)
    clock.advance(timedelta(minutes=2) + fraction - timedelta(microseconds=1))
    with state.reading() as reader:
        assert list(reader.leases()) == ["a"]
    clock.advance(timedelta(microseconds=1))
    with state.reading() as reader:
        assert reader.leases() == {}
    state.close()


def test_the_clock_stamps_the_log(postgres_state, postgres_url):
    with postgres_state.writing() as writer:
        writer.note_seal(1)
    with psycopg.connect(plain(postgres_url)) as connection:
        noted = connection.execute("SELECT noted_at FROM seal_log").fetchone()
    assert noted[0].astimezone(UTC) == NOON


def plain(url: str) -> str:
    return url.replace("+psycopg", "")
