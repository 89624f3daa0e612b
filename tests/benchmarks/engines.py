"""What `collector sql` prints, run by engines that the tests cannot have: every row as `read_tweets` finds it.

`make engines`. Spark runs its views, and Athena's table on Hive's OpenCSVSerde: without the projection, which Spark
does not know, and with headers as rows, which it does not skip. Athena's view is Trino's SQL: sqlglot parses it, and
DuckDB runs what sqlglot makes of it over the strings that the serde returned. Trino and Athena are not run. DuckDB and
psql read from a stand-in of S3, with DuckDB's own extensions and the AWS CLI.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterable
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
import duckdb
from moto.server import ThreadedMotoServer

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from nasty_copies import NAMES, nasty_tweets, plain_rows, rows_of_copy, with_cells, write_copy  # noqa: E402
from postgres import psql, running_postgres, tweets_in  # noqa: E402

ENGINES = ROOT / ".venv" / "engines" / "bin"
CELLS = ", ".join(NAMES)
FORMS = [(newlines, packing) for newlines in ("escape", "keep") for packing in ("none", "gzip")]
BUCKET, PREFIX = "my-bucket", "a/prefix [x]"


def printed(engine: str, output: str, *options: str) -> list[str]:
    """Return the statements that the command prints."""
    command = [sys.executable, "-m", "collector", "sql", engine, "--output", output, *options]
    sql = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout
    return [statement for statement in sql.split(";\n") if statement.strip()]


def answers(engine: str, *questions: dict[str, Any]) -> list[Any]:
    """Return what an engine answers to each question."""
    with TemporaryDirectory() as folder:
        command = [ENGINES / "python", Path(__file__).with_name("engine_answers.py"), engine, f"{folder}/answers"]
        subprocess.run(
            command, check=True, text=True, input=json.dumps(questions), cwd=folder, env=os.environ | {"TZ": "UTC"}
        )
        return json.loads(Path(folder, "answers").read_text("utf-8"))


def is_same(what: str, found: Iterable[Iterable[Any]], wanted: list[tuple[Any, ...]]) -> bool:
    """Say whether the rows are the wanted ones, and which columns differ."""
    rows = plain_rows(_times_read(row) for row in found)
    pairs = [
        (name, *cells)
        for ours, theirs in zip(rows, wanted, strict=False)
        for name, *cells in zip(NAMES, ours, theirs, strict=True)
    ]
    differing = sorted({name for name, ours, theirs in pairs if ours != theirs})
    verdict = "as read_tweets" if rows == wanted else f"WRONG: {len(wanted)} rows wanted; {differing} differ"
    print(f"{what:<42} {len(rows):>3} rows  {verdict}", flush=True)
    return rows == wanted


def in_folders(folder: Path) -> bool:
    """Compare Spark's views, and Athena's table and view, on copies of every form."""
    copies = {form: folder / "_".join(form) for form in FORMS}
    for (newlines, packing), copy in copies.items():
        write_copy(copy, nasty_tweets(), newlines=newlines, compression=packing)
    escaped = {form: copy for form, copy in copies.items() if form[0] == "escape"}
    asked = [*map(_spark_question, copies.values()), *map(_hive_question, escaped.values())]
    rows = iter(answers("spark", *asked))
    spark = [
        is_same(f"Spark, newlines {form[0]}, compression {form[1]}", next(rows), rows_of_copy(copy))
        for form, copy in copies.items()
    ]
    athena = [
        is_same(
            f"Athena on Hive's serde, compression {form[1]}",
            _athena_view(copy.name, next(rows)),
            _empty_as_absent(rows_of_copy(copy)),
        )
        for form, copy in escaped.items()
    ]
    return all(spark + athena)


def on_s3(folder: Path, endpoint: str) -> bool:
    """Compare DuckDB's view of a bucket, and what psql loads from it."""
    write_copy(folder, nasty_tweets(), compression="gzip")
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    for file in folder.rglob("*.csv.gz"):
        client.put_object(Bucket=BUCKET, Key=f"{PREFIX}/{file.relative_to(folder)}", Body=file.read_bytes())
    place = f"s3://{BUCKET}/{PREFIX}"
    here = f"credential_chain, ENDPOINT '{endpoint}', URL_STYLE 'path', USE_SSL false, REGION 'us-east-1'"
    statements = [statement.replace("credential_chain", here) for statement in printed("duckdb", place)]
    (rows,) = answers("duckdb", {"statements": statements, "query": f"SELECT {CELLS} FROM tweets"})
    duckdb_is = is_same("DuckDB, from S3 with httpfs and aws", rows, rows_of_copy(folder))
    with running_postgres() as server, server.database("template1") as url:
        loaded = psql(";\n".join(printed("postgres", place)), url)
        print(loaded.stderr, end="")
        wanted = with_cells(rows_of_copy(folder), lambda text: text.replace("\0", "\ufffd"))
        return is_same("Postgres, from S3 with the AWS CLI", tweets_in(url), wanted) and duckdb_is


def _spark_question(copy: Path) -> dict[str, Any]:
    statements = printed("spark", copy.as_uri(), "--name", copy.name)
    return {"statements": statements, "query": f"SELECT {CELLS} FROM {copy.name}"}


def _hive_question(copy: Path) -> dict[str, Any]:
    name = f"athena_{copy.name}"
    (table,) = printed("athena", f"s3://{BUCKET}", "--name", name, "--only", "table")
    statements = [table.replace(f"s3://{BUCKET}", copy.as_uri()), f"MSCK REPAIR TABLE {name}_csv"]
    query = f"SELECT {CELLS}, dt, hour FROM {name}_csv WHERE tweet_id <> 'tweet_id'"
    return {"statements": statements, "query": query}


def _athena_view(name: str, strings: list[list[Any]]) -> list[tuple[Any, ...]]:
    """Return the rows of Athena's view over these rows of strings, in a session far from UTC."""
    view = printed("athena", f"s3://{BUCKET}", "--name", name, "--only", "view")
    ((translated,),) = answers("sqlglot", {"statements": view})
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'Asia/Tokyo'")
        columns = ", ".join(f"{cell} VARCHAR" for cell in NAMES)
        connection.execute(f"CREATE TABLE {name}_csv ({columns}, dt VARCHAR, hour INTEGER)")
        connection.executemany(f"INSERT INTO {name}_csv VALUES ({', '.join('?' * (len(NAMES) + 2))})", strings)
        connection.execute(translated)
        return connection.execute(f"SELECT {CELLS} FROM {name}").fetchall()


def _empty_as_absent(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [tuple(None if cell == "" else cell for cell in row) for row in rows]


def _times_read(row: Iterable[Any]) -> list[Any]:
    times = {"created_at", "collected_at"}
    return [
        datetime.fromisoformat(cell) if name in times and isinstance(cell, str) else cell
        for name, cell in zip(NAMES, row, strict=True)
    ]


@contextmanager
def s3_endpoint() -> Iterable[str]:
    """Serve a stand-in of S3, and let every client of this process and of its children find it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ |= {
        "AWS_ENDPOINT_URL_S3": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PATH": f"{ENGINES}:{os.environ['PATH']}",
    }
    yield f"{host}:{port}"
    server.stop()


def main() -> int:
    """Run every comparison; return 1 when a row differs."""
    if not ENGINES.is_dir():
        print("the engines are not installed: run make engines")
        return 1
    with TemporaryDirectory() as one, TemporaryDirectory() as other, s3_endpoint() as endpoint:
        verdicts = [in_folders(Path(one)), on_s3(Path(other), endpoint)]
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
