"""DuckDB: a view over `read_csv`, of a folder or of a bucket (by the extensions httpfs and aws)."""

import re

from collector.adapters.dialects.cells import PARTITIONS, lines, quoted, selected, typed, unescaped
from collector.adapters.dialects.place import Copy
from collector.core.columns import ColumnKind

_TYPES = {
    ColumnKind.ID: "BIGINT",
    ColumnKind.COUNT: "BIGINT",
    ColumnKind.TEXT: "VARCHAR",
    ColumnKind.LABEL: "VARCHAR",
    ColumnKind.TIME: "TIMESTAMP",
    ColumnKind.LIST: "VARCHAR",
    ColumnKind.ID_LIST: "VARCHAR",
    ColumnKind.FLAG: "BOOLEAN",
}
_EXPRESSIONS = {
    ColumnKind.TEXT: unescaped("{}"),
    ColumnKind.LIST: """from_json({}, '["VARCHAR"]')""",
    ColumnKind.ID_LIST: """from_json({}, '["BIGINT"]')""",
}
_ACCESS = """INSTALL httpfs;
LOAD httpfs;
INSTALL aws;
LOAD aws;
CREATE OR REPLACE SECRET "{name}_reader" (TYPE s3, PROVIDER credential_chain, SCOPE {scope});

"""


def duckdb_view(copy: Copy, name: str) -> str:
    """Return the statements that make the view; times are UTC, without a zone."""
    access = _ACCESS.format(name=name, scope=quoted(f"s3://{copy.bucket}")) if copy.is_on_s3 else ""
    columns = ", ".join(f"{quoted(column)}: {quoted(kind)}" for column, kind in map(str.split, typed(_TYPES)))
    return f"""{access}CREATE OR REPLACE VIEW "{name}" AS
SELECT
{lines([*selected(_EXPRESSIONS), *PARTITIONS])}
FROM read_csv(
  {quoted(_glob(copy))},
  auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', new_line = '\\n',
  nullstr = '', allow_quoted_nulls = false,
  hive_partitioning = true, hive_types = {{'dt': DATE, 'hour': INTEGER}},
  columns = {{{columns}}}
);
"""


def _glob(copy: Copy) -> str:
    return re.sub(r"[*?[]", r"[\g<0>]", copy.url()) + "/dt=*/hour=*/*.csv*"
