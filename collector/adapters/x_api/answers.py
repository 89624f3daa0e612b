"""Good answers read: a page of tweets, users found and missing, or why an account cannot be read."""

from collections.abc import Callable, Iterable

from msgspec import Struct
from msgspec.json import Decoder

from collector.adapters.x_api.rates import date_of
from collector.adapters.x_api.transport import Answer
from collector.adapters.x_lenient import decode
from collector.adapters.x_outline import PageOutline, Problem, outline
from collector.adapters.x_posts import Id
from collector.core.accounts import User, UserLookup
from collector.core.errors import AccountUnreadable, SourceUnavailable
from collector.core.ids import AccountId
from collector.core.pages import Page

MOST_TWEETS = 200
"""A page holds 100 tweets; one with many more is not an answer to our question."""


class _User(Struct, frozen=True):
    id: Id
    username: str
    protected: bool | None = None


class _Users(Struct, frozen=True):
    data: list[_User] | None = None
    errors: list[Problem] | None = None


_USERS = Decoder(_Users, strict=False)


def read_page(answer: Answer, account_id: AccountId) -> Page:
    """Return the page in a 200.

    An empty list is `{"meta":{"result_count":0}}`; only `errors` mean that the account cannot be read now.

    Raises:
        AccountUnreadable: protected, suspended or gone.
        SourceUnavailable: the body is no page, or the Date header no date.
    """
    found = _outlined(answer.body)
    date = date_of(answer.headers)
    if date is None:
        message = f"X's answer has no usable Date header: {answer.headers.get('Date')!r}"
        raise SourceUnavailable(message, may_be_billed=True)
    _check_members(answer.body, found, account_id)
    if len(found.tweet_ids) > MOST_TWEETS:
        message = f"X answered {len(found.tweet_ids)} tweets on one page"
        raise SourceUnavailable(message, may_be_billed=True)
    return Page(answer.body, found.tweet_ids, found.next_token, date)


def read_users(answer: Answer, asked: Iterable[str], label: Callable[[User], str]) -> UserLookup:
    """Return the users in a 200; `missing` is keyed by what was `asked`, compared with `label` but for case.

    The reason is not_found, suspended or protected, X's own word for anything else, or unanswered.
    Raises `SourceUnavailable` when the body is no answer to a lookup.
    """
    try:
        answered = decode(answer.body, _USERS, _Users)
    except ValueError as cause:
        raise _unreadable(answer.body) from cause
    if answered.data is None and not answered.errors:
        raise _unreadable(answer.body)
    found = tuple(User(AccountId(user.id), user.username, bool(user.protected)) for user in answered.data or ())
    known = {label(user).lower() for user in found}
    reasons = {(each.value or each.resource_id or "").lower(): _reason(each) for each in answered.errors or ()}
    missing = {name: reasons.get(name.lower(), "unanswered") for name in asked if name.lower() not in known}
    return UserLookup(found, missing)


def kind_of(problem_type: object) -> str:
    """Return a problem's kind, the last path segment of its type: the host in front has changed."""
    return str(problem_type or "").rstrip("/").rpartition("/")[2]


def _outlined(body: bytes) -> PageOutline:
    try:
        return outline(body)
    except ValueError as cause:
        raise _unreadable(body) from cause


def _check_members(body: bytes, found: PageOutline, account_id: AccountId) -> None:
    if found.errors and not (found.has_data or found.has_meta):
        raise _account_error(found.errors, account_id)
    # Without meta nobody knows whether the list goes on.
    if not found.has_meta:
        raise _unreadable(body)


def _account_error(problems: Iterable[Problem], account_id: AccountId) -> AccountUnreadable | SourceUnavailable:
    told = [(problem, _reason(problem)) for problem in problems]
    for problem, reason in told:
        if reason in {"protected", "suspended", "not_found"}:
            message = f"account {account_id} is {reason}: {_short(problem.detail or problem.title)}"
            return AccountUnreadable(message, reason=reason, hint="it is asked again by every later run")
    kinds = ", ".join(sorted({reason for _, reason in told}))
    return SourceUnavailable(f"X answered 200 with only errors for account {account_id}: {kinds}")


def _reason(problem: Problem) -> str:
    # X gives a suspended user the type resource-not-found; only the words differ.
    if "suspended" in (problem.detail or "").lower():
        return "suspended"
    kind = kind_of(problem.type)
    known = {"not-authorized-for-resource": "protected", "resource-not-found": "not_found"}
    return known.get(kind, kind) or "unanswered"


def _short(text: str | None) -> str:
    return " ".join((text or "no detail").split())[:200]


def _unreadable(body: bytes) -> SourceUnavailable:
    kind = "HTML" if body.lstrip()[:1] == b"<" else "something else than what was asked"
    return SourceUnavailable(f"X answered 200 with {kind}, {len(body)} bytes", may_be_billed=True)
