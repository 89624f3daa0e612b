"""Rate limits as X's headers tell them, shared by all threads of this object and told to other workers."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Lock

from collector.core.errors import RateLimited
from collector.core.ports import Clock
from collector.core.rates import RateWindow

LONGEST = timedelta(minutes=15)
"""The length of X's rate windows; a reset further ahead is a broken header."""

UNKNOWN = timedelta(seconds=60)
"""How long to wait when X says 429 and not until when, or when it says nonsense."""

_DIGITS = 18
_HINT = "ask less often, or wait: the next run asks for what is missing"


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """Return X's clock from the Date header; None when it is absent or not a date."""
    try:
        date = parsedate_to_datetime(headers.get("Date", ""))
        return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


class Rates:
    """The rate windows of one credential. Resets are by X's clock; ours is compared through the Date header."""

    def __init__(self, credential: str, clock: Clock) -> None:
        self._credential = credential
        self._clock = clock
        self._lock = Lock()
        self._windows: dict[str, RateWindow] = {}
        self._ahead = timedelta(0)

    def reserve(self, endpoint: str) -> None:
        """Count a request before it is made. Raises `RateLimited` when the window holds no more."""
        with self._lock:
            window = self._windows.get(endpoint)
            if window is None or window.reset_at <= self._now():
                return
            if window.remaining <= 0:
                raise self._limited(endpoint, window.reset_at)
            self._windows[endpoint] = replace(window, remaining=window.remaining - 1)

    def note(self, endpoint: str, headers: Mapping[str, str]) -> None:
        """Learn from an answer's headers; what is absent or nonsense changes nothing."""
        limit, remaining = _number(headers, "limit"), _number(headers, "remaining")
        with self._lock:
            self._set_clock(headers)
            reset_at = self._reset_at(headers)
            if limit is not None and remaining is not None and reset_at is not None:
                self._keep(RateWindow(endpoint, self._credential, limit, remaining, reset_at))

    def exhausted(self, endpoint: str, headers: Mapping[str, str]) -> RateLimited:
        """Learn from a 429's headers, and return the error to raise: until X's reset if that can be, else a minute."""
        with self._lock:
            self._set_clock(headers)
            reset_at = self._reset_at(headers) or self._now() + UNKNOWN
            self._keep(RateWindow(endpoint, self._credential, _number(headers, "limit") or 0, 0, reset_at))
            return self._limited(endpoint, reset_at)

    def learn(self, windows: Iterable[RateWindow]) -> None:
        """Take over windows of our credential that others have seen, where they say more than ours."""
        with self._lock:
            for window in windows:
                if window.credential == self._credential:
                    self._keep(window)

    def windows(self) -> list[RateWindow]:
        """Return the windows, one per endpoint."""
        with self._lock:
            return list(self._windows.values())

    def _now(self) -> datetime:
        return self._clock.now() + self._ahead

    def _set_clock(self, headers: Mapping[str, str]) -> None:
        date = date_of(headers)
        if date:
            self._ahead = date - self._clock.now()

    def _reset_at(self, headers: Mapping[str, str]) -> datetime | None:
        seconds = _number(headers, "reset")
        if seconds is None or not 0 < seconds - self._now().timestamp() <= LONGEST.total_seconds():
            return None
        return datetime.fromtimestamp(seconds, UTC)

    def _is_sound(self, window: RateWindow) -> bool:
        return self._now() < window.reset_at <= self._now() + LONGEST

    def _keep(self, window: RateWindow) -> None:
        if not self._is_sound(window):
            return
        held = self._windows.get(window.endpoint)
        if held and held.reset_at > window.reset_at and self._is_sound(held):
            return
        if held and held.reset_at == window.reset_at:
            window = replace(window, remaining=min(held.remaining, window.remaining))
        self._windows[window.endpoint] = window

    def _limited(self, endpoint: str, reset_at: datetime) -> RateLimited:
        here = reset_at - self._ahead
        message = f"the rate limit of {endpoint} is used up until {here:%Y-%m-%dT%H:%M:%SZ}"
        return RateLimited(message, reset_at=here, hint=_HINT)


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(f"x-rate-limit-{name}", "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _DIGITS else None
