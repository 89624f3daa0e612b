"""Embedded metrics: gauges as one line of JSON that CloudWatch takes metrics out of, wherever a log carries it there.

Source: CloudWatch User Guide, "Specification: Embedded metric format", and `Dimension` in its API Reference.
"""

import json
import re
from datetime import datetime
from decimal import Decimal

from collector.core.errors import ConfigError
from collector.core.gauges import Reading, Unit

_UNITS = {Unit.SECONDS: "Seconds", Unit.COUNT: "Count", Unit.DOLLARS: "None", Unit.PERCENT: "Percent"}
_NAMESPACE = re.compile(r"(?!AWS/)[0-9A-Za-z._/#-][0-9A-Za-z._/#: -]{0,254}", re.ASCII)
_NAME = re.compile(r"[!-9;-~][ -~]{0,1023}", re.ASCII)
_EXACT = Decimal("0.001")


def metric_line(reading: Reading, *, namespace: str, name: str) -> str:
    """Return a reading as one line, with the dimension `Name`. Raises `ConfigError` for what CloudWatch refuses."""
    _refuse("namespace", namespace, _NAMESPACE, "letters, digits and . - _ / # : space, and not AWS/ at the beginning")
    _refuse("name", name, _NAME, "1 to 1,024 ASCII characters, no colon or space at the beginning")
    directive = {
        "Namespace": namespace,
        "Dimensions": [["Name"]],
        "Metrics": [{"Name": gauge.name, "Unit": _UNITS[gauge.unit]} for gauge in reading.gauges],
    }
    document = {
        "_aws": {"Timestamp": _milliseconds(reading.read_at), "CloudWatchMetrics": [directive]},
        "Name": name,
        **{gauge.name: _number(gauge.value) for gauge in reading.gauges},
    }
    return json.dumps(document)


def _refuse(what: str, text: str, allowed: re.Pattern[str], rule: str) -> None:
    if not allowed.fullmatch(text):
        message = f"{what} {text!r} is none that CloudWatch takes"
        raise ConfigError(message, hint=f"write {rule}")


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _number(value: int | Decimal) -> int | float:
    return float(value.quantize(_EXACT)) if isinstance(value, Decimal) else value
