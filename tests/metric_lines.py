"""What CloudWatch asks of a line in embedded metric format, by its specification and its published JSON schema."""

import json
import re

UNITS = {"Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes"}
UNITS |= {"Bits", "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count", "None"}
UNITS |= {f"{unit}/Second" for unit in UNITS if unit.endswith(("bits", "bytes", "Bits", "Bytes", "Count"))}
MOST_BYTES, MOST_METRICS, MOST_DIMENSIONS = 256 * 1024, 100, 30
LARGEST = 2.0**360


def metrics_in(line):
    """Return namespace, dimensions and metrics as CloudWatch takes them out of a line; fail where it would not."""
    assert len(line.encode()) < MOST_BYTES
    assert "\n" not in line
    root = json.loads(line, parse_constant=refuse_constant)
    meta = root["_aws"]
    assert set(meta) == {"Timestamp", "CloudWatchMetrics"}
    assert is_integer(meta["Timestamp"])
    (directive,) = meta["CloudWatchMetrics"]
    assert set(directive) == {"Namespace", "Dimensions", "Metrics"}
    assert_namespace(directive["Namespace"])
    (dimensions,) = directive["Dimensions"]
    return directive["Namespace"], dimensions_of(root, dimensions), dict(metrics_of(root, directive["Metrics"]))


def refuse_constant(text):
    message = f"{text} is no JSON"
    raise ValueError(message)


def is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def assert_namespace(text):
    assert re.fullmatch(r"[^:].{0,254}", text)
    assert re.fullmatch(r"[0-9A-Za-z._/#: -]+", text)
    assert not text.startswith("AWS/")


def dimensions_of(root, names):
    assert 1 <= len(names) <= MOST_DIMENSIONS
    for name in names:
        assert isinstance(root[name], str)
        assert root[name].isascii()
        assert root[name].strip()
        assert root[name].isprintable()
        assert not root[name].startswith(":")
        assert len(root[name]) <= 1024
    return {name: root[name] for name in names}


def metrics_of(root, definitions):
    assert 1 <= len(definitions) <= MOST_METRICS
    assert len({one["Name"] for one in definitions}) == len(definitions)
    for one in definitions:
        assert set(one) == {"Name", "Unit"}
        assert re.fullmatch(r"[!-9;-~]{1,1024}", one["Name"])
        assert one["Unit"] in UNITS
        value = root[one["Name"]]
        assert is_integer(value) or isinstance(value, float)
        assert abs(value) <= LARGEST
        yield one["Name"], value
