"""Gzip that every tool can open, equal bytes for equal input."""

import gzip

import pytest

from collector.adapters.isal_gzip import IsalGzip

BODIES = [b"", b"x", b"tweet_id,text\n" * 5000, bytes(range(256)) * 300]


@pytest.mark.parametrize("body", BODIES)
def test_what_was_compressed_comes_back_here_and_in_the_standard_library(body):
    compressed = IsalGzip().compress(body)
    assert IsalGzip().decompress(compressed) == gzip.decompress(compressed) == body


def test_a_gzip_of_another_tool_and_of_several_members_is_read():
    assert IsalGzip().decompress(gzip.compress(b"one ") + IsalGzip().compress(b"two")) == b"one two"


# F54
def test_equal_bodies_give_equal_bytes_without_a_time_in_them():
    compressed = IsalGzip().compress(BODIES[2])
    assert compressed == IsalGzip().compress(BODIES[2])
    assert compressed[4:8] == bytes(4)


# F21
@pytest.mark.parametrize("cut", [0, 5, 15, -9, -1])
def test_a_truncated_body_is_refused(cut):
    compressed = IsalGzip().compress(BODIES[2])
    with pytest.raises(ValueError, match="no gzip"):
        IsalGzip().decompress(compressed[:cut])


def test_a_damaged_body_and_what_is_no_gzip_are_refused():
    compressed = IsalGzip().compress(BODIES[2])
    for bad in (b"tweet_id,text\n", compressed[:-5] + b"\0" + compressed[-4:], compressed[:20] + b"\xff" * 40):
        with pytest.raises(ValueError, match="no gzip"):
            IsalGzip().decompress(bad)
