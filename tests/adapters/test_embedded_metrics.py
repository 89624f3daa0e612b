"""Embedded metrics: every line that is printed is one that CloudWatch takes metrics out of."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import laws
from metric_lines import metrics_in

from collector.adapters.embedded_metrics import metric_line
from collector.core.errors import ConfigError
from collector.core.gauges import Gauge, Reading, Unit

AT = datetime(2026, 11, 22, 6, 15, 0, 250_000, UTC)
ONE = (Gauge("Gaps", Unit.COUNT, 3),)
NAMES = ["LagSeconds", "Gaps", "Rows", "DollarsToday"]


def line_of(*gauges, at=AT, namespace="Collector", name="acme"):
    return metric_line(Reading(at, gauges or ONE), namespace=namespace, name=name)


def gauges():
    values = st.integers(-(2**53), 2**53) | st.decimals("-1e12", "1e12", places=6)
    return st.builds(Gauge, st.sampled_from(NAMES), st.sampled_from(Unit), values)


def test_cloudwatch_takes_every_gauge_with_its_unit():
    told = (
        Gauge("LagSeconds", Unit.SECONDS, 90),
        Gauge("Gaps", Unit.COUNT, 0),
        Gauge("DollarsToday", Unit.DOLLARS, Decimal("12.345")),
        Gauge("DayBudgetPercent", Unit.PERCENT, Decimal("33.33333")),
    )
    line = line_of(*told)
    values = {"LagSeconds": 90, "Gaps": 0, "DollarsToday": 12.345, "DayBudgetPercent": 33.333}
    assert metrics_in(line) == ("Collector", {"Name": "acme"}, values)
    (directive,) = json.loads(line)["_aws"]["CloudWatchMetrics"]
    assert [one["Unit"] for one in directive["Metrics"]] == ["Seconds", "Count", "None", "Percent"]


@laws
@given(st.lists(gauges(), min_size=1, unique_by=lambda gauge: gauge.name))
def test_whatever_is_counted_is_a_line_that_cloudwatch_takes(told):
    _, _, found = metrics_in(line_of(*told))
    assert list(found) == [gauge.name for gauge in told]
    assert all(abs(found[gauge.name] - float(gauge.value)) < 0.001 for gauge in told)


def test_the_time_is_in_milliseconds_since_1970_whatever_the_zone():
    utc, elsewhere = line_of(at=AT), line_of(at=AT.astimezone(timezone(timedelta(hours=9))))
    assert utc == elsewhere
    since = timedelta(milliseconds=json.loads(utc)["_aws"]["Timestamp"])
    assert datetime(1970, 1, 1, tzinfo=UTC) + since == AT


@pytest.mark.parametrize("name", ["", " ", " acme", ":acme", "münchen", "a\nb", "x" * 1025])
def test_a_name_that_cloudwatch_refuses_is_a_matter_of_configuration(name):
    with pytest.raises(ConfigError, match=r"name .* is none that CloudWatch takes"):
        line_of(name=name)


@pytest.mark.parametrize("namespace", ["", " ", ":x", "AWS/EC2", "a\nb", "x" * 256, "Größe"])
def test_so_is_a_namespace(namespace):
    with pytest.raises(ConfigError, match=r"namespace .* is none that CloudWatch takes"):
        line_of(namespace=namespace)


@pytest.mark.parametrize("namespace", ["Collector", "acme/collector", "a" * 255, "My Collector"])
@pytest.mark.parametrize("name", ["acme", "a", "acme prod", "x" * 1024])
def test_names_that_cloudwatch_takes_are_taken(namespace, name):
    found, dimensions, _ = metrics_in(line_of(namespace=namespace, name=name))
    assert (found, dimensions) == (namespace, {"Name": name})
