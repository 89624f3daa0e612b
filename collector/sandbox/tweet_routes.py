"""sandbox: the endpoints that answer tweets: timeline, lookup and recent search."""

import heapq
import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from collector.sandbox import parameters
from collector.sandbox.accounts import USER_FIELDS, Status
from collector.sandbox.calls import Answer, Call, tweets_answer
from collector.sandbox.expansions import tweet_error
from collector.sandbox.pages import Page, token, token_start
from collector.sandbox.parameters import InvalidRequest, Query
from collector.sandbox.problems import invalid_request
from collector.sandbox.shapes import encode
from collector.sandbox.snowflake import TOP_ID, first_id, time_text
from collector.sandbox.source import Source, Wants

SEARCHED = timedelta(days=7)
LONGEST_QUERY = 512

_RANGE = frozenset({"max_results", "since_id", "until_id", "start_time", "end_time", "pagination_token"})
_OBJECTS = parameters.OPTIONAL_FIELDS | parameters.OTHER_OBJECTS
_KINDS = {"replies": "reply", "retweets": "retweet"}
_FROM = re.compile(r"from:(\w+)")


def timeline(source: Source, call: Call) -> Answer:
    """Answer `GET /2/users/:id/tweets`."""
    query = call.query
    parameters.check_known(query, _RANGE | _OBJECTS | {"exclude"})
    limit = parameters.integer(query, "max_results", 10, lowest=5, highest=100)
    excluded = parameters.words(query, "exclude", parameters.EXCLUDES)
    wants = _wants(query)
    after, below = _asked_range(source, query)
    account_id = parameters.tweet_id({"id": call.argument}, "id") or 0
    start = _start(query, call.argument, "pagination_token")
    refusal = source.refusal(account_id)
    if refusal:
        return Answer(encode(refusal))
    after = max(after, source.floor(account_id, without_replies="replies" in excluded) - 1)
    page = _page(source.ids(account_id, after, min(below, start)), limit, min(below, start))
    hidden = {_KINDS[word] for word in excluded}
    page = _damaged(_without(source, page, hidden), call, source, (account_id, after))
    extras = source.extras(list(page.ids), wants)
    return tweets_answer(page.ids, source.written(list(page.ids), wants.view), extras, _meta(page, call.argument))


def lookup(source: Source, call: Call) -> Answer:
    """Answer `GET /2/tweets?ids=`."""
    parameters.check_known(call.query, _OBJECTS | {"ids"})
    asked = [int(text) for text in parameters.names(call.query, "ids", parameters.ID)]
    wants = _wants(call.query)
    errors = {tweet_id: tweet_error(source, tweet_id, "ids") for tweet_id in asked}
    found = [tweet_id for tweet_id, error in errors.items() if not error]
    extras = source.extras(found, wants)
    extras.errors = [error for error in errors.values() if error] + extras.errors
    return tweets_answer(found, source.written(found, wants.view), extras, None)


def search(source: Source, call: Call) -> Answer:
    """Answer `GET /2/tweets/search/recent` for `from:` names, `-is:reply`, `-is:retweet` and words of the text."""
    query = call.query
    parameters.check_known(query, _RANGE | _OBJECTS | {"query", "next_token", "sort_order"})
    limit = parameters.integer(query, "max_results", 10, lowest=10, highest=100)
    wants, text = _wants(query), query.get("query", "")
    if not 1 <= len(text) <= LONGEST_QUERY:
        message = f"The `query` query parameter must have 1 to {LONGEST_QUERY} characters"
        raise InvalidRequest(invalid_request(message, query=text))
    after, below = _searched_range(source, query)
    start = min(below, _start(query, text, "next_token" if "next_token" in query else "pagination_token"))
    page = _damaged(_page(_matches(source, text, after, start), limit, start), call)
    extras = source.extras(list(page.ids), wants)
    return tweets_answer(page.ids, source.written(list(page.ids), wants.view), extras, _meta(page, text))


def _wants(query: Query) -> Wants:
    return Wants(
        parameters.wanted_view(query),
        parameters.words(query, "expansions", parameters.EXPANSIONS),
        parameters.words(query, "user.fields", USER_FIELDS),
    )


def _asked_range(source: Source, query: Query) -> tuple[int, int]:
    """Return the ids between which the request asks, both exclusive; an id wins over a time."""
    parameters.check_order(query, source.now())
    since, until = parameters.tweet_id(query, "since_id"), parameters.tweet_id(query, "until_id")
    start, end = parameters.moment(query, "start_time"), parameters.moment(query, "end_time")
    after = first_id(start) - 1 if start else 0
    below = first_id(end) if end else TOP_ID
    return (after if since is None else since), (below if until is None else until)


def _searched_range(source: Source, query: Query) -> tuple[int, int]:
    oldest_at = source.now() - SEARCHED
    after, below = _asked_range(source, query)
    if query.keys() & {"since_id", "until_id"} and query.keys() & {"start_time", "end_time"}:
        given = {name: query[name] for name in ("since_id", "until_id", "start_time", "end_time") if name in query}
        message = "Invalid use of 'since_id' or 'until_id' in conjunction with 'start_time' or 'end_time'."
        raise InvalidRequest(invalid_request(message, **given))
    if "since_id" in query and after < first_id(oldest_at):
        message = (
            f"'since_id' must be a tweet id created after {time_text(oldest_at)[:16]}Z. "
            f"Please use a 'since_id' that is larger than {first_id(oldest_at)}"
        )
        raise InvalidRequest(invalid_request(message, since_id=query["since_id"]))
    start = parameters.moment(query, "start_time")
    if start and start < oldest_at:
        raise parameters.refuse(query, "start_time", f"must be on or after {time_text(oldest_at)}")
    return max(after, first_id(oldest_at)), below


def _start(query: Query, scope: str, name: str) -> int:
    if name not in query:
        return TOP_ID
    start = token_start(scope, query[name])
    if start is None:
        raise parameters.refuse(query, name, "is not valid")
    return start


def _page(ids: Iterator[int], limit: int, below: int) -> Page:
    found = tuple(islice(ids, limit + 1))
    return Page(found[:limit], below, found[limit - 1] if len(found) > limit else None)


def _without(source: Source, page: Page, kinds: set[str]) -> Page:
    """Leave out kinds after the page is cut, which is why pages can be short or empty, as X's are."""
    if not kinds:
        return page
    return Page(tuple(one for one in page.ids if source.kind(one) not in kinds), page.below, page.next_below)


def _damaged(page: Page, call: Call, source: Source | None = None, asked: tuple[int, int] = (0, 0)) -> Page:
    if source and call.faults:
        account_id, after = asked
        newer = islice(source.ids(account_id, page.below - 1), 1)
        older = islice(source.ids(account_id, 0, after + 1), 1)
        page = Page(page.ids, page.below, page.next_below, (*newer, *older))
    for fault in call.faults:
        page = fault.damage_page(page)
    return page


def _meta(page: Page, scope: str) -> dict[str, Any]:
    meta: dict[str, Any] = {"result_count": len(page.ids)}
    if page.ids:
        meta |= {"newest_id": str(page.ids[0]), "oldest_id": str(page.ids[-1])}
    if page.next_below is not None:
        meta["next_token"] = token(scope, page.next_below)
    return meta


def _matches(source: Source, text: str, after: int, below: int) -> Iterator[int]:
    names = _FROM.findall(text)
    accounts = [source.account_named(name) for name in names] if names else list(source.users.values())
    readable = {one.account_id for one in accounts if one and one.status is Status.ACTIVE}
    ids = heapq.merge(*(source.ids(account_id, after, below) for account_id in readable), reverse=True)
    rest = _FROM.sub(" ", text).replace("(", " ").replace(")", " ").split()
    hidden = {word.removeprefix("-is:") for word in rest if word.startswith("-is:")}
    sought = [word.lower() for word in rest if word != "OR" and not word.startswith("-is:")]
    return (
        one
        for one in ids
        if source.kind(one) not in hidden and all(word in source.text(one).lower() for word in sought)
    )
