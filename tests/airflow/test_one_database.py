"""Airflow's tables and the state's in one Postgres database."""

import pytest
from sqlalchemy import create_engine, inspect, text

from collector.adapters.sql_state.tables import HEAD, VERSION_TABLE, metadata

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("airflow")]


def test_airflow_and_the_state_share_a_database_and_no_table(stage):
    engine = create_engine(stage.environment["COLLECTOR_STATE_URL"])
    with engine.connect() as connection:
        names = set(inspect(connection).get_table_names())
        ours = connection.execute(text(f"select version_num from {VERSION_TABLE}")).scalars().all()  # noqa: S608
        theirs = connection.execute(text("select version_num from alembic_version")).scalars().all()
        assert connection.execute(text("select count(*) from accounts")).scalar() == len(stage.sandbox.users)
        assert connection.execute(text("select count(*) from log")).scalar() > 0
    engine.dispose()
    assert set(metadata.tables) | {VERSION_TABLE, "alembic_version", "dag_run", "log"} <= names
    assert ours == [HEAD]
    assert theirs != ours
    stage.airflow.run("db", "check-migrations")
