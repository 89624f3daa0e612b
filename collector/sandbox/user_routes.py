"""sandbox: the endpoints that answer users, and the one that answers our own use."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from collector.sandbox import parameters
from collector.sandbox.accounts import USER_FIELDS, Account, Status
from collector.sandbox.bill import MONTHLY_TWEETS, Bill
from collector.sandbox.calls import Answer, Call
from collector.sandbox.problems import not_found, suspended
from collector.sandbox.shapes import encode
from collector.sandbox.snowflake import time_text
from collector.sandbox.source import Source

Find = Callable[[str], Account | None]

_USAGE_FIELDS = frozenset({
    "cap_reset_day", "daily_client_app_usage", "daily_project_usage", "project_cap", "project_id", "project_usage",
})  # fmt: skip


def users_by(source: Source, call: Call) -> Answer:
    """Answer `GET /2/users/by?usernames=`."""
    asked = parameters.names(call.query, "usernames", source.username)
    return _many(call, "usernames", asked, source.account_named)


def users(source: Source, call: Call) -> Answer:
    """Answer `GET /2/users?ids=`."""
    asked = parameters.names(call.query, "ids", parameters.ID)
    return _many(call, "ids", asked, lambda text: source.account(int(text)))


def user_by(source: Source, call: Call) -> Answer:
    """Answer `GET /2/users/by/username/:username`."""
    asked = parameters.names({"username": call.argument}, "username", source.username)
    return _one(call, "username", asked[0], source.account_named)


def user(source: Source, call: Call) -> Answer:
    """Answer `GET /2/users/:id`."""
    asked = parameters.names({"id": call.argument}, "id", parameters.ID)
    return _one(call, "id", asked[0], lambda text: source.account(int(text)))


def usage(bill: Bill, call: Call, now: datetime) -> Answer:
    """Answer `GET /2/usage/tweets` from the bill; as X does, counts are numbers in one place and strings in another."""
    parameters.check_known(call.query, frozenset({"days", "usage.fields"}))
    days = parameters.integer(call.query, "days", 7, lowest=1, highest=90)
    fields = parameters.words(call.query, "usage.fields", _USAGE_FIELDS)
    body: dict[str, Any] = {
        "cap_reset_day": 1,
        "project_cap": str(MONTHLY_TWEETS),
        "project_id": "1",
        "project_usage": bill.tweets_in_month(now.date()),
    }
    if "daily_project_usage" in fields:
        body["daily_project_usage"] = {"project_id": "1", "usage": _days(bill, now, days)}
    return Answer(encode({"data": body}))


def _days(bill: Bill, now: datetime, days: int) -> list[dict[str, str]]:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    each = [midnight - timedelta(days=back) for back in range(days)]
    return [{"date": time_text(day), "usage": str(bill.tweets_on(day.date()))} for day in each]


def _many(call: Call, parameter: str, asked: list[str], find: Find) -> Answer:
    parameters.check_known(call.query, parameters.OPTIONAL_FIELDS | {parameter})
    fields = parameters.words(call.query, "user.fields", USER_FIELDS)
    found = [_found(parameter, value, find(value)) for value in asked]
    accounts = list(dict.fromkeys(one for one in found if isinstance(one, Account)))
    parts = {
        "data": [account.as_json(fields) for account in accounts],
        "errors": [one for one in found if not isinstance(one, Account)],
    }
    body = encode({name: part for name, part in parts.items() if part})
    return Answer(body, users=[account.account_id for account in accounts])


def _one(call: Call, parameter: str, value: str, find: Find) -> Answer:
    parameters.check_known(call.query, parameters.OPTIONAL_FIELDS)
    fields = parameters.words(call.query, "user.fields", USER_FIELDS)
    found = _found(parameter, value, find(value))
    if not isinstance(found, Account):
        return Answer(encode({"errors": [found]}))
    return Answer(encode({"data": found.as_json(fields)}), users=[found.account_id])


def _found(parameter: str, value: str, account: Account | None) -> Account | dict[str, Any]:
    if account is None:
        return not_found("user", parameter, value)
    return suspended(parameter, value) if account.status is Status.SUSPENDED else account
