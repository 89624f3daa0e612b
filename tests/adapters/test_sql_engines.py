"""State URLs: what can hold a state, and what is refused, where and why."""

import re
import sqlite3
from pathlib import Path

import pytest
from fakes.clock import FakeClock
from sqlalchemy import create_engine, event, exc, make_url
from state_values import account

from collector.adapters.sql_state import SqlState
from collector.adapters.sql_state.engines import Database, Intent, state_url
from collector.adapters.sql_state.mounts import refuse_network_folder
from collector.adapters.sql_state.translation import translated
from collector.core.errors import ConfigError, StateUnavailable


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://user:hunter2@host/db", "scheme 'mysql' is not known"),
        ("postgresql+psycopg2://user:hunter2@host/db", "scheme 'postgresql+psycopg2' is not known"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("hunter2", "no URL"),
        ("", "no URL"),
    ],
)
def test_a_state_url_that_holds_no_state_is_refused_without_showing_a_password(url, words):
    with pytest.raises(ConfigError, match=re.escape(words)) as caught:
        SqlState(url, FakeClock())
    assert "sqlite:///" in caught.value.hint
    assert "hunter2" not in f"{caught.value}{caught.value.__cause__}"  # F59


def test_a_password_with_a_bare_at_sign_is_not_shown_as_part_of_the_host():
    with pytest.raises(ConfigError, match="more than one @") as caught:
        SqlState("postgresql+psycopg://me:hunter@2hunter2@localhost/db", FakeClock())
    assert "%40" in caught.value.hint
    assert "hunter" not in f"{caught.value}{caught.value.__cause__}"  # F59


def test_an_unreachable_postgres_is_unavailable_and_its_password_unseen(tmp_path):
    state = SqlState(f"postgresql+psycopg://me:hunter2@/db?host={tmp_path}", FakeClock())
    with pytest.raises(StateUnavailable) as caught, state.reading():
        pytest.fail("nobody answers there")
    assert "hunter2" not in f"{caught.value}{caught.value.__cause__}"  # F59


def test_an_option_that_postgres_does_not_know_is_named():
    state = SqlState("postgresql+psycopg://me:hunter2@localhost:1/db?bogus=1", FakeClock())
    with pytest.raises(ConfigError, match='invalid connection option "bogus"') as caught, state.reading():
        pytest.fail("it was taken")
    assert "COLLECTOR_STATE_URL" in caught.value.hint


def test_a_port_that_no_server_can_have_is_a_wrong_setting():
    state = SqlState("postgresql+psycopg://me@localhost:99999/db", FakeClock())
    with pytest.raises(ConfigError, match='invalid port number: "99999"'), state.reading():
        pytest.fail("it was taken")


def test_a_full_disk_asks_for_room():
    engine = create_engine("sqlite://")
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count = 1"))
    state = Database(engine, "here", password_is_kept=False)
    with (
        pytest.raises(StateUnavailable, match="database or disk is full") as caught,
        state.transaction(Intent.WRITE) as connection,
    ):
        connection.exec_driver_sql("CREATE TABLE one (a)")
    assert caught.value.hint == "make room on the disk of the state, then try again"


def test_a_sqlite_file_takes_no_options(tmp_path):
    with pytest.raises(ConfigError, match=r"state.db\?mode=ro' has options"):
        SqlState(f"sqlite:///{tmp_path}/state.db?mode=ro", FakeClock())
    assert not list(tmp_path.iterdir())


def test_a_database_that_does_not_exist_is_a_wrong_setting(postgres_server):
    missing = make_url(postgres_server.url("migrated")).set(database="nobody_made_it")
    state = SqlState(missing.render_as_string(hide_password=False), FakeClock())
    with pytest.raises(ConfigError, match='"nobody_made_it" does not exist') as caught, state.reading():
        pytest.fail("it is there")
    assert "COLLECTOR_STATE_URL" in caught.value.hint


def test_a_server_that_does_not_answer_is_given_up_unless_the_url_says_how_long_to_wait():  # F20
    waits = [
        state_url(f"postgresql://me@host/db{query}").query["connect_timeout"] for query in ("", "?connect_timeout=3")
    ]
    assert waits == ["10", "3"]


def test_a_full_disk_is_a_state_that_does_not_answer(tmp_path):
    state = SqlState(f"sqlite:///{tmp_path}/state.db", FakeClock())
    with state.reading(), state._database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
    with pytest.raises(StateUnavailable, match="full"), state.writing() as writer:
        writer.save_accounts(account(number) for number in range(10_000))
    state.close()


@pytest.mark.parametrize(
    ("code", "error"),
    [(sqlite3.SQLITE_IOERR_FSYNC, StateUnavailable), (sqlite3.SQLITE_READONLY_DBMOVED, ConfigError)],
)
def test_what_sqlite_tells_in_more_detail_means_the_same(code, error):
    cause = sqlite3.OperationalError("it says more")
    cause.sqlite_errorcode = code
    with pytest.raises(error, match="it says more"), translated("here", password_is_kept=False):
        raise exc.OperationalError(None, None, cause)


def test_a_file_that_is_no_database_is_named(tmp_path):
    path = tmp_path / "state.db"
    path.write_text("accounts are here, but in prose\n" * 100)
    state = SqlState(f"sqlite:///{path}", FakeClock())
    with pytest.raises(ConfigError, match=r"state\.db") as caught, state.reading():
        pytest.fail("prose was read as a database")
    assert "not a database" in str(caught.value)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="file"):
        SqlState(f"sqlite:///{tmp_path}/file/state.db", FakeClock())


MOUNTS = """\
/dev/root / ext4 rw,relatime 0 0
server:/export /srv/shared nfs4 rw 0 0
/dev/sdb /srv/shared/local ext4 rw 0 0
//server/share /mnt/my\\040share cifs rw 0 0
me@host: /home/me/far fuse.sshfs rw 0 0
/dev/sdc /home/me/hidden ext4 rw 0 0
server:/other /home/me/hidden nfs rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/srv/shared", "nfs4"),
        ("/srv/shared/deep/er", "nfs4"),
        ("/mnt/my share/state", "cifs"),
        ("/home/me/far", "fuse.sshfs"),
        ("/home/me/hidden", "nfs"),
    ],
)
def test_a_sqlite_file_on_a_network_file_system_is_refused(tmp_path, folder, kind):
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    with pytest.raises(ConfigError) as caught:
        SqlState(f"sqlite:///{folder}/state.db", FakeClock(), mounts=mounts)  # F29
    assert f"{folder} is on a network file system ({kind})" in str(caught.value)
    assert "postgresql+psycopg://" in caught.value.hint


@pytest.mark.parametrize("folder", ["/srv/shared/local/state", "/srv/shared2", "/home/me", "/"])
def test_a_local_folder_beside_network_mounts_is_fine(tmp_path, folder):
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    refuse_network_folder(Path(folder), mounts)
    refuse_network_folder(Path(folder), tmp_path / "no such file")
