"""Postgres: a typed table, filled by psql from the objects through a table of texts; what it holds already stays."""

import shlex

from collector.adapters.dialects.cells import lines, quoted, selected, typed, unescaped
from collector.adapters.dialects.place import Copy
from collector.core.columns import COLUMNS, ColumnKind

_TYPES = {
    ColumnKind.ID: "bigint",
    ColumnKind.COUNT: "bigint",
    ColumnKind.TEXT: "text",
    ColumnKind.LABEL: "text",
    ColumnKind.TIME: "timestamptz",
    ColumnKind.LIST: "text[]",
    ColumnKind.ID_LIST: "bigint[]",
    ColumnKind.FLAG: "boolean",
}
# Postgres stores no NUL, in texts or JSON. \u005c is JSON's other way to write a backslash, which no u0000 can follow.
_JSON = r"replace(replace({}, '\\', '\u005c'), '\u0000', '\ufffd')::json"
_LIST = f"CASE WHEN {{}} IS NOT NULL THEN ARRAY(SELECT json_array_elements_text({_JSON})) END"
_EXPRESSIONS = {
    ColumnKind.ID: "{}::bigint",
    ColumnKind.COUNT: "{}::bigint",
    ColumnKind.TEXT: unescaped("{}", nul="chr(65533)"),
    ColumnKind.TIME: "{}::timestamptz",
    ColumnKind.LIST: _LIST,
    ColumnKind.ID_LIST: f"{_LIST}::bigint[]",
    ColumnKind.FLAG: "{}::boolean",
}
_KEY = COLUMNS[0].name


def postgres_load(copy: Copy, name: str) -> str:
    """Return what psql runs to make the table and to load what is new, in one transaction.

    A NUL of a text becomes U+FFFD. Every object's header comes along as a row, which the insert leaves out.
    """
    columns = [f"{column} PRIMARY KEY" if column.startswith(f"{_KEY} ") else column for column in typed(_TYPES)]
    return f"""\\set ON_ERROR_STOP on
BEGIN;
SET LOCAL client_min_messages = warning;

CREATE TABLE IF NOT EXISTS "{name}" (
{lines(columns)}
);

CREATE TEMPORARY TABLE "{name}_csv" (
{lines(f"{column.name} text" for column in COLUMNS)}
) ON COMMIT DROP;

\\copy "{name}_csv" FROM PROGRAM {quoted(_program(copy))} WITH (FORMAT csv, ENCODING 'UTF8')

INSERT INTO "{name}"
SELECT
{lines(selected(_EXPRESSIONS))}
FROM "{name}_csv"
WHERE {_KEY} <> {quoted(_KEY)}
ON CONFLICT ({_KEY}) DO NOTHING;

COMMIT;
"""


def _program(copy: Copy) -> str:
    """Return the shell's line that prints all objects, compressed or not; it fails when any of them cannot be read."""
    printing = "-type f -name '*.csv*' -exec gzip -cdf {} +"
    if not copy.is_on_s3:
        return f"find {shlex.quote(copy.url())} {printing}"
    fetching = f'aws s3 cp --recursive --only-show-errors {shlex.quote(copy.url())} "$d"'
    return f'd=$(mktemp -d) && trap \'rm -rf "$d"\' EXIT && {fetching} && find "$d" {printing}'
