"""What `collector sql` says and refuses, and the files for Athena that are kept equal to it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from collector_process import clean_environment

from collector.core.columns import COLUMNS

AWS = Path(__file__).parents[2] / "config" / "aws"
BUCKET = ("--output", "s3://my-bucket/a/prefix/")


def statements(sql):
    words = [line for line in sql.splitlines() if not line.startswith("--")]
    return [statement.strip() for statement in "\n".join(words).split(";") if statement.strip()]


def test_the_files_for_terraform_are_what_the_command_prints(collector):
    assert (AWS / "athena.sql").read_text("utf-8") == collector.done("sql", "athena", "--only", "view").stdout
    assert json.loads((AWS / "columns.json").read_text("utf-8")) == [column.name for column in COLUMNS]


def test_athena_takes_its_statements_together_or_one_by_one(collector):
    whole = collector.done("sql", "athena", *BUCKET).stdout
    table = collector.done("sql", "athena", *BUCKET, "--only", "table").stdout
    view = collector.done("sql", "athena", *BUCKET, "--only", "view").stdout
    assert statements(whole) == statements(table) + statements(view)
    assert [len(statements(one)) for one in (table, view)] == [1, 1]
    assert "--" not in table + view


def test_athena_projects_every_partition_of_the_copy(collector):
    table = collector.done("sql", "athena", *BUCKET, "--since", "2026-11-01", "--only", "table").stdout
    assert "LOCATION 's3://my-bucket/a/prefix/tweets/'" in table
    assert "'s3://my-bucket/a/prefix/tweets/dt=${dt}/hour=${hour}/'" in table
    assert "'projection.dt.range' = '2026-11-01,NOW'" in table
    assert r"'escapeChar' = '\u0000'" in table
    assert [f"`{column.name}` string" in table for column in COLUMNS] == [True] * len(COLUMNS)


def test_names_are_mine_to_choose(collector):
    sql = collector.done("sql", "athena", *BUCKET, "--database", "social", "--name", "posts").stdout
    database, table, view = statements(sql)
    assert database == "CREATE DATABASE IF NOT EXISTS `social`"
    assert table.startswith("CREATE EXTERNAL TABLE IF NOT EXISTS `social`.`posts_csv` (")
    assert view.startswith('CREATE OR REPLACE VIEW "social"."posts" AS')
    assert view.endswith('FROM "social"."posts_csv"')
    for engine, quote in (("duckdb", '"'), ("spark", "`"), ("postgres", '"')):
        sql = collector.done("sql", engine, *BUCKET, "--name", "posts").stdout
        assert f" {quote}posts{quote}" in sql
        assert f"{quote}tweets" not in sql


def test_views_of_two_buckets_in_one_session_keep_a_secret_each(collector):
    sql = [collector.done("sql", "duckdb", *BUCKET, "--name", name).stdout for name in ("ours", "theirs")]
    secrets = [next(line for line in one.splitlines() if "SECRET" in line).split(" (")[0] for one in sql]
    assert secrets == ['CREATE OR REPLACE SECRET "ours_reader"', 'CREATE OR REPLACE SECRET "theirs_reader"']


def test_sql_is_utf_8_whatever_the_locale(tmp_path):
    words = [sys.executable, "-m", "collector", "sql", "duckdb", "--output", "s3://my-bucket/橋"]
    environment = clean_environment(tmp_path) | {"PYTHONIOENCODING": "latin-1"}
    ended = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, check=True)  # noqa: S603
    assert "my-bucket/橋/tweets" in ended.stdout.decode()


@pytest.mark.parametrize("engine", ["athena", "duckdb", "spark", "postgres"])
def test_the_output_setting_is_what_is_read(engine, collector):
    set_to = collector.done("sql", engine, COLLECTOR_OUTPUT=BUCKET[1]).stdout
    assert set_to == collector.done("sql", engine, *BUCKET).stdout
    assert "my-bucket/a/prefix/tweets" in set_to


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("athena",), ("Athena reads from S3", "file:///", "--output s3://bucket/prefix")),
        (("athena", "--since", "May"), ("'May' is no day", "2026-11-22")),
        (("athena", *BUCKET, "--only", "crawler"), ("crawler", "table")),
        (("duckdb", "--name", "my tweets"), ("'my tweets' is no name",)),
        (("spark", "--output", "gs://bucket/x"), ("'gs://bucket/x'", "s3://my-bucket/tweets")),
        (("postgres", "--output", "s3://"), ("'s3://'", "file:///data/tweets")),
        (("redshift",), ("No such command", "redshift")),
    ],
)
def test_a_wrong_argument_is_one_line(words, told, collector):
    ended = collector("sql", *words)
    assert (ended.code, ended.stdout) == (2, "")
    assert [word for word in told if word not in ended.complaint] == []


# F50
def test_athena_is_refused_where_line_breaks_are_kept(collector):
    ended = collector("sql", "athena", *BUCKET, COLLECTOR_CSV_NEWLINES="keep")
    assert (ended.code, ended.stdout) == (2, "")
    assert "COLLECTOR_CSV_NEWLINES=escape into a new prefix" in ended.complaint
