"""Ids and the time in them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from collector.core.batches import Window
from collector.core.ids import SNOWFLAKE_EPOCH, end_of, id_at, time_of

MILLISECOND = timedelta(milliseconds=1)
moments = st.integers(1, 2**40).map(lambda number: SNOWFLAKE_EPOCH + number * MILLISECOND)
tweet_ids = st.integers(0, 2**62)


@laws
@given(moments, tweet_ids)
def test_an_id_lies_above_id_at_exactly_when_its_time_is_not_before(moment, tweet_id):
    assert (tweet_id > id_at(moment)) == (time_of(tweet_id) >= moment)


@laws
@given(moments)
def test_end_of_undoes_id_at_for_whole_milliseconds(moment):
    assert end_of(id_at(moment)) == moment


@laws
@given(tweet_ids)
def test_an_id_lies_between_its_own_millisecond_and_the_next(tweet_id):
    made_at = time_of(tweet_id)
    assert id_at(made_at) < tweet_id + 1 <= id_at(made_at + MILLISECOND) + 1


@laws
@given(st.lists(moments, min_size=3, max_size=3, unique=True), tweet_ids)
def test_windows_that_touch_share_no_id_and_lose_none(moments, tweet_id):
    start, middle, end = sorted(moments)
    inside = [tweet_id in Window(*ends).ids for ends in ((start, middle), (middle, end))]
    assert sum(inside) == (tweet_id in Window(start, end).ids)


@pytest.mark.parametrize("moment", [SNOWFLAKE_EPOCH, datetime(2006, 3, 21, tzinfo=UTC)])
def test_before_the_first_snowflake_there_is_no_id(moment):
    assert id_at(moment) == 0


def test_a_known_id_carries_the_second_that_x_published():
    made_at = time_of(1_050_118_621_198_921_728)
    assert made_at.replace(microsecond=0) == datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)


@pytest.mark.parametrize(  # F48
    ("moment", "tweet_id"),
    [
        (datetime(2026, 11, 22, 23, 59, 59, 999000, tzinfo=UTC), id_at(datetime(2026, 11, 23, tzinfo=UTC))),
        (datetime(2026, 11, 23, tzinfo=UTC), id_at(datetime(2026, 11, 23, tzinfo=UTC)) + 1),
    ],
)
def test_midnight_utc_divides_ids_at_the_millisecond(moment, tweet_id):
    assert time_of(tweet_id) == moment
