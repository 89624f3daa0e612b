"""sandbox: faults on request, and which request they strike."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus

from collector.sandbox import problems
from collector.sandbox.damage import BODY_DAMAGE, PAGE_DAMAGE
from collector.sandbox.limits import Allowance
from collector.sandbox.pages import Page
from collector.sandbox.replies import HTML, Delivery, Reply, json_reply

_EXPIRED = problems.invalid_request("The pagination token has expired", **dict.fromkeys(["pagination_token"], "..."))
_FAR = timedelta(days=3650)
_HANG = timedelta(seconds=30)
_OUTAGE = "Something is broken. This is usually a temporary error, please try again later."

_ERRORS = {
    "401": json_reply(401, problems.UNAUTHORIZED),
    "402-credits": json_reply(402, problems.CREDITS),
    "402-credits-depleted": json_reply(402, problems.CREDITS_DEPLETED),
    "403-client-forbidden": json_reply(403, problems.CLIENT_FORBIDDEN),
    "403-spend-cap": json_reply(403, problems.SPEND_CAP),
    "404": json_reply(404, problems.NOT_FOUND),
    "404-html": Reply(404, problems.HTML_PAGE, HTML),
    "429-usage-capped": json_reply(429, problems.USAGE_CAPPED),
    "500": json_reply(500, problems.plain(500, "Internal Server Error", _OUTAGE)),
    "502": Reply(502, problems.HTML_PAGE, HTML),
    "503": json_reply(503, problems.plain(503, "Service Unavailable")),
    "504": Reply(504, b"upstream request timeout", "text/plain"),
    "error-list": json_reply(500, [problems.plain(500, "Internal Server Error")]),
    "html-200": Reply(200, problems.HTML_PAGE, HTML),
    "text-200": Reply(200, b'{"data":[{"id":"1', "application/json"),
    "expired-token": json_reply(400, _EXPIRED),
    "reset": Reply(200, delivery=Delivery.RESET),
    "hang": Reply(200, delivery=Delivery.HANG),
}
_RATE_LIMITS = {
    "429": timedelta(minutes=15),
    "429-past-reset": timedelta(minutes=-15),
    "429-far-reset": _FAR,
    "429-no-reset": None,
}
_DELIVERIES = ("truncated", "latency")

KINDS = frozenset({*_ERRORS, *_RATE_LIMITS, *PAGE_DAMAGE, *BODY_DAMAGE, *_DELIVERIES})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong: for `times` requests (None: for ever) after letting the first `after` pass.

    It strikes requests whose path matches the regular expression `path`, of the account if one is named. `seconds`
    is the delay of `latency`, the bound of `hang`, and how far from now the reset of `429` lies.
    """

    kind: str
    path: str = ""
    account_id: int | None = None
    times: int | None = 1
    after: int = 0
    seconds: float | None = None

    def __post_init__(self) -> None:
        """Refuse a kind that does not exist."""
        if self.kind not in KINDS:
            message = f"there is no fault {self.kind!r}; there are {', '.join(sorted(KINDS))}"
            raise ValueError(message)

    def is_about(self, path: str, account_id: int | None) -> bool:
        """Return whether the fault concerns a request."""
        return (self.account_id is None or self.account_id == account_id) and re.search(self.path, path) is not None

    def reply(self, now: datetime, allowance: Allowance) -> Reply | None:
        """Return the reply that takes the place of the right one, None when the right one is only spoilt."""
        if self.kind in _RATE_LIMITS:
            return self._rate_limited(now, allowance)
        error = _ERRORS.get(self.kind)
        if error and error.delivery is Delivery.HANG:
            return replace(error, delay=self._delay(_HANG))
        return error.with_headers(allowance.headers()) if error else None

    def damage_page(self, page: Page) -> Page:
        """Return the page as this fault leaves it."""
        return PAGE_DAMAGE[self.kind](page) if self.kind in PAGE_DAMAGE else page

    def damage_reply(self, reply: Reply) -> Reply:
        """Return the finished reply as this fault leaves it."""
        if self.kind == "truncated":
            return replace(reply, delivery=Delivery.TRUNCATED)
        if self.kind == "latency":
            return replace(reply, delay=reply.delay + self._delay(timedelta(seconds=1)))
        damage = BODY_DAMAGE.get(self.kind)
        return replace(reply, body=damage(reply.body)) if damage and reply.status == HTTPStatus.OK else reply

    def _delay(self, default: timedelta) -> timedelta:
        return default if self.seconds is None else timedelta(seconds=self.seconds)

    def _rate_limited(self, now: datetime, allowance: Allowance) -> Reply:
        wait = _RATE_LIMITS[self.kind]
        reply = json_reply(429, problems.TOO_MANY)
        if wait is None:
            return reply
        return reply.with_headers(replace(allowance, remaining=0, reset_at=now + self._delay(wait)).headers())


@dataclass(slots=True)
class _Asked:
    fault: Fault
    met: int = 0

    def is_used_up(self) -> bool:
        return self.fault.times is not None and self.met >= self.fault.after + self.fault.times


@dataclass(slots=True)
class Faults:
    """The faults asked for, and how often each has met a request."""

    _asked: list[_Asked] = field(default_factory=list)

    def __iter__(self) -> Iterator[Fault]:
        """Yield the faults that are not used up."""
        return (asked.fault for asked in self._asked)

    def add(self, *faults: Fault) -> None:
        """Ask for faults."""
        self._asked += map(_Asked, faults)

    def clear(self) -> None:
        """Let everything work again."""
        self._asked.clear()

    def strike(self, path: str, account_id: int | None) -> list[Fault]:
        """Count a request, and return the faults that strike it."""
        concerned = [asked for asked in self._asked if asked.fault.is_about(path, account_id)]
        for asked in concerned:
            asked.met += 1
        self._asked = [asked for asked in self._asked if not asked.is_used_up()]
        return [asked.fault for asked in concerned if asked.met > asked.fault.after]
