"""Times and durations as text."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from collector.core.errors import ConfigError
from collector.core.times import parse_duration, parse_time, time_text

offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.builds(
    lambda moment, offset: moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=offset),
    st.datetimes(datetime(2006, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001  the zone comes with the offset
    offsets,
)


@laws
@given(moments)
def test_a_written_time_reads_back_as_the_same_moment_in_utc(moment):
    read = parse_time(time_text(moment))
    assert read == moment
    assert read.tzinfo is UTC


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 22, 6, 15, tzinfo=UTC), "2026-11-22T06:15:00Z"),
        (datetime(2026, 11, 22, 6, 15, 0, 7000, tzinfo=UTC), "2026-11-22T06:15:00.007Z"),
        (datetime(2026, 11, 22, 6, 15, tzinfo=timezone(timedelta(hours=2))), "2026-11-22T04:15:00Z"),
    ],
)
def test_milliseconds_are_written_only_where_there_are_any(moment, text):
    assert time_text(moment) == text


@pytest.mark.parametrize("text", ["2026-11-22", "2026-11-22T00:00", " 2026-11-22T00:00:00Z ", "2026-11-22T01:00+01:00"])
def test_a_time_without_an_offset_is_utc(text):
    assert parse_time(text) == datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "22.11.2026"])
def test_a_wrong_time_is_named(text):
    with pytest.raises(ConfigError, match="is not ISO 8601") as caught:
        parse_time(text)
    assert repr(text) in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("5m", 300), ("12h", 43200), ("7d", 604800), (" 7 D ", 604800), ("0s", 0)]
)
def test_a_duration_is_a_number_and_a_unit(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "m", "-5m", "1.5h", "5 weeks", "5m5s"])
def test_a_wrong_duration_is_named(text):
    with pytest.raises(ConfigError, match="is not a whole number with s, m, h or d") as caught:
        parse_duration(text)
    assert repr(text) in str(caught.value)
