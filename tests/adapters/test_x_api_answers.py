"""What every answer of X means: pages, unreadable accounts, refusals, outages."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fakes.clock import NOON
from x_server import ASK, FAST, JSON, Reply, Rig, page, problem, tell, x_rig

from collector.adapters.x_api import transport
from collector.core.errors import (
    AccountUnreadable,
    CredentialsRefused,
    CreditsExhausted,
    PageTokenExpired,
    RequestRefused,
    SourceClosed,
    SourceError,
    SourceUnavailable,
)
from collector.core.ids import AccountId
from collector.core.pages import Ask

HTML = Reply(200, b"<!DOCTYPE html><html><body>over capacity</body></html>", {"Content-Type": "text/html"})
NOT_FOUND = problem("resource-not-found", "Not Found Error", "Could not find user with id: [12].")
SUSPENDED = problem("resource-not-found", "Forbidden", "User has been suspended: [12].")
PROTECTED = problem("not-authorized-for-resource", "Authorization Error", "Sorry, you are not authorized to see 12.")
PLAIN = {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}


@pytest.fixture
def x() -> Iterator[Rig]:
    with x_rig() as rig:
        yield rig


def fails_with(x: Rig, kind: type[SourceError], reply: Reply, ask: Ask = ASK) -> SourceError:
    x.server.says(reply)
    with pytest.raises(kind) as caught:
        x.made.page(ask)
    assert type(caught.value) is kind
    return caught.value


def test_a_page_is_the_body_as_it_came_its_ids_its_token_and_the_clock_of_x(x: Rig) -> None:
    reply = page([900, 500, 101], "next-1")
    x.server.says(reply)
    found = x.made.page(ASK)
    assert (found.body, found.tweet_ids, found.next_token, found.date) == (reply.body, (900, 500, 101), "next-1", NOON)


def test_an_empty_list_is_an_empty_page(x: Rig) -> None:
    x.server.says(tell(200, {"meta": {"result_count": 0}}))
    found = x.made.page(ASK)
    assert (found.tweet_ids, found.next_token) == ((), None)


def test_an_empty_page_may_have_a_next_one(x: Rig) -> None:  # F9
    x.server.says(page([], "go-on"))
    assert x.made.page(ASK).next_token == "go-on"


def test_ids_of_quoted_and_included_tweets_are_not_ids_of_the_page(x: Rig) -> None:  # F15
    tweet = {"id": "500", "text": "t", "referenced_tweets": [{"type": "quoted", "id": "999"}]}
    x.server.says(tell(200, {"data": [tweet], "includes": {"tweets": [{"id": "999"}]}, "meta": {"result_count": 1}}))
    assert x.made.page(ASK).tweet_ids == (500,)


def test_nineteen_digits_stay_exact(x: Rig) -> None:  # F23
    x.server.says(page([2_083_157_183_716_917_249]))
    assert x.made.page(ASK).tweet_ids == (2_083_157_183_716_917_249,)


def test_problems_beside_tweets_are_normal(x: Rig) -> None:  # F6
    x.server.says(tell(200, {"data": [{"id": "500", "text": "t"}], "meta": {}, "errors": [PROTECTED]}))
    assert x.made.page(ASK).tweet_ids == (500,)


@pytest.mark.parametrize(
    ("told", "reason"),
    [(NOT_FOUND, "not_found"), (SUSPENDED, "suspended"), (PROTECTED, "protected")],
)
def test_a_200_with_only_errors_is_an_unreadable_account_and_no_empty_page(  # F6 F13
    x: Rig, told: dict[str, Any], reason: str
) -> None:
    error = fails_with(x, AccountUnreadable, tell(200, {"errors": [told]}))
    assert error.reason == reason
    assert str(told["detail"]) in str(error)
    assert len(x.server.seen) == 1


def test_the_host_of_a_problem_type_does_not_matter(x: Rig) -> None:
    told = NOT_FOUND | {"type": "https://api.twitter.com/2/problems/resource-not-found/"}
    assert fails_with(x, AccountUnreadable, tell(200, {"errors": [told]})).reason == "not_found"


OUTAGES = {
    "only errors of an unknown kind": tell(200, {"errors": [problem("overloaded", "Sorry")]}),
    "an empty object": tell(200, {}),
    "tweets without meta": tell(200, {"data": [{"id": "500", "text": "t"}]}),
    "meta that says nothing": tell(200, {"data": [{"id": "500", "text": "t"}], "meta": None}),
    "data that is no list": tell(200, {"data": {"id": "500"}, "meta": {"result_count": 1}}),
    "a list": tell(200, [1, 2]),
    "no body": Reply(200, b""),
    "half a body": Reply(200, b'{"data":[{"id":"1'),
    "an id that is no number": tell(200, {"data": [{"id": "abc", "text": "t"}], "meta": {}}),
    "an id with a fraction": tell(200, {"data": [{"id": 5.5, "text": "t"}], "meta": {}}),
    "a page of 201": page(range(1201, 1000, -1)),
    "nested without end": Reply(200, b'{"data":' + b"[" * 200_000),
    "no Date": page([500]).saying(Date=None),
    "a Date that is none": page([500]).saying(Date="yesterday"),
    "HTML with 200": HTML,
    "no content": Reply(204),
    "a redirect": Reply(302, b"", {"Location": "/elsewhere"}),
    "a redirect to nowhere": Reply(308, b"", {"Location": "http://[broken"}),
    "404 JSON": tell(404, problem("resource-not-found", "Not Found")),
    "404 HTML": Reply(404, HTML.body, HTML.headers),
    "403 of a firewall": Reply(403, HTML.body, HTML.headers),
    "408": Reply(408),
    "500": tell(500, {"title": "Internal Server Error", "status": 500}),
    "500 as a list": tell(500, [{"title": "Internal Server Error"}, "words", 7]),
    "502": Reply(502, HTML.body),
    "503": tell(503, {"errors": [{"message": "Over capacity", "code": 130}]}),
    "504": Reply(504, b"\xff\xfe upstream"),
    "an unknown status": Reply(599, b"{}"),
    "a truncated body": page([500]).delivered("truncated"),
    "a reset": Reply(delivery="reset"),
    "gzip that is none": page([500]).saying(Content_Encoding="gzip"),
}


@pytest.mark.parametrize("reply", OUTAGES.values(), ids=OUTAGES.keys())
def test_what_is_no_proper_answer_is_an_outage_and_tried_a_few_times(x: Rig, reply: Reply) -> None:  # F4 F5 F21 F22
    fails_with(x, SourceUnavailable, reply)
    assert len(x.server.seen) == x.made.requests_made() == 4


def test_a_server_that_is_not_there_is_an_outage(x: Rig) -> None:  # F4
    api = x.api(base_url="http://127.0.0.1:9")
    with pytest.raises(SourceUnavailable, match=r"127\.0\.0\.1:9"):
        api.page(ASK)
    assert api.requests_made() == 4


@pytest.mark.parametrize("delivery", ["hang", "drip"])
def test_a_socket_that_hangs_is_let_go(x: Rig, delivery: str) -> None:  # F20
    api = x.api(read_timeout=0.1, retries=replace(FAST, attempts=2))
    x.server.says(page([500]).delivered(delivery))
    with pytest.raises(SourceUnavailable):
        api.page(ASK)
    assert api.requests_made() == 2


def test_a_body_without_end_is_not_read_to_the_end(x: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_BODY", 2**20)
    bomb = gzip.compress(b" " * 2**24)
    error = fails_with(x, SourceUnavailable, Reply(200, bomb, {"Content-Encoding": "gzip"}))
    assert "has no end" in str(error)


@pytest.mark.parametrize("size", [10, 300_000])
def test_a_compressed_page_is_read_whole(x: Rig, size: int) -> None:
    plain = page([500], text="".join(map(chr, range(0x100, 0x200))) * (size // 100)).body
    x.server.says(Reply(200, gzip.compress(plain), {"Content-Encoding": "gzip"}))
    assert x.made.page(ASK).body == plain


def test_a_chunked_page_that_breaks_off_is_an_outage(x: Rig) -> None:  # F21
    chunk = b"10\r\n" + page([500]).body[:16] + b"\r\n"
    fails_with(
        x, SourceUnavailable, Reply(200, chunk, {"Transfer-Encoding": "chunked", "Content-Length": None}, "truncated")
    )


REFUSALS = {
    "401": (tell(401, PLAIN), CredentialsRefused),
    "402 credits": (tell(402, problem("credits", "CreditsDepleted", "No credits.")), CreditsExhausted),
    "402 credits-depleted": (tell(402, problem("credits-depleted", "Payment Required")), CreditsExhausted),
    "402 without words": (Reply(402), CreditsExhausted),
    "403 client-forbidden": (tell(403, problem("client-forbidden", "Client Forbidden")), CredentialsRefused),
    "403 in errors": (tell(403, {"errors": [problem("unsupported-authentication")]}), CredentialsRefused),
    "403 spend cap": (tell(403, {"title": "SpendCapReached", "detail": "Spend cap reached."}), CreditsExhausted),
    "403 in a list": (tell(403, [{"title": "SpendCapReached"}]), CreditsExhausted),
    "403 protected": (tell(403, PROTECTED), AccountUnreadable),
    "429 monthly cap": (tell(429, problem("usage-capped", "UsageCapExceeded")), CreditsExhausted),
    "429 cap by title": (tell(429, {"title": "UsageCapExceeded", "period": "Monthly"}), CreditsExhausted),
    "410": (tell(410, PLAIN), RequestRefused),
    "400 without words": (Reply(400, b"Bad Request"), RequestRefused),
}  # F7 F19


@pytest.mark.parametrize(("reply", "kind"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_is_named_and_never_repeated(x: Rig, reply: Reply, kind: type[SourceError]) -> None:  # F7 F19 F22
    error = fails_with(x, kind, reply.saying(x_rate_limit_remaining=50, x_rate_limit_limit=100))
    assert str(reply.status) in str(error)
    assert x.made.requests_made() == 1
    assert error.hint or not isinstance(error, SourceClosed)


def test_a_401_says_that_x_has_answered_so_in_an_outage(x: Rig) -> None:  # F19
    assert "outage" in fails_with(x, CredentialsRefused, tell(401, PLAIN)).hint


def test_a_400_names_the_parameter_that_x_refuses(x: Rig) -> None:
    told = {
        "parameters": {"max_results": ["7000"]},
        "message": "The `max_results` value [7000] is not between 5 and 100",
    }
    error = fails_with(x, RequestRefused, tell(400, {"errors": [told], "title": "Invalid Request"}))
    assert "[max_results]" in str(error)
    assert "not between 5 and 100" in str(error)


INVALID_TOKEN = tell(
    400,
    {
        "errors": [{"parameters": {"pagination_token": ["t1"]}, "message": "[t1] is not valid"}],
        "title": "Invalid Request",
    },
)


@pytest.mark.parametrize(
    "reply", [INVALID_TOKEN, tell(400, {"errors": [{"message": "The pagination_token has expired"}]})]
)
def test_an_expired_page_token_is_told_apart(x: Rig, reply: Reply) -> None:  # F9
    fails_with(x, PageTokenExpired, reply, Ask(ASK.account_id, ASK.ids, "t1"))
    assert x.made.requests_made() == 1


def test_a_page_token_that_was_not_sent_cannot_have_expired(x: Rig) -> None:  # F9 F22
    fails_with(x, RequestRefused, INVALID_TOKEN)


def test_an_unknown_parameter_is_no_expired_token_though_x_lists_the_names_it_knows(x: Rig) -> None:
    known = "is not one of [id,max_results,pagination_token]"
    told = {"parameters": {"fields": ["x"]}, "message": f"The query parameter [fields] {known}"}
    fails_with(x, RequestRefused, tell(400, {"errors": [told]}), Ask(ASK.account_id, ASK.ids, "t1"))


def test_a_lookup_finds_names_in_any_case_and_says_why_others_are_missing(x: Rig) -> None:  # F14
    users = [
        {"id": "12", "name": "N", "username": "NASA", "protected": False},
        {"id": "13", "name": "P", "username": "p_", "protected": True},
    ]
    gone = NOT_FOUND | {"value": "Gone", "parameter": "usernames"}
    banned = SUSPENDED | {"resource_id": "banned", "parameter": "usernames"}
    odd = problem("resource-unavailable") | {"value": "odd"}
    x.server.says(tell(200, {"data": users, "errors": [gone, banned, odd]}))
    lookup = x.made.users_named(["nasa", "P_", "gone", "banned", "odd", "lost", "NASA"])
    assert [(user.account_id, user.username, user.is_protected) for user in lookup.found] == [
        (12, "NASA", False),
        (13, "p_", True),
    ]
    reasons = {"gone": "not_found", "banned": "suspended", "odd": "resource-unavailable", "lost": "unanswered"}
    assert lookup.missing == reasons
    assert x.server.seen[0].query["usernames"] == "NASA,P_,gone,banned,odd,lost"


def test_a_username_of_digits_is_not_taken_for_an_id(x: Rig) -> None:  # F14
    x.server.says(tell(200, {"data": [{"id": "12", "name": "N", "username": "other"}]}))
    assert x.made.users_named(["12", "other"]).missing == {"12": "unanswered"}
    assert x.made.users([AccountId(12)]).missing == {}


def test_a_lookup_may_find_nobody(x: Rig) -> None:
    x.server.says(tell(200, {"errors": [NOT_FOUND | {"value": "12"}]}))
    assert x.made.users([AccountId(12)]).missing == {"12": "not_found"}
    assert x.made.users([]).found == ()
    assert x.made.requests_made() == 1


@pytest.mark.parametrize("answer", [{}, [], {"data": [{"id": "x", "username": "a"}]}, {"meta": {}}])
def test_a_lookup_that_answers_nothing_is_an_outage(x: Rig, answer: Any) -> None:  # F21
    x.server.says(tell(200, answer))
    with pytest.raises(SourceUnavailable):
        x.made.users_named(["nasa"])


def test_an_answer_that_speaks_both_vocabularies_and_tomorrows_is_read(x: Rig) -> None:  # F16 F18
    tweet = {"id": 500, "text": None, "note_tweet": None, "note_post": {"text": "t"}, "of_tomorrow": [{}]}
    body = json.dumps({"data": [tweet], "meta": {"next_token": "n"}, "more": 1}).encode() + b"\n"
    x.server.says(Reply(200, body, {"Content-Type": JSON}))
    assert x.made.page(ASK).tweet_ids == (500,)


def test_a_lone_surrogate_does_not_hide_the_page(x: Rig) -> None:
    x.server.says(Reply(200, b'{"data":[{"id":"500","text":"\\ud800"}],"meta":{"next_token":"n"}}'))
    assert x.made.page(ASK).next_token == "n"
