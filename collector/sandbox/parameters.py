"""sandbox: the checks X makes on the parameters of a request, each failing one a 400."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from collector.sandbox.problems import Problem, invalid_request
from collector.sandbox.shapes import FIELDS, RENAMED, View, view

Query = Mapping[str, str]

OPTIONAL_FIELDS = frozenset({"expansions", "user.fields", "tweet.fields", "post.fields"})
OTHER_OBJECTS = frozenset({"media.fields", "poll.fields", "place.fields"})
EXCLUDES = frozenset({"replies", "retweets"})
EXPANSIONS = frozenset({
    "attachments.media_keys", "attachments.poll_ids", "author_id", "edit_history_tweet_ids", "edit_history_post_ids",
    "entities.mentions.username", "geo.place_id", "in_reply_to_user_id", "referenced_posts.id",
    "referenced_posts.id.author_id", "referenced_tweets.id", "referenced_tweets.id.author_id",
})  # fmt: skip
MOST_NAMES = 100
END_AGE = timedelta(seconds=10)

ID = re.compile(r"[0-9]{1,19}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")


class InvalidRequest(Exception):
    """X answers this request with a 400."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem["errors"][0]["message"])
        self.problem = problem


def refuse(query: Query, name: str, reason: str) -> InvalidRequest:
    """Return the refusal of one parameter."""
    message = f"The `{name}` query parameter value [{query[name]}] {reason}"
    return InvalidRequest(invalid_request(message, **{name: query[name]}))


def check_known(query: Query, known: frozenset[str]) -> None:
    """Refuse a parameter that the endpoint does not have."""
    for name, value in query.items():
        if name not in known:
            message = f"The query parameter [{name}] is not one of [{','.join(sorted(known))}]"
            raise InvalidRequest(invalid_request(message, **{name: value}))


def integer(query: Query, name: str, default: int, *, lowest: int, highest: int) -> int:
    """Return a count within its limits."""
    if name not in query:
        return default
    if not query[name].isdecimal() or not lowest <= int(query[name]) <= highest:
        raise refuse(query, name, f"is not between {lowest} and {highest}")
    return int(query[name])


def tweet_id(query: Query, name: str) -> int | None:
    """Return an id of 1 to 19 digits."""
    if name not in query:
        return None
    if not ID.fullmatch(query[name]):
        raise refuse(query, name, "does not match ^[0-9]{1,19}$")
    return int(query[name])


def moment(query: Query, name: str) -> datetime | None:
    """Return a time, to the second as X takes it."""
    if name not in query:
        return None
    if not _TIME.fullmatch(query[name]):
        raise refuse(query, name, "is not a valid RFC3339 timestamp")
    try:
        return datetime.fromisoformat(query[name]).astimezone(UTC).replace(microsecond=0)
    except ValueError as error:
        raise refuse(query, name, "is not a valid RFC3339 timestamp") from error


def check_order(query: Query, now: datetime) -> None:
    """Refuse `since_id` not below `until_id`, `start_time` not before `end_time`, and an end under 10 s old."""
    since, until = tweet_id(query, "since_id"), tweet_id(query, "until_id")
    if since is not None and until is not None and since >= until:
        raise refuse(query, "since_id", f"must be smaller than `until_id` [{until}]")
    start, end = moment(query, "start_time"), moment(query, "end_time")
    if end and end > now - END_AGE:
        raise refuse(query, "end_time", "must be a minimum of 10 seconds prior to the request time")
    if start and start > now - END_AGE:
        raise refuse(query, "start_time", "must be a minimum of 10 seconds prior to the request time")
    if start and end and start >= end:
        raise refuse(query, "start_time", "must be before `end_time`")


def words(query: Query, name: str, allowed: frozenset[str]) -> frozenset[str]:
    """Return a comma-separated list of known words."""
    if name not in query:
        return frozenset()
    given = query[name].split(",")
    for word in given:
        if word not in allowed:
            raise refuse(query, name, f"contains [{word}], which is not one of [{','.join(sorted(allowed))}]")
    return frozenset(given)


def names(query: Query, name: str, pattern: re.Pattern[str]) -> list[str]:
    """Return a list of 1 to 100 ids or usernames, each once, in the order asked."""
    if not query.get(name):
        message = f"The `{name}` query parameter can not be empty"
        raise InvalidRequest(invalid_request(message, **{name: ""}))
    given = query[name].split(",")
    for one in given:
        if not pattern.fullmatch(one):
            raise refuse(query, name, f"contains [{one}], which does not match ^{pattern.pattern}$")
    if len(given) > MOST_NAMES:
        raise refuse(query, name, f"has {len(given)} values, the highest number is {MOST_NAMES}")
    return list(dict.fromkeys(given))


def wanted_view(query: Query) -> View:
    """Return what the request wants of a tweet; the answer speaks the vocabulary of the request."""
    is_new = "post.fields" in query or "referenced_posts" in query.get("expansions", "")
    name = "post.fields" if is_new else "tweet.fields"
    if is_new and "tweet.fields" in query:
        raise refuse(query, "tweet.fields", "can not be used together with `post.fields`")
    allowed, old_names = _field_names(name)
    return view("post" if is_new else "tweet", frozenset(old_names[word] for word in words(query, name, allowed)))


@lru_cache(maxsize=2)
def _field_names(parameter: str) -> tuple[frozenset[str], dict[str, str]]:
    renamed = RENAMED if parameter == "post.fields" else {}
    old_names = {renamed.get(field, field): field for field in FIELDS}
    return frozenset(old_names), old_names
