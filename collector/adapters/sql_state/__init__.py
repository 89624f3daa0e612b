"""The state store on SQLAlchemy: SQLite on one machine, Postgres for many."""

from collector.adapters.sql_state.store import SqlState

__all__ = ["SqlState"]
