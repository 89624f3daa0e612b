"""Answers questions in an engine, in the engines' own environment: JSON in on standard input, JSON out to a file.

It knows nothing of the collector: `engines.py` asks, and compares.
"""

import json
import shutil
import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

Question = dict[str, Any]
"""`statements` to run, and then a `query`."""


def by_spark(questions: list[Question], folder: str) -> list[Any]:
    """Return the rows of each question in one Spark session, which has Hive's classes."""
    from pyspark.sql import SparkSession  # noqa: PLC0415

    own = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.variable.substitute": "false",  # ${dt} is Athena's to replace
        "spark.sql.warehouse.dir": f"{folder}/warehouse",
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:{folder}/metastore;create=true",
    }
    spark = SparkSession.builder.master("local[2]").config(map=own).enableHiveSupport().getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")

    def answer(question: Question) -> list[Any]:
        for statement in question["statements"]:
            spark.sql(statement)
        return [list(row) for row in spark.sql(question["query"]).collect()]

    return [answer(question) for question in questions]


def by_duckdb(questions: list[Question], folder: str) -> list[Any]:
    """Return the rows of each question in DuckDB, whose extensions lie in packages of their own."""
    import duckdb  # noqa: PLC0415

    def answer(question: Question) -> list[Any]:
        for statement in question["statements"]:
            connection.execute(statement)
        return [list(row) for row in connection.execute(question["query"]).fetchall()]

    with duckdb.connect(config={"extension_directory": folder}) as connection:
        ((platform,),) = connection.execute("PRAGMA platform").fetchall()
        place = Path(folder, f"v{duckdb.__version__}", platform)
        place.mkdir(parents=True)
        for extension in Path(duckdb.__file__).parents[1].glob("duckdb_extension_*/extensions/*/*.duckdb_extension"):
            shutil.copy(extension, place)
        return [answer(question) for question in questions]


def by_sqlglot(questions: list[Question], _folder: str) -> list[Any]:
    """Return Athena's statements as DuckDB's; what does not parse is an error."""
    import sqlglot  # noqa: PLC0415

    return [
        sqlglot.transpile(statement, read="athena", write="duckdb")
        for question in questions
        for statement in question["statements"]
    ]


def main(engine: str, place: str) -> None:
    """Answer the questions on standard input."""
    engines = {"spark": by_spark, "duckdb": by_duckdb, "sqlglot": by_sqlglot}
    with TemporaryDirectory() as folder:
        answers = engines[engine](json.load(sys.stdin), folder)
    Path(place).write_text(json.dumps(answers, default=_text), "utf-8")


def _text(value: date) -> str:
    return value.isoformat()


if __name__ == "__main__":
    main(*sys.argv[1:])
