"""Athena: a table of strings over Hive's OpenCSVSerde, with projected partitions, and a typed view in Trino's SQL.

Sources: Athena's user guide, "Open CSV SerDe" and "Partition projection"; Trino's `CsvDeserializer`.
"""

from datetime import date

from collector.adapters.dialects.cells import PARTITIONS, lines, selected, unescaped
from collector.adapters.dialects.place import Copy
from collector.core.columns import COLUMNS, ColumnKind

FIRST_TWEET = date(2006, 3, 21)
"""Before this day there was no tweet."""

_HIVE, _TRINO = "`", '"'
"""What stands around a name where tables are made, and where they are read."""

_GIVEN = "NULLIF({}, '')"
# Athena stores no timestamp with time zone in a view, and no more than milliseconds.
_TIME = f"CAST(from_iso8601_timestamp({_GIVEN}) AT TIME ZONE 'UTC' AS timestamp(3))"
_EXPRESSIONS = {
    ColumnKind.ID: f"CAST({_GIVEN} AS bigint)",
    ColumnKind.COUNT: f"CAST({_GIVEN} AS bigint)",
    ColumnKind.TEXT: unescaped(_GIVEN),
    ColumnKind.LABEL: _GIVEN,
    ColumnKind.TIME: _TIME,
    ColumnKind.LIST: f"CAST(json_parse({_GIVEN}) AS array(varchar))",
    ColumnKind.ID_LIST: f"CAST(json_parse({_GIVEN}) AS array(bigint))",
    ColumnKind.FLAG: f"CAST({_GIVEN} AS boolean)",
}


def athena_table(copy: Copy, name: str, since: date) -> str:
    """Return the statement that makes the table of strings; partitions before `since` are not seen.

    The serde's escape is NUL, which never stands in the CSV: any other would change texts.
    """
    place = _hive_text(copy.url())
    return f"""CREATE EXTERNAL TABLE IF NOT EXISTS {_identifier(f"{name}_csv", _HIVE)} (
{lines(f"`{column.name}` string" for column in COLUMNS)}
)
PARTITIONED BY (`dt` string, `hour` int)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'
WITH SERDEPROPERTIES ('separatorChar' = ',', 'quoteChar' = '"', 'escapeChar' = '\\u0000')
STORED AS TEXTFILE
LOCATION '{place}/'
TBLPROPERTIES (
  'skip.header.line.count' = '1',
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '{since:%Y-%m-%d},NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'projection.hour.type' = 'integer',
  'projection.hour.range' = '0,23',
  'projection.hour.digits' = '2',
  'storage.location.template' = '{place}/dt=${{dt}}/hour=${{hour}}/'
);
"""


def athena_view(name: str) -> str:
    """Return the statement that makes the typed view of that table; times are UTC."""
    return f"""CREATE OR REPLACE VIEW {_identifier(name, _TRINO)} AS
SELECT
{lines([*selected(_EXPRESSIONS), *PARTITIONS])}
FROM {_identifier(f"{name}_csv", _TRINO)};
"""


def _identifier(name: str, quote: str) -> str:
    return ".".join(f"{quote}{part}{quote}" for part in name.split("."))


def _hive_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
