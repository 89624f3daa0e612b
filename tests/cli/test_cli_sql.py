"""The SQL that `collector sql` prints, run by DuckDB and Postgres: they find what `read_tweets` finds."""

import shutil

import duckdb
import psycopg
import pytest
from nasty_copies import nasty_tweets, plain_rows, rows_of_copy, with_cells, write_copy
from postgres import plain, psql, tweets_in

EACH_FORM = [(newlines, packing) for newlines in ("escape", "keep") for packing in ("none", "gzip")]


@pytest.fixture
def printed(collector):
    """What the command prints for a folder."""

    def run(engine, folder, *more):
        ended = collector.done("sql", engine, "--output", folder.as_uri(), *more)
        assert ended.stderr == ""
        return ended.stdout

    return run


def by_duckdb(sql):
    with duckdb.connect() as connection:
        connection.execute(sql)
        return plain_rows(connection.sql("SELECT * EXCLUDE (dt, hour) FROM tweets").fetchall())


def by_postgres(sql, url):
    ended = psql(sql, url)
    assert (ended.returncode, ended.stderr) == (0, "")
    return plain_rows(tweets_in(url))


def without_nul(rows):
    return with_cells(rows, lambda text: text.replace("\0", "\ufffd"))


# F50 F51 F52
@pytest.mark.parametrize(("newlines", "packing"), EACH_FORM)
def test_duckdb_finds_every_cell(newlines, packing, printed, tmp_path):
    write_copy(tmp_path, nasty_tweets(), newlines=newlines, compression=packing)
    assert by_duckdb(printed("duckdb", tmp_path)) == rows_of_copy(tmp_path)


# F50 F51 F52
@pytest.mark.parametrize(("newlines", "packing"), EACH_FORM)
def test_postgres_finds_every_cell_but_nul(newlines, packing, printed, tmp_path, bare_postgres_url):
    write_copy(tmp_path, nasty_tweets(), newlines=newlines, compression=packing)
    found = by_postgres(printed("postgres", tmp_path), bare_postgres_url)
    assert found == without_nul(rows_of_copy(tmp_path))


def test_what_the_collector_collected_is_what_both_find(collector, sandbox, bare_postgres_url):
    collector.done("accounts", "add", *(account.username for account in sandbox.users.values()))
    collector.done("collect")
    rows = rows_of_copy(collector.output)
    assert len(rows) == 180
    assert by_duckdb(collector.done("sql", "duckdb").stdout) == rows
    assert by_postgres(collector.done("sql", "postgres").stdout, bare_postgres_url) == without_nul(rows)


def test_a_folder_may_have_any_name(printed, tmp_path, bare_postgres_url):
    folder = tmp_path / 'it\'s [my] *own* "$HOME" 100%'
    write_copy(folder, nasty_tweets())
    assert by_duckdb(printed("duckdb", folder)) == rows_of_copy(folder)
    assert len(by_postgres(printed("postgres", folder), bare_postgres_url)) == len(nasty_tweets())


def test_a_name_may_be_a_word_of_sql(printed, tmp_path, bare_postgres_url):
    write_copy(tmp_path, nasty_tweets())
    with duckdb.connect() as connection:
        connection.execute(printed("duckdb", tmp_path, "--name", "order"))
        assert connection.sql('SELECT count(*) FROM "order"').fetchall() == [(len(nasty_tweets()),)]
    assert psql(printed("postgres", tmp_path, "--name", "order"), bare_postgres_url).stderr == ""
    with psycopg.connect(plain(bare_postgres_url)) as connection:
        assert connection.execute('SELECT count(*) FROM "order"').fetchone() == (len(nasty_tweets()),)


def test_duckdb_reads_only_the_partitions_that_a_condition_leaves(printed, tmp_path):
    write_copy(tmp_path, nasty_tweets())
    shutil.copytree(tmp_path / "tweets" / "dt=2026-11-22", tmp_path / "tweets" / "dt=2026-11-23")
    for file in (tmp_path / "tweets" / "dt=2026-11-23").rglob("*.csv"):
        file.write_text("no,csv,of\nours\n")
    with duckdb.connect() as connection:
        connection.execute(printed("duckdb", tmp_path))
        query = (
            "SELECT count(*) FROM tweets WHERE dt = '2026-11-22' AND hour < 10 AND created_at < dt + INTERVAL 10 HOUR"
        )
        assert connection.sql(query).fetchall() == [(14,)]


def test_loading_again_adds_what_is_new_and_changes_nothing(printed, tmp_path, bare_postgres_url):
    first, second, third = nasty_tweets()[:3]
    write_copy(tmp_path, [first, second])
    before = by_postgres(printed("postgres", tmp_path), bare_postgres_url)
    write_copy(tmp_path, [first | {"like_count": 99}, second, third])
    after = by_postgres(printed("postgres", tmp_path), bare_postgres_url)
    assert [row for row in after if row[0] != third["tweet_id"]] == before
    assert len(after) == 3


# F47
def test_an_object_that_cannot_be_read_fails_the_whole_load(printed, tmp_path, bare_postgres_url):
    write_copy(tmp_path, nasty_tweets(), compression="gzip")
    broken = next(tmp_path.rglob("*.csv.gz"))
    broken.write_bytes(broken.read_bytes()[:-12])
    ended = psql(printed("postgres", tmp_path), bare_postgres_url)
    assert ended.returncode == 3
    assert broken.name in ended.stderr
    with psycopg.connect(plain(bare_postgres_url)) as connection:
        assert connection.execute("SELECT to_regclass('tweets')").fetchone() == (None,)
