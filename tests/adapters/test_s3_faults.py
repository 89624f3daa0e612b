"""The S3 store before a server that misbehaves on purpose."""

import socket
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from s3_server import HASTY, client_for
from scripted_s3 import HANGING, LOST, Answer, Request, complaint, scripted_s3, store_before
from structlog.testing import capture_logs

from collector.adapters.s3 import S3Objects, S3Patience
from collector.core.errors import CollectorError, ObjectExists, ObjectMissing, StoreRefused, StoreUnavailable

OK = Answer()
CONFLICT = complaint(409, "ConditionalRequestConflict")
EXISTS = complaint(412, "PreconditionFailed")


def create(store: S3Objects) -> None:
    store.create("a.json", b"{}")


def read(store: S3Objects) -> None:
    store.read("a.json")


def listing(store: S3Objects) -> None:
    list(store.keys("a"))


def conditions(requests: list[Request]) -> list[tuple[str, str | None]]:
    return [(request.method, request.headers.get("If-None-Match")) for request in requests]


def test_a_create_is_one_conditional_put_and_nothing_before_it() -> None:  # F38
    with store_before(OK) as (store, server):
        create(store)
    assert conditions(server.requests) == [("PUT", "*")]
    assert server.requests[0].path == "/posts/x/a.json"
    assert server.requests[0].body == b"{}"


def test_a_conflict_under_way_is_asked_again() -> None:  # F35
    with store_before(CONFLICT, CONFLICT, OK) as (store, server):
        create(store)
    assert conditions(server.requests) == [("PUT", "*")] * 3


def test_a_conflict_that_another_writer_wins_ends_as_existing() -> None:  # F35
    with store_before(CONFLICT, EXISTS) as (store, _), pytest.raises(ObjectExists, match=r"s3://posts/x/a\.json"):
        create(store)


def test_a_conflict_that_does_not_end_is_given_up() -> None:  # F35
    with store_before(CONFLICT) as (store, server), pytest.raises(StoreUnavailable, match="ConditionalRequestConflict"):
        create(store)
    assert len(server.requests) == HASTY.attempts


def test_no_object_text_is_logged_when_a_request_is_sent_again() -> None:  # F59
    with store_before(CONFLICT, OK) as (store, _), capture_logs() as logs:
        store.create("a.csv", b"words of a tweet")
    assert logs
    assert "words of a tweet" not in repr(logs)


def test_a_lost_answer_ends_as_existing_although_the_object_is_ours() -> None:  # F34
    with store_before(LOST, EXISTS) as (store, server), pytest.raises(ObjectExists):
        create(store)
    assert [request.body for request in server.requests] == [b"{}", b"{}"]


@pytest.mark.parametrize("ask", [create, read, listing])
@pytest.mark.parametrize("answer", [complaint(500, "InternalError"), complaint(503, "ServiceUnavailable"), LOST])
def test_an_outage_is_unavailable_after_a_few_requests(ask: Callable[[S3Objects], None], answer: Answer) -> None:  # F40
    with store_before(answer) as (store, server), pytest.raises(StoreUnavailable, match="s3://posts/x/a") as caught:
        ask(store)
    assert len(server.requests) == HASTY.attempts
    assert "try again later" in caught.value.hint


def test_a_short_outage_is_not_noticed() -> None:  # F40
    with store_before(complaint(503, "ServiceUnavailable"), LOST, OK) as (store, server):
        create(store)
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "answer", [complaint(503, "SlowDown"), complaint(429, "TooManyRequests"), complaint(400, "RequestTimeout")]
)
def test_a_store_that_is_too_busy_is_unavailable_for_now(answer: Answer) -> None:  # F40
    with scripted_s3(answer) as server:
        client = client_for(server.url, S3Patience(attempts=1))
        with pytest.raises(StoreUnavailable):
            create(S3Objects("posts", client=client))
        client.close()


def test_a_server_that_hangs_is_left_after_the_read_timeout() -> None:  # F20
    start = time.monotonic()
    with store_before(HANGING) as (store, _), pytest.raises(StoreUnavailable, match="Read timeout"):
        create(store)
    assert time.monotonic() - start < 4


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(StoreUnavailable, match=r"GetObject s3://posts/a\.json"):
        read(S3Objects("posts", client=client_for(f"http://127.0.0.1:{port}", HASTY)))


@pytest.mark.parametrize("fault", ["cut", "stalled"])
def test_a_body_cut_short_is_asked_for_again(fault: str) -> None:  # F20 F21
    with store_before(Answer(body=b"whole body", fault=fault), Answer(body=b"whole body")) as (store, server):
        assert store.read("a.json") == b"whole body"
    assert len(server.requests) == 2


def test_a_body_that_is_never_whole_is_unavailable() -> None:  # F21
    with store_before(Answer(body=b"whole body", fault="cut")) as (store, server), pytest.raises(StoreUnavailable):
        read(store)
    assert len(server.requests) == HASTY.attempts


def test_a_complaint_cut_short_is_no_refusal() -> None:  # F21
    absent = complaint(404, "NoSuchKey")
    with store_before(replace(absent, fault="cut"), absent) as (store, _), pytest.raises(ObjectMissing):
        read(store)
    with store_before(replace(absent, fault="cut")) as (store, server), pytest.raises(StoreUnavailable):
        read(store)
    assert len(server.requests) == HASTY.attempts


@pytest.mark.parametrize(
    ("ask", "status", "code", "hint"),
    [
        (create, 403, "AccessDenied", "s3:PutObject"),
        (read, 403, "AccessDenied", "for a key that does not exist"),
        (listing, 403, "AccessDenied", "s3:ListBucket"),
        (create, 403, "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"),
        (create, 403, "SignatureDoesNotMatch", "AWS_ACCESS_KEY_ID"),
        (create, 403, "RequestTimeTooSkewed", "clock"),
        (create, 400, "ExpiredToken", "log in again"),
        (read, 404, "NoSuchBucket", "create the bucket"),
        (create, 400, "AuthorizationHeaderMalformed", "AWS_DEFAULT_REGION"),
        (create, 501, "NotImplemented", "If-None-Match"),
        (create, 400, "SomethingNew", "COLLECTOR_OUTPUT"),
    ],
)
def test_a_refusal_names_what_was_asked_and_what_to_do(  # F39 F40
    ask: Callable[[S3Objects], None], status: int, code: str, hint: str
) -> None:
    operation = {create: "PutObject", read: "GetObject", listing: "ListObjectsV2"}[ask]
    with store_before(complaint(status, code)) as (store, _), pytest.raises(StoreRefused) as caught:
        ask(store)
    assert f"{operation} s3://posts/x/a" in str(caught.value)
    assert code in str(caught.value)
    assert hint in caught.value.hint


def test_a_page_of_a_proxy_is_not_taken_for_a_missing_object() -> None:
    with store_before(Answer(404, b"<html>not here</html>")) as (store, _), pytest.raises(CollectorError) as caught:
        read(store)
    assert not isinstance(caught.value, ObjectMissing)
