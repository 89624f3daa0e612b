"""Which errors of X may be billed all the same: answers that were lost on their way, or cannot be read."""

from dataclasses import replace
from datetime import timedelta

import pytest
from x_server import ASK, FAST, Reply, page, problem, tell, x_rig

from collector.adapters.x_api import transport
from collector.adapters.x_api.client import PAGE_SIZE
from collector.core.errors import RateLimited, SourceError
from collector.flow.spending import PAGE

HTML = Reply(200, b"<html>over capacity</html>", {"Content-Type": "text/html"})
DOWN = tell(503, {})
BILLED = {
    "a truncated body": page([500]).delivered("truncated"),
    "a reset": Reply(delivery="reset"),
    "HTML": HTML,
    "a page without a date": page([500]).saying(Date=None),
    "gzip that is none": page([500]).saying(Content_Encoding="gzip"),
}
FREE = {
    "503": DOWN,
    "400": tell(400, problem("invalid-request")),
    "401": tell(401, {}),
    "402": tell(402, problem("credits")),
    "only errors": tell(200, {"errors": [problem("resource-not-found")]}),
}


@pytest.fixture
def x():
    with x_rig() as rig:
        yield rig


def billed(x, *replies):
    x.server.says(*replies)
    with pytest.raises(SourceError) as caught:
        x.made.page(ASK)
    return caught.value.may_be_billed


@pytest.mark.parametrize("reply", BILLED.values(), ids=BILLED.keys())
def test_an_answer_that_is_lost_or_cannot_be_read_may_be_billed(x, reply):
    assert billed(x, reply)


@pytest.mark.parametrize("reply", FREE.values(), ids=FREE.keys())
def test_a_failure_is_free(x, reply):
    assert not billed(x, reply)


def test_any_attempt_may_be_billed_not_only_the_last(x):
    assert billed(x, HTML, DOWN)
    assert not billed(x, DOWN), "the next question begins anew"


def test_what_came_before_a_rate_limit_may_be_billed(x):
    x.made.max_wait = timedelta(0)
    limited = tell(429, {}).saying(x_rate_limit_reset=str(int((x.clock.now() + timedelta(hours=1)).timestamp())))
    x.server.says(HTML, limited)
    with pytest.raises(RateLimited) as caught:
        x.made.page(ASK)
    assert caught.value.may_be_billed


def test_an_answer_that_does_not_come_in_time_may_be_billed(x):
    x.api(read_timeout=0.1, retries=replace(FAST, attempts=1))
    assert billed(x, page([500]).delivered("hang"))


def test_an_answer_without_end_may_be_billed(x, monkeypatch):
    monkeypatch.setattr(transport, "MAX_BODY", 10)
    assert billed(x, page([500]))


def test_who_is_not_there_or_speaks_no_tls_bills_nothing(x):
    for address in ("http://127.0.0.1:9", x.server.url.replace("http:", "https:")):
        x.api(base_url=address)
        assert not billed(x, DOWN)


def test_what_is_reserved_for_a_request_is_what_it_asks_for():
    assert PAGE == PAGE_SIZE
