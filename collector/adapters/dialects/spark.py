"""Spark SQL: a temporary view over its CSV source, and a typed view of that."""

import re

from collector.adapters.dialects.cells import PARTITIONS, lines, selected, typed, unescaped
from collector.adapters.dialects.place import Copy
from collector.core.columns import ColumnKind

_TYPES = {
    ColumnKind.ID: "BIGINT",
    ColumnKind.COUNT: "BIGINT",
    ColumnKind.TEXT: "STRING",
    ColumnKind.LABEL: "STRING",
    ColumnKind.TIME: "TIMESTAMP",
    ColumnKind.LIST: "STRING",
    ColumnKind.ID_LIST: "STRING",
    ColumnKind.FLAG: "BOOLEAN",
}


def _raw(text: str) -> str:
    return f"r'{text}'"


_LIST = "from_json({}, 'array<string>', map('mode', 'FAILFAST'))"
_EXPRESSIONS = {
    ColumnKind.TEXT: unescaped("{}", literal=_raw),
    ColumnKind.LIST: _LIST,
    ColumnKind.ID_LIST: f"transform({_LIST}, id -> CAST(id AS BIGINT))",
}


def spark_view(copy: Copy, name: str) -> str:
    r"""Return the statements that make the views; they live as long as the session.

    `\N` stands for what is absent: no cell holds it, as an empty text would be taken for an absent one.
    """
    return f"""CREATE OR REPLACE TEMPORARY VIEW `{name}_csv` (
{lines([*typed(_TYPES), "dt DATE", "hour INT"])}
)
USING csv
OPTIONS (
  path '{_text(_path(copy))}',
  header 'true', enforceSchema 'false', mode 'FAILFAST',
  multiLine 'true', lineSep '\\n', quote '"', escape '"',
  nullValue '\\\\N', emptyValue ''
);

CREATE OR REPLACE TEMPORARY VIEW `{name}` AS
SELECT
{lines([*selected(_EXPRESSIONS), *PARTITIONS])}
FROM `{name}_csv`;
"""


def _path(copy: Copy) -> str:
    place = copy.url("s3a") if copy.is_on_s3 else f"file://{copy.url()}"
    return re.sub(r"[\\*?\[\]{}]", r"\\\g<0>", place)


def _text(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
