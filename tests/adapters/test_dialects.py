"""Escapes undone by SQL, and the copy's place as engines are told it."""

import duckdb
import psycopg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from laws import few, laws
from postgres import plain

from collector.adapters.dialects import Copy
from collector.adapters.dialects.cells import unescaped
from collector.core.columns import ESCAPES
from collector.core.errors import ConfigError

TEXTS = st.lists(st.text(alphabet='\\nr0s\n\r\0"', max_size=12) | st.text(max_size=8), max_size=40)


def escaped(text):
    for character, escape in ESCAPES.items():
        text = text.replace(character, escape)
    return text


# F50
@laws
@example(["\\", "\\n", "\\\\n", "\\\n", "\n\\", "\\s", "\\\\s", "\\\0", "\r\n\\r\\n"])
@given(TEXTS)
def test_every_text_comes_back_exactly_in_duckdb(texts):
    with duckdb.connect() as connection:
        query = f"SELECT [{unescaped('cell')} FOR cell IN $cells]"
        ((found,),) = connection.execute(query, {"cells": [escaped(text) for text in texts]}).fetchall()
    assert (found or []) == texts


# F50
@few
@given(texts=TEXTS)
def test_every_text_comes_back_in_postgres_with_nul_replaced(postgres_server, texts):
    with psycopg.connect(plain(postgres_server.url("migrated"))) as connection:
        query = f"SELECT {unescaped('cell', nul='chr(65533)')} FROM unnest(%s::text[]) WITH ORDINALITY AS cells(cell)"  # noqa: S608
        found = [cell for (cell,) in connection.execute(query, ([escaped(text) for text in texts],)).fetchall()]
    assert found == [text.replace("\0", "\ufffd") for text in texts]


@pytest.mark.parametrize(
    ("output", "url"),
    [
        ("s3://bucket/a/prefix/", "s3://bucket/a/prefix/tweets"),
        ("s3://bucket", "s3://bucket/tweets"),
        ("s3://bucket//a//prefix", "s3://bucket/a/prefix/tweets"),
        ("file:///data/my%20tweets/", "/data/my tweets/tweets"),
    ],
)
def test_the_tweets_lie_below_the_output(output, url):
    assert Copy.at(output).url() == url


@pytest.mark.parametrize(
    "output",
    [
        "",
        "s3:///",
        "s3:///x",
        "s3://b u/x",
        "s3://bucket/a/../x",
        "s3://bucket/a\nb",
        "file:///",
        "file://host/data",
        "file:///data?x=1",
        "/data",
        "gs://b/x",
    ],
)
def test_an_output_that_is_no_place_is_refused(output):
    with pytest.raises(ConfigError, match=r"names no bucket|cannot be"):
        Copy.at(output)
