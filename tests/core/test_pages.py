"""Landed pages, as a raw part holds them."""

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from collector.core.ids import AccountId
from collector.core.pages import LandedPage, decode_pages, encode_page
from collector.core.ranges import IdRange

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
id_ranges = st.tuples(st.integers(0, 2**62), st.integers(1, 2**40)).map(lambda pair: IdRange(pair[0], sum(pair)))
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
bodies = st.builds(
    lambda document, indent, ascii_only: (
        json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "replace").replace(b"\n", b"\r\n")
    ),
    st.dictionaries(st.text(), documents, max_size=3),
    st.sampled_from([None, 1]),
    st.booleans(),
)
landed_pages = st.builds(
    LandedPage,
    account_id=st.integers(1, 2**63 - 1).map(AccountId),
    username=st.from_regex(r"[A-Za-z0-9_]{1,15}", fullmatch=True),
    landed_at=st.integers(0, 10**9).map(lambda milliseconds: NOON + timedelta(milliseconds=milliseconds)),
    settles=st.lists(id_ranges, max_size=3).map(tuple),
    unproven=st.lists(id_ranges, max_size=2).map(tuple),
    tweets=st.integers(0, 100),
    body=bodies,
)


@laws
@given(st.lists(landed_pages, max_size=4))
def test_landed_pages_read_back_in_their_order(pages):  # F50
    read = list(decode_pages(b"".join(encode_page(page) for page in pages)))
    for was, is_now in zip(pages, read, strict=True):
        assert json.loads(is_now.body) == json.loads(was.body)
        assert is_now.body == was.body.replace(b"\r", b" ").replace(b"\n", b" ")
        assert (is_now.account_id, is_now.username, is_now.landed_at) == (was.account_id, was.username, was.landed_at)
        assert (is_now.settles, is_now.unproven, is_now.tweets) == (was.settles, was.unproven, was.tweets)


@laws
@given(landed_pages)
def test_a_landed_page_is_one_line_of_json(page):
    line = encode_page(page)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert json.loads(line)["body"] == json.loads(page.body)


def test_a_body_that_speaks_of_a_body_is_told_apart_from_the_head():
    body = b'{"data":[{"id":"5","text":"x\\",\\"body\\":","body":{"body":1}}]}'
    page = LandedPage(AccountId(12), "nasa", NOON, (), (), 1, body)
    assert list(decode_pages(encode_page(page))) == [page]
