"""XExamination: whether X lets us in, how much it still answers, and what its clock says; it costs nothing.

Asked are a timeline between two neighbouring ids, which both are left out, and our usage: empty answers are free.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from collector.adapters.x_api.answers import read_page
from collector.adapters.x_api.credentials import XCredentials
from collector.adapters.x_api.rates import date_of
from collector.adapters.x_api.refusals import is_rate_limit, refusal
from collector.adapters.x_api.transport import Answer, Door, Refused, Transport, tweepy_client
from collector.core.errors import AccountUnreadable, SourceError
from collector.core.findings import Finding, Tolerance, clock_finding, failed, fine, not_checked, warning, wrong
from collector.core.ids import AccountId, id_at
from collector.core.ports import Clock
from collector.core.times import time_text

NAMES = ("x credentials", "x access", "x limits", "x usage", "x clock")
WHY = "X answers nobody without a token or keys"
ACCOUNT_ID = 2244994945
"""X's own account for developers, as its documentation uses it: it is there whoever is followed."""

_WHY_ACCESS = "every batch asks X; without an answer all that is new stays a gap"
_WHY_LIMITS = "a batch asks for each account once at least; what the limit leaves over waits for the next window"
_WHY_USAGE = "at its monthly cap X refuses every read until the cap is raised or renewed"
_WHY_CLOCK = (
    "windows are cut by this machine's clock and settled by X's: one ahead plans what X does not settle yet, "
    "one behind collects late"
)
_CONSOLE = "see usage and limits in X's developer console"
_LITTLE = 10
_NEARLY = 0.9
_END_OF_TIME = 2**33
SETTLED = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class XExamination:
    """A look at X with these credentials; `settle` is how far a clock ahead of X's does no harm.

    `origin` says where the credentials come from.
    """

    credentials: XCredentials
    clock: Clock
    base_url: str = "https://api.x.com"
    settle: timedelta = SETTLED
    origin: str = "set"
    connect_timeout: float = 5.0
    read_timeout: float = 5.0

    def findings(self) -> Iterator[Finding]:
        """Yield the findings of `NAMES`."""
        yield fine(
            "x credentials", f"{'four keys' if self.credentials.is_user_auth else 'a bearer token'}, {self.origin}"
        )
        transport = Transport(Door(self.base_url, {}, self.connect_timeout, self.read_timeout, concurrency=1))
        transport.hide(self.credentials)
        client = tweepy_client(self.credentials, transport)
        signed = {"user_auth": self.credentials.is_user_auth}
        # Old enough to be known to X whatever our clock says.
        some = id_at(self.clock.now() - timedelta(hours=1))
        # Both ends are left out, so that between neighbours there is nothing to read, and nothing to pay.
        between = {"since_id": some, "until_id": some + 1, "max_results": 5}
        answer = _answered(lambda: client.get_users_tweets(ACCOUNT_ID, **between, **signed))
        came_at = self.clock.now()
        yield _access(answer)
        yield _limits(answer)
        # Who gets no answer to the first question need not wait for another.
        is_there = isinstance(answer, Answer)
        usage = _answered(lambda: client.request("GET", "/2/usage/tweets", **signed)) if is_there else answer
        yield _usage(usage)
        yield self._clock_finding(answer, came_at)
        transport.close()

    def _clock_finding(self, answer: Answer | SourceError, came_at: datetime) -> Finding:
        theirs = date_of(answer.headers) if isinstance(answer, Answer) else None
        if theirs is None:
            return not_checked("x clock", "X gave no answer with a date: see x access", why=_WHY_CLOCK)
        tolerance = Tolerance(timedelta(seconds=5), max(self.settle, SETTLED), _WHY_CLOCK)
        # The header is cut to whole seconds.
        return clock_finding("x clock", "X", came_at - theirs - timedelta(milliseconds=500), tolerance)


def _answered(ask: Callable[[], Any]) -> Answer | SourceError:
    """Return X's answer, a refusal too, or why there is none."""
    try:
        response = ask()
    except Refused as refused:
        return refused.answer
    except SourceError as error:
        return error
    return Answer(response.status_code, response.headers, response.content)


def _access(answer: Answer | SourceError) -> Finding:
    if isinstance(answer, SourceError):
        return failed("x access", answer, why=_WHY_ACCESS)
    if is_rate_limit(answer):
        what = "X takes the credentials; the rate limit of timelines is used up"
        return warning("x access", what, why=_WHY_LIMITS, command="wait for x limits to be renewed, or ask less often")
    error = _refusal(answer)
    if error is None or isinstance(error, AccountUnreadable):
        return fine("x access", "X takes the credentials and answers timelines")
    command = error.hint or "try again later; https://docs.x.com/status tells of outages"
    return wrong("x access", str(error), why=_WHY_ACCESS, command=command)


def _refusal(answer: Answer) -> SourceError | None:
    if answer.status != HTTPStatus.OK:
        return refusal(answer)
    try:
        read_page(answer, AccountId(ACCOUNT_ID))
    except SourceError as error:
        return error
    return None


def _limits(answer: Answer | SourceError) -> Finding:
    headers = answer.headers if isinstance(answer, Answer) else {}
    limit, remaining, reset = (_count(headers.get(f"x-rate-limit-{name}")) for name in ("limit", "remaining", "reset"))
    if limit is None or remaining is None:
        return not_checked("x limits", "X's answer has no x-rate-limit headers", why=_WHY_LIMITS)
    until = f" until {time_text(datetime.fromtimestamp(reset, UTC))}" if reset and reset < _END_OF_TIME else ""
    what = f"{remaining:,} of {limit:,} timeline requests left{until}"
    if remaining * _LITTLE < limit:
        return warning("x limits", what, why=_WHY_LIMITS, command="follow fewer accounts, or collect less often")
    return fine("x limits", what)


def _usage(answer: Answer | SourceError) -> Finding:
    """Judge `GET /2/usage/tweets`, whose counts are numbers or texts, and which the four keys may not ask."""
    found = _project(answer)
    used, cap = _count(found.get("project_usage")), _count(found.get("project_cap"))
    if used is None:
        return not_checked("x usage", f"X does not tell it{_told(answer)}", why=_WHY_USAGE, command=_CONSOLE)
    if not cap:
        return fine("x usage", f"{used:,} tweets read in this period")
    what = f"{used:,} of {cap:,} tweets read in this period"
    if used >= cap:
        return wrong("x usage", what, why=_WHY_USAGE, command="raise the cap in X's developer console")
    return (
        warning("x usage", what, why=_WHY_USAGE, command=_CONSOLE) if used >= cap * _NEARLY else fine("x usage", what)
    )


def _project(answer: Answer | SourceError) -> Mapping[str, Any]:
    if not isinstance(answer, Answer):
        return {}
    try:
        found = json.loads(answer.body)["data"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _told(answer: Answer | SourceError) -> str:
    return f": it answered {answer.status}" if isinstance(answer, Answer) else f": {answer}"


def _count(found: object) -> int | None:
    text = str(found).strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None  # noqa: PLR2004
