"""Schema: which migration a state's tables are at."""

from sqlalchemy import Column, Connection, Text, inspect, select, table

from collector.adapters.sql_state.tables import HEAD, VERSION_TABLE
from collector.core.errors import ConfigError


def schema_of(connection: Connection) -> str | None:
    """Return the revision of our tables, "" beside tables of others alone, None in an empty database."""
    names = inspect(connection).get_table_names()
    if VERSION_TABLE not in names:
        return "" if names else None
    version: Column[str] = Column("version_num", Text)
    return connection.execute(select(version).select_from(table(VERSION_TABLE))).scalar() or ""


def refuse_other_schema(found: str | None, place: str) -> None:
    """Raise `ConfigError` unless the tables are those of this version."""
    if found == HEAD:
        return
    message = f"state {place} has schema {found or 'none'}, this version needs {HEAD}"
    is_newer = (found or "") > HEAD
    raise ConfigError(message, hint="install the collector that made it" if is_newer else "collector migrate")
