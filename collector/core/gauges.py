"""Gauges: what a monitor may plot and watch: a name, a number and its unit, true at one moment."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum, auto


class Unit(Enum):
    """What a gauge counts."""

    SECONDS = auto()
    COUNT = auto()
    DOLLARS = auto()
    PERCENT = auto()


@dataclass(frozen=True, slots=True)
class Gauge:
    """One number; told twice, or missed once, it does no harm."""

    name: str
    unit: Unit
    value: int | Decimal


@dataclass(frozen=True, slots=True)
class Reading:
    """All gauges as one moment has them; what is not known at that moment is left out."""

    read_at: datetime
    gauges: tuple[Gauge, ...]
