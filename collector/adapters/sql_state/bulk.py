"""Bulk: many rows in one call, by executemany on SQLite and by arrays on Postgres."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import (
    ARRAY,
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Table,
    TableValuedAlias,
    Text,
    UpdateBase,
    bindparam,
    cast,
    column,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

Rows = Sequence[tuple[object, ...]]
"""Rows as tuples, in the order of the columns that the call names."""


class Bulk(Protocol):
    """Writes to one table, many rows at once."""

    def insert(self, table: Table, rows: Rows) -> None:
        """Insert rows of all columns."""

    def upsert(self, table: Table, rows: Rows) -> None:
        """Insert rows of all columns, or replace them by primary key; no key may come twice."""

    def update(self, table: Table, changed: Sequence[str], matching: Sequence[str], rows: Rows) -> int:
        """Set the columns `changed` where the columns `matching` fit; return how many rows did."""

    def delete(self, table: Table, matching: Sequence[str], rows: Rows) -> int:
        """Delete where the columns `matching` fit; return how many rows did."""


def bulk_on(connection: Connection) -> Bulk:
    """Return the way of bulk writing that the connection's database knows."""
    return SqliteBulk(connection) if connection.dialect.name == "sqlite" else PostgresBulk(connection)


class SqliteBulk:
    """Bulk writes by executemany of plain tuples: parameters that go through Core cost more than the writes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def insert(self, table: Table, rows: Rows) -> None:
        """Insert rows of all columns."""
        self._execute(insert(table), list(table.c), rows)

    def upsert(self, table: Table, rows: Rows) -> None:
        """Insert rows of all columns, or replace them by primary key."""
        statement = sqlite.insert(table)
        keys, values = list(table.primary_key), _values(table)
        fresh = {value.name: statement.excluded[value.name] for value in values}
        self._execute(statement.on_conflict_do_update(index_elements=keys, set_=fresh), list(table.c), rows)

    def update(self, table: Table, changed: Sequence[str], matching: Sequence[str], rows: Rows) -> int:
        """Set the columns `changed` where the columns `matching` fit."""
        columns = [table.c[name] for name in (*changed, *matching)]
        binds: list[BindParameter[object]] = [bindparam(f"c{at}") for at in range(len(columns))]
        fits = [old == bind for old, bind in zip(columns, binds, strict=True)][len(changed) :]
        fresh = dict(zip(changed, binds, strict=False))
        return self._execute(update(table).where(*fits).values(fresh), columns, rows)

    def delete(self, table: Table, matching: Sequence[str], rows: Rows) -> int:
        """Delete where the columns `matching` fit."""
        columns = [table.c[name] for name in matching]
        fits = [old == bindparam(f"c{at}") for at, old in enumerate(columns)]
        return self._execute(delete(table).where(*fits), columns, rows)

    def _execute(self, statement: UpdateBase, columns: Sequence[Column[object]], rows: Rows) -> int:
        if not rows:
            return 0
        text = str(statement.compile(dialect=self._connection.dialect))
        return self._connection.exec_driver_sql(text, list(self._bound(columns, rows))).rowcount

    def _bound(self, columns: Sequence[Column[object]], rows: Rows) -> Rows:
        dialect = self._connection.dialect
        binds = [old.type.dialect_impl(dialect).bind_processor(dialect) for old in columns]
        if not any(binds):
            return rows
        cells = zip(binds, zip(*rows, strict=True), strict=True)
        return list(zip(*(map(bind, own) if bind else own for bind, own in cells), strict=True))


class PostgresBulk:
    """Bulk writes by one statement over arrays: executemany costs a message per row."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def insert(self, table: Table, rows: Rows) -> None:
        """Insert rows of all columns."""
        columns = list(table.c)
        self._execute(insert(table).from_select(columns, select(*_arrays(columns).c)), rows)

    def upsert(self, table: Table, rows: Rows) -> None:
        """Insert rows of all columns, or replace them by primary key; no key may come twice."""
        columns = list(table.c)
        statement = postgresql.insert(table).from_select(columns, select(*_arrays(columns).c))
        fresh = {value.name: statement.excluded[value.name] for value in _values(table)}
        self._execute(statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=fresh), rows)

    def update(self, table: Table, changed: Sequence[str], matching: Sequence[str], rows: Rows) -> int:
        """Set the columns `changed` where the columns `matching` fit."""
        columns = [table.c[name] for name in (*changed, *matching)]
        fresh = list(_arrays(columns).c)
        fits = [old == new for old, new in zip(columns, fresh, strict=True)][len(changed) :]
        return self._execute(update(table).where(*fits).values(dict(zip(changed, fresh, strict=False))), rows)

    def delete(self, table: Table, matching: Sequence[str], rows: Rows) -> int:
        """Delete where the columns `matching` fit."""
        columns = [table.c[name] for name in matching]
        fits = [old == new for old, new in zip(columns, _arrays(columns).c, strict=True)]
        return self._execute(delete(table).where(*fits), rows)

    def _execute(self, statement: UpdateBase, rows: Rows) -> int:
        if not rows:
            return 0
        arrays = {f"c{at}": array_text(values) for at, values in enumerate(zip(*rows, strict=True))}
        return self._connection.execute(statement, arrays).rowcount


def _values(table: Table) -> list[Column[object]]:
    return [value for value in table.c if not value.primary_key]


def _arrays(columns: Sequence[Column[object]]) -> TableValuedAlias:
    arrays = [cast(bindparam(f"c{at}", type_=Text()), ARRAY(old.type)) for at, old in enumerate(columns)]
    names: list[ColumnElement[object]] = [column(f"c{at}", old.type) for at, old in enumerate(columns)]
    return func.unnest(*arrays).table_valued(*names).render_derived(name="fresh")


def array_text(values: Sequence[object]) -> str:
    """Return values of one type as the text of a Postgres array, to be cast."""
    # The driver adapts a list cell by cell in Python, which costs more than all the rest.
    write = str if values and isinstance(values[0], int) else _quoted
    return "{" + ",".join(map(write, values)) + "}"


def _quoted(value: object) -> str:
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
