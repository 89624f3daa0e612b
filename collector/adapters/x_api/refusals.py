"""What an answer other than 200 means, sorted by what the caller can do about it.

Sources: X's OpenAPI problems (v2.166) and recorded answers.
"""

import json
from typing import Any

from collector.adapters.x_api.answers import kind_of
from collector.adapters.x_api.transport import Answer
from collector.core.errors import (
    AccountUnreadable,
    CredentialsRefused,
    CreditsExhausted,
    PageTokenExpired,
    RequestRefused,
    SourceError,
    SourceUnavailable,
)

_TOKENS = ("pagination_token", "next_token")
_LONGEST_DETAIL = 300
_MONEY = {"credits", "credits-depleted", "spend-cap-reached", "spendcapreached", "usage-capped", "usagecapexceeded"}
_PASSING = {404, 408, 425}
"""404: X's timelines answered it for eight hours in an outage (September 2025)."""

_BUY = "add credits or raise the spend limit in X's developer console; the next run asks for what is missing"
_KEYS = "check the token or keys; X has also answered 401 in an outage, so the next run tries again"
_ADDRESS = "check COLLECTOR_X_BASE_URL; X has also answered 404 in an outage, so the next run tries again"
_ENROL = "attach the app to a project with access to the API v2 in X's developer console"


def is_rate_limit(answer: Answer) -> bool:
    """Say whether a 429 is a rate limit, and not a cap on money or usage."""
    return answer.status == 429 and not _marks(_problems(answer.body)) & _MONEY  # noqa: PLR2004


def refusal(answer: Answer) -> SourceError:
    """Return the error that an answer other than 200 means; rate limits are told apart by `is_rate_limit` before."""
    problems = _problems(answer.body)
    said = _said(answer.status, problems)
    match answer.status:
        case 400:
            return _bad_request(said, problems)
        case 401:
            return CredentialsRefused(said, hint=_KEYS)
        case 402 | 429:
            return CreditsExhausted(said, hint=_BUY)
        case 403:
            return _forbidden(said, problems)
        case status if 400 < status < 500 and status not in _PASSING:  # noqa: PLR2004
            return RequestRefused(said)
        case _:
            return SourceUnavailable(said, hint=_ADDRESS if answer.status == 404 else "")  # noqa: PLR2004


def _bad_request(said: str, problems: list[dict[str, Any]]) -> SourceError:
    names = _parameters(problems)
    if any(token in name for token in _TOKENS for name in names or [said]):
        return PageTokenExpired(said)
    return RequestRefused(f"{said} [{', '.join(names)}]" if names else said)


def _forbidden(said: str, problems: list[dict[str, Any]]) -> SourceError:
    marks = _marks(problems)
    if marks & _MONEY:
        return CreditsExhausted(said, hint=_BUY)
    if "not-authorized-for-resource" in marks:
        return AccountUnreadable(said, reason="protected", hint="it is asked again by every later run")
    # A firewall's page says nothing about our access.
    return CredentialsRefused(said, hint=_ENROL) if problems else SourceUnavailable(said)


def _problems(body: bytes) -> list[dict[str, Any]]:
    """Return the problem objects of an error body, whatever its shape: an object, its `errors`, or a list."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return []
    entries = found if isinstance(found, list) else [found]
    nested = [entry.get("errors") for entry in entries if isinstance(entry, dict)]
    inner = [problem for problems in nested if isinstance(problems, list) for problem in problems]
    return [entry for entry in [*entries, *inner] if isinstance(entry, dict)]


def _marks(problems: list[dict[str, Any]]) -> set[str]:
    named = {kind_of(problem.get("type")) for problem in problems}
    titled = {str(problem.get("title") or "").replace(" ", "") for problem in problems}
    return {mark.lower() for mark in named | titled}


def _parameters(problems: list[dict[str, Any]]) -> list[str]:
    named = [problem.get("parameters") for problem in problems]
    single = [problem.get("parameter") for problem in problems]
    return [
        *(str(name) for parameters in named if isinstance(parameters, dict) for name in parameters),
        *(name for name in single if isinstance(name, str)),
    ]


def _said(status: int, problems: list[dict[str, Any]]) -> str:
    words = [problem.get(name) for problem in problems for name in ("title", "detail", "message")]
    texts = dict.fromkeys(" ".join(word.split()) for word in words if isinstance(word, str))
    return f"X answered {status} {': '.join(texts)[:_LONGEST_DETAIL]}".rstrip()
