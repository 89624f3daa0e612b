"""A Postgres whose password changes: new connections go on, those that are open are left alone."""

import psycopg
import pytest
from fakes.clock import FakeClock
from locked_postgres import Guarded
from sqlalchemy import make_url

from collector.adapters.kept_secret import KEPT
from collector.adapters.sql_state import SqlState
from collector.adapters.sql_state.migrations import is_at_head, upgrade
from collector.core.errors import ConfigError, SecretUnavailable, StateUnavailable
from collector.core.secret_text import Login


@pytest.fixture
def guarded(locked_database: Guarded) -> Guarded:
    return locked_database


def accounts(state: SqlState) -> int:
    with state.reading() as tx:
        return len(tx.accounts())


def test_the_server_of_these_tests_refuses_a_wrong_password(guarded: Guarded) -> None:
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(host=str(guarded.server._folder), user=guarded.owner, password="two", dbname=guarded.name)


# F59
@pytest.mark.parametrize("password", ["", ":hunter2"])
def test_a_wrong_password_of_the_url_is_a_wrong_setting(password: str, guarded: Guarded) -> None:
    url = guarded.url.replace(f"//{guarded.owner}@", f"//{guarded.owner}{password}@")
    for use in (lambda: accounts(SqlState(url, FakeClock())), lambda: upgrade(url)):
        with pytest.raises(ConfigError, match=r"authentication failed|no password") as caught:
            use()
        assert "COLLECTOR_STATE_URL" in caught.value.hint
        assert "hunter2" not in f"{caught.value}{caught.value.__cause__}"


def test_a_rotated_password_needs_no_restart(guarded: Guarded) -> None:
    state = SqlState(guarded.url, FakeClock(), password=guarded.secret())
    assert accounts(state) == 0
    guarded.rotate("two")
    state.close()
    assert accounts(state) == 0
    assert guarded.reads == 2
    state.close()


def test_a_password_is_read_again_after_some_minutes_before_it_is_refused(guarded: Guarded) -> None:
    clock = FakeClock()
    state = SqlState(guarded.url, clock, password=guarded.secret(clock))
    accounts(state)
    guarded.rotate("two")
    clock.advance(KEPT)
    state.close()
    accounts(state)
    assert guarded.reads == 2
    state.close()


def test_many_connections_share_one_read(guarded: Guarded) -> None:
    state = SqlState(guarded.url, FakeClock(), password=guarded.secret())
    with state.reading() as one, state.reading() as other:
        assert one.accounts() == other.accounts() == []
    assert guarded.reads == 1
    state.close()


def test_the_username_of_the_secret_is_whose_password_it_is(guarded: Guarded) -> None:
    other = f"{guarded.owner}_clone"
    guarded.server._run(f"CREATE ROLE {other} LOGIN SUPERUSER PASSWORD 'clone'")
    state = SqlState(guarded.url, FakeClock(), password=guarded.secret())
    accounts(state)
    guarded.change("gone")
    guarded.kept = Login("clone", other)
    state.close()
    assert accounts(state) == 0
    state.close()


# F59
def test_a_password_that_stays_wrong_says_where_to_look_and_not_what_it_is(guarded: Guarded) -> None:
    guarded.change("two")
    guarded.kept = Login("hunter2")
    state = SqlState(guarded.url, FakeClock(), password=guarded.secret())
    with pytest.raises(StateUnavailable, match="authentication failed") as caught:
        accounts(state)
    assert "COLLECTOR_STATE_PASSWORD_SECRET" in caught.value.hint
    assert "hunter2" not in f"{caught.value}{caught.value.__cause__}{caught.value.__cause__.__cause__}"


def test_a_password_that_stays_wrong_is_tried_once(guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    tried, connect = [], psycopg.connect

    def noted(*words: str, **named: str) -> psycopg.Connection:
        tried.append(named["password"])
        return connect(*words, **named)

    monkeypatch.setattr(psycopg, "connect", noted)
    guarded.kept = Login("hunter2")
    with pytest.raises(StateUnavailable):
        accounts(SqlState(guarded.url, FakeClock(), password=guarded.secret()))
    assert tried == ["hunter2"]


def test_a_secret_that_cannot_be_read_is_told_as_that(guarded: Guarded) -> None:
    guarded.error = SecretUnavailable("the vault is away")
    with pytest.raises(SecretUnavailable, match="vault"):
        accounts(SqlState(guarded.url, FakeClock(), password=guarded.secret()))


def test_migrations_log_in_with_the_secret(guarded: Guarded) -> None:
    with guarded.server.database("template1") as bare:
        url = guarded.url.replace(guarded.name, str(make_url(bare).database))
        upgrade(url, guarded.secret())
        assert is_at_head(url, guarded.secret())
        with pytest.raises(ConfigError):
            upgrade(url)
