"""Migrations: up, down and sideways, with rows, on SQLite and Postgres."""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from fakes.clock import FakeClock
from sqlalchemy import Connection, Engine, create_engine, inspect, text
from state_values import account, batch, coverage, cursor, span

from collector.adapters.sql_state import SqlState, tables
from collector.adapters.sql_state.migrations import downgrade, is_at_head, scripts, upgrade
from collector.core.coverage import Coverage
from collector.core.errors import ConfigError, StateUnavailable

ROOT = Path(__file__).parents[2]

NEXT = "0099"
REBUILD_PARENT = f"""
import sqlalchemy as sa
from alembic import op
revision, down_revision = "{NEXT}", "{tables.HEAD}"
def upgrade():
    with op.batch_alter_table("accounts") as batch:
        batch.alter_column("username", nullable=True)
def downgrade():
    with op.batch_alter_table("accounts") as batch:
        batch.alter_column("username", nullable=False)
"""
ORPHANS = f"""
from alembic import op
revision, down_revision = "{NEXT}", "{tables.HEAD}"
def upgrade():
    op.execute("ALTER TABLE seal_log ADD COLUMN half_done INTEGER")
    op.execute("DELETE FROM accounts")
def downgrade():
    pass
"""  # noqa: S608  our own words

OTHERS = ("log", "alembic_version", "job", "session", "variable")
"""Tables of Airflow, which may live in the same database."""


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state.db"
    return request.getfixturevalue("bare_postgres_url")


def filled(url: str) -> SqlState:
    state = SqlState(url, FakeClock())
    with state.writing() as writer:
        writer.save_accounts([account(1)])
        writer.save_coverage({1: (Coverage(), coverage((5, 9)))})
        writer.save_cursors([cursor(1, 9)])
        writer.open_batch(batch(), [span(1, 9, 12)])
    return state


def config(url: str, folder: Path) -> Config:
    made = Config(attributes={"url": url})
    made.set_main_option("script_location", str(folder))
    return made


def with_next_migration(tmp_path: Path, body: str) -> Path:
    folder = shutil.copytree(ROOT / "migrations", tmp_path / "migrations")
    (folder / "versions" / f"{NEXT}_next.py").write_text(body)
    return folder


def alembic_upgrade(url: str) -> subprocess.Popen:
    words = [sys.executable, "-m", "alembic", "upgrade", "head"]
    environment = {**os.environ, "COLLECTOR_STATE_URL": url}
    return subprocess.Popen(words, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)  # noqa: S603  our own words


def wait_for(connection: Connection, question: str) -> None:
    deadline = time.monotonic() + 20
    while not connection.execute(text(question)).scalar():
        assert time.monotonic() < deadline, question
        time.sleep(0.02)


def named_parts(engine: Engine) -> dict[str, set[object]]:
    look = inspect(engine)
    return {
        table: {
            look.get_pk_constraint(table)["name"],
            *(one["name"] for one in look.get_foreign_keys(table)),
            *(one["name"] for one in look.get_unique_constraints(table)),
            *(one["name"] for one in look.get_check_constraints(table)),
            *((one["name"], *one["column_names"], one["unique"]) for one in look.get_indexes(table)),
            str(look.get_table_options(table)),
        }
        for table in look.get_table_names()
        if table != tables.VERSION_TABLE
    }


def plant(engine: Engine) -> dict[str, set[object]]:
    with engine.begin() as connection:
        for name in OTHERS:
            # A column of its own called `id`, and an index: what a table of ours could stumble over.
            connection.execute(
                text(f"CREATE TABLE {name} (version_num TEXT, id INTEGER CONSTRAINT {name}_pk PRIMARY KEY)")
            )
            connection.execute(text(f"CREATE INDEX idx_{name} ON {name} (version_num)"))
            connection.execute(text(f"INSERT INTO {name} VALUES ('theirs', 1)"))  # noqa: S608  our own names
    return named_parts(engine)


def is_not_planted(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or name not in OTHERS


def sqlite_words(path: str) -> dict[str, list[str]]:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT name, sql FROM sqlite_master WHERE tbl_name NOT LIKE '%version' AND sql <> ''")
    # The order of constraints means nothing.
    words = {name: sorted(sql.replace(",", " ").split()) for name, sql in found}
    connection.close()
    return words


def test_the_migrated_schema_is_the_one_the_code_knows(url):
    upgrade(url)
    engine = create_engine(url)
    with engine.connect() as connection:
        options = {"version_table": tables.VERSION_TABLE, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, tables.metadata) == []
    migrated = named_parts(engine)
    downgrade(url, "base")
    tables.metadata.create_all(engine)
    assert migrated == named_parts(engine)
    assert None not in set().union(*migrated.values())
    engine.dispose()


def test_tables_of_others_in_the_same_database_are_left_alone(url):
    engine = create_engine(url)
    planted = plant(engine)
    state = SqlState(url, FakeClock())
    with pytest.raises(ConfigError, match="schema none") as caught, state.reading():
        pytest.fail("tables came from nowhere")
    assert (caught.value.hint, is_at_head(url)) == ("collector migrate", False)
    upgrade(url)
    state.close()
    filled(url).close()
    with engine.connect() as connection:
        options = {
            "version_table": tables.VERSION_TABLE,
            "compare_server_default": True,
            "include_name": is_not_planted,
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, tables.metadata) == []
    assert is_at_head(url)
    downgrade(url, "base")
    assert named_parts(engine) == planted
    with engine.connect() as connection:
        for name in OTHERS:
            assert connection.execute(text(f"SELECT * FROM {name}")).all() == [("theirs", 1)]  # noqa: S608  our own names
    engine.dispose()


def test_the_sqlite_schema_is_the_same_to_the_letter(tmp_path):
    upgrade(f"sqlite:///{tmp_path}/migrated.db")
    engine = create_engine(f"sqlite:///{tmp_path}/made.db")
    tables.metadata.create_all(engine)
    engine.dispose()
    migrated, made = sqlite_words(f"{tmp_path}/migrated.db"), sqlite_words(f"{tmp_path}/made.db")
    assert migrated == made


def test_the_code_names_the_newest_migration():
    assert ScriptDirectory(str(ROOT / "migrations")).get_heads() == [tables.HEAD]


def test_up_again_keeps_the_rows_and_down_and_up_gives_an_empty_state(url):
    upgrade(url)
    state = filled(url)
    upgrade(url)
    with state.reading() as reader:
        assert (len(reader.accounts()), len(reader.cursors()), len(reader.reserved())) == (1, 1, 1)  # F33
    downgrade(url, "base")
    upgrade(url)
    with state.reading() as reader:
        assert (reader.accounts(), reader.cursors(), reader.batches(), reader.last_seal()) == ([], {}, [], 0)
    state.close()


def test_the_leases_come_and_go_beside_what_is_there(url):
    upgrade(url)
    filled(url).close()
    downgrade(url, "0001")
    engine = create_engine(url)
    assert "leases" not in named_parts(engine)
    engine.dispose()
    upgrade(url)
    state = SqlState(url, FakeClock())
    with state.reading() as reader:
        assert (len(reader.reserved()), reader.leases()) == (1, {})  # F33
    state.close()


def test_rebuilding_a_parent_table_keeps_its_children(url, tmp_path):
    upgrade(url)
    state = filled(url)
    state.close()
    steps = config(url, with_next_migration(tmp_path, REBUILD_PARENT))
    command.upgrade(steps, "head")
    command.downgrade(steps, tables.HEAD)
    with state.reading() as reader:
        assert reader.coverage() == {1: coverage((5, 9))}  # F33
        assert reader.cursors() == {1: cursor(1, 9)}
    state.close()


def test_a_migration_that_would_lose_a_parent_is_undone_whole(tmp_path):
    url = f"sqlite:///{tmp_path}/state.db"
    state = filled(url)
    state.close()
    with pytest.raises(RuntimeError, match="2 rows lost their parent"):
        command.upgrade(config(url, with_next_migration(tmp_path, ORPHANS)), "head")
    assert is_at_head(url)
    with state.reading() as reader:
        assert reader.accounts() == [account(1)]
    state.close()
    assert "half_done" not in sqlite_words(f"{tmp_path}/state.db")["seal_log"]


def test_only_a_migrated_state_is_at_head(url, tmp_path):
    assert not is_at_head(url)
    assert not (tmp_path / "state.db").exists()
    upgrade(url)
    assert is_at_head(url)
    downgrade(url, "base")
    assert not is_at_head(url)


def test_an_unmigrated_postgres_asks_for_collector_migrate(bare_postgres_url):
    state = SqlState(bare_postgres_url, FakeClock())
    with pytest.raises(ConfigError, match="schema none, this version needs 0003") as caught, state.reading():
        pytest.fail("tables came from nowhere")
    assert caught.value.hint == "collector migrate"
    upgrade(bare_postgres_url)
    with state.reading() as reader:
        assert reader.last_seal() == 0
    state.close()


@pytest.mark.parametrize(("found", "hint"), [("0000", "collector migrate"), ("0099", "install the collector that")])
def test_a_state_of_another_version_is_refused(tmp_path, found, hint):
    url = f"sqlite:///{tmp_path}/state.db"
    upgrade(url)
    connection = sqlite3.connect(tmp_path / "state.db")
    connection.execute("UPDATE collector_alembic_version SET version_num = ?", [found])
    connection.commit()
    connection.close()
    state = SqlState(url, FakeClock())
    with pytest.raises(ConfigError, match=found) as caught, state.writing():
        pytest.fail("another version's tables were written")
    assert caught.value.hint.startswith(hint)
    state.close()


def test_a_state_of_a_newer_version_is_not_migrated(tmp_path):
    url = f"sqlite:///{tmp_path}/state.db"
    command.upgrade(config(url, with_next_migration(tmp_path, REBUILD_PARENT)), "head")
    with pytest.raises(ConfigError, match=NEXT) as caught:
        upgrade(url)
    assert "newer" in caught.value.hint


def test_an_unreachable_database_is_unavailable_to_migrations(tmp_path):
    with pytest.raises(StateUnavailable):
        upgrade(f"postgresql+psycopg://me@/db?host={tmp_path}")


def test_migrations_lie_inside_an_installed_package_and_beside_a_checkout(tmp_path):
    assert scripts(tmp_path / "collector") == tmp_path / "migrations"
    (tmp_path / "collector" / "migrations").mkdir(parents=True)
    assert scripts(tmp_path / "collector") == tmp_path / "collector" / "migrations"
    assert (scripts(ROOT / "collector") / "env.py").exists()


def test_a_percent_sign_in_a_url_is_no_riddle_to_alembic(tmp_path):
    url = f"sqlite:///{tmp_path}/100%/state.db"
    upgrade(url)
    assert is_at_head(url)


def test_alembic_itself_migrates_what_the_environment_names(tmp_path):
    url = f"sqlite:///{tmp_path}/made/state.db"
    assert alembic_upgrade(url).wait(20) == 0
    assert is_at_head(url)


def test_two_migrations_at_once_take_turns_on_postgres(bare_postgres_url):
    engine = create_engine(bare_postgres_url)
    with engine.connect() as holder:
        holder.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": 0x636F6C6C6563746F})
        waiting = alembic_upgrade(bare_postgres_url)
        wait_for(holder, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        assert waiting.poll() is None
        holder.rollback()
    assert waiting.wait(20) == 0
    engine.dispose()
    assert is_at_head(bare_postgres_url)


def test_a_table_of_somebody_else_that_is_named_like_ours_is_a_wrong_setting(url):
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE batches (a INTEGER)"))
    engine.dispose()
    with pytest.raises(ConfigError, match=r"batches.* already exists") as caught:
        upgrade(url)
    assert "COLLECTOR_STATE_URL" in caught.value.hint
