"""Timeline: moments and gaps as places on a time axis, in percent of its length."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from collector.core.gaps import Gap
from collector.core.ids import end_of
from collector.core.ranges import IdRange
from collector.flow.overview import AccountRow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
THINNEST = 0.7
"""No bar is thinner: a gap of a minute must be seen on an axis of a month."""

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STEPS = {
    HOUR: timedelta(minutes=15),
    6 * HOUR: HOUR,
    DAY: 6 * HOUR,
    3 * DAY: 12 * HOUR,
    7 * DAY: DAY,
    14 * DAY: 2 * DAY,
    30 * DAY: 7 * DAY,
    90 * DAY: 30 * DAY,
    365 * DAY: 73 * DAY,
    4 * 365 * DAY: 365 * DAY,
    20 * 365 * DAY: 4 * 365 * DAY,
}
"""The lengths that an axis may have, each with the step between its marks."""


class Reach(StrEnum):
    """How far back the axis reaches; `fit` is as far as the gaps shown."""

    FIT = "fit"
    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"


_LENGTHS = {Reach.DAY: DAY, Reach.WEEK: 7 * DAY, Reach.MONTH: 30 * DAY}


@dataclass(frozen=True, slots=True)
class Place:
    """Where something begins on the axis, and how long it is, in percent."""

    at: float
    width: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment that the axis names."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A gap on the axis."""

    place: Place
    gap: Gap


@dataclass(frozen=True, slots=True)
class Axis:
    """The time from `start` to `end`, from left to right."""

    start: datetime
    end: datetime

    def marks(self) -> list[Mark]:
        """Return the moments to name, oldest first."""
        length = self.end - self.start
        step = next(step for most, step in STEPS.items() if length <= most)
        first = -((EPOCH - self.start) // step)
        moments = (EPOCH + step * number for number in range(first, first + length // step + 1))
        return [Mark(self._at(one), _mark(one, step)) for one in moments if self.start <= one < self.end]

    def held(self, account: AccountRow) -> list[Place]:
        """Return where an account is wanted; what no gap hides of that is held."""
        return [place for ids in account.wanted if (place := self._place(ids)) is not None]

    def bars(self, account: AccountRow) -> list[Bar]:
        """Return the gaps that reach into the axis, oldest first."""
        found = ((self._place(gap.ids, THINNEST), gap) for gap in account.gaps)
        return [Bar(place, gap) for place, gap in found if place is not None]

    def _place(self, ids: IdRange, thinnest: float = 0.0) -> Place | None:
        start, end = self._at(end_of(ids.after)), self._at(end_of(ids.through))
        start, end = max(start, 0.0), min(end, 100.0)
        if start >= end:
            return None
        width = max(thinnest, end - start)
        return Place(round(min(start, 100 - width), 2), round(width, 2))

    def _at(self, moment: datetime) -> float:
        return 100 * ((moment - self.start) / (self.end - self.start))


def axis_of(reach: Reach, accounts: Sequence[AccountRow], now: datetime) -> Axis:
    """Return the axis that ends now: as long as asked, or just long enough for the gaps of these accounts."""
    if reach in _LENGTHS:
        return Axis(now - _LENGTHS[reach], now)
    oldest = min((account.gaps[0].start for account in accounts if account.gaps), default=now - DAY)
    return Axis(now - next((length for length in STEPS if now - oldest <= length), max(STEPS)), now)


def reasons_of(accounts: Iterable[AccountRow]) -> list[str]:
    """Return the reasons of all gaps shown, each once, by name."""
    return sorted({gap.reason for account in accounts for gap in account.gaps})


def _mark(moment: datetime, step: timedelta) -> str:
    if step >= 30 * DAY:
        return f"{moment:%b %Y}"
    is_midnight = (moment.hour, moment.minute) == (0, 0)
    return f"{moment.day} {moment:%b}" if is_midnight else f"{moment:%H:%M}"
