"""UtcTime: an aware UTC time as a column; `timestamptz` on Postgres, `2026-11-22T06:15:00Z` on SQLite."""

from datetime import UTC, datetime
from functools import lru_cache

from sqlalchemy import ColumnElement, DateTime, Dialect, Text, func
from sqlalchemy.types import TypeDecorator, TypeEngine


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC times, exact to the microsecond; equal times are equal texts."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str] | TypeEngine[datetime]:
        """Choose text on SQLite, which knows no times."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        """Write a time the way the database keeps it."""
        return _text(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Read a time back, always aware UTC."""
        return _time(value) if isinstance(value, str) else value


def by_time(column: ColumnElement[datetime], dialect: Dialect) -> ColumnElement[datetime]:
    """Return what sorts and compares a `UtcTime` by time."""
    # As text, `00Z` would sort after `00.5Z`; without the Z the shorter one comes first.
    return func.rtrim(column, "Z") if dialect.name == "sqlite" else column


@lru_cache(maxsize=4096)
def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


@lru_cache(maxsize=4096)
def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
