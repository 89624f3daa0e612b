"""The SQL by which each engine reads the copy: one module an engine, all made from the columns of the core."""

from collector.adapters.dialects.athena import athena_table, athena_view
from collector.adapters.dialects.duckdb import duckdb_view
from collector.adapters.dialects.place import Copy
from collector.adapters.dialects.postgres import postgres_load
from collector.adapters.dialects.spark import spark_view

__all__ = ["Copy", "athena_table", "athena_view", "duckdb_view", "postgres_load", "spark_view"]
