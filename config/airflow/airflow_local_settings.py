"""For Airflow on a Postgres whose password AWS keeps (COLLECTOR_STATE_PASSWORD_SECRET): copy to $AIRFLOW_HOME/config.

Airflow's database URLs, AIRFLOW__DATABASE__SQL_ALCHEMY_CONN and ..._CONN_ASYNC, then hold no password.
"""

from collector.airflow.metadata import create_async_metadata_engine, create_metadata_engine

__all__ = ["create_async_metadata_engine", "create_metadata_engine"]
