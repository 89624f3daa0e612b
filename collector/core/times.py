"""Times and durations as text: ISO 8601 UTC, and `90s`, `5m`, `12h`, `7d`."""

import re
from datetime import UTC, datetime, timedelta

from collector.core.errors import ConfigError

_DURATION = re.compile(r"^(\d+)\s*(s|m|h|d)$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def time_text(moment: datetime) -> str:
    """Return a UTC time as `2026-11-22T06:15:00Z`, with milliseconds only where there are any."""
    utc = moment.astimezone(UTC)
    spec = "milliseconds" if utc.microsecond else "seconds"
    return utc.isoformat(timespec=spec).replace("+00:00", "Z")


def duration_text(duration: timedelta | None) -> str:
    """Return a duration in its two largest units, such as `3d 4h` or `12m 5s`."""
    if duration is None:
        return "-"
    seconds = max(0, round(duration.total_seconds()))
    units = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
    first = next((at for at, (_, size) in enumerate(units) if seconds >= size), len(units) - 1)
    parts = [
        (seconds % (units[at - 1][1] if at else seconds + 1) // units[at][1], units[at][0])
        for at in (first, first + 1)
        if at < len(units)
    ]
    return " ".join(f"{count}{unit}" for count, unit in parts)


def parse_time(text: str) -> datetime:
    """Read an ISO 8601 time or date; without an offset it is UTC. Raises `ConfigError` naming the text."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as cause:
        message = f"time {text!r} is not ISO 8601"
        raise ConfigError(message, hint="write 2026-11-22 or 2026-11-22T06:15:00Z") from cause


def parse_duration(text: str) -> timedelta:
    """Read a duration such as `90s`, `5m`, `12h` or `7d`. Raises `ConfigError` naming the text."""
    found = _DURATION.match(text.strip().lower())
    if not found:
        message = f"duration {text!r} is not a whole number with s, m, h or d"
        raise ConfigError(message, hint="write 90s, 5m, 12h or 7d")
    try:
        return timedelta(**{_UNITS[found.group(2)]: int(found.group(1))})
    except OverflowError as cause:
        message = f"duration {text!r} is too long"
        raise ConfigError(message, hint="write 90s, 5m, 12h or 7d") from cause
