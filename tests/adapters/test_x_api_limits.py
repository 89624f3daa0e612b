"""Rate limits and retries: how long is waited, how often is asked, and that nothing storms."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from itertools import cycle, islice

import pytest
from fakes.clock import NOON
from x_server import ASK, FAST, TOKEN, Reply, Rig, page, problem, tell, x_rig

from collector.adapters.x_api import Retries, XApi, XCredentials
from collector.core.errors import CollectorError, CreditsExhausted, RateLimited, RequestRefused, SourceUnavailable
from collector.core.rates import RateWindow

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
PAGE = page([500])
LIMIT = tell(429, {"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429})
CODE_88 = tell(429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]})
TIMELINE = "users/:id/tweets"
WINDOW = RateWindow(TIMELINE, XCredentials(bearer_token=TOKEN).fingerprint, 900, 0, NOON + 5 * MINUTE)


@pytest.fixture
def x() -> Iterator[Rig]:
    with x_rig() as rig:
        rig.server.says(PAGE)
        yield rig


def until(reply: Reply, reset_at: datetime, remaining: int = 0) -> Reply:
    seconds = int(reset_at.timestamp())
    return reply.saying(x_rate_limit_limit=900, x_rate_limit_remaining=remaining, x_rate_limit_reset=seconds)


def limited(api: XApi) -> RateLimited:
    with pytest.raises(RateLimited) as caught:
        api.page(ASK)
    return caught.value


@pytest.mark.parametrize("refusal", [LIMIT, CODE_88])
def test_a_short_rate_limit_is_waited_for_in_place(x: Rig, refusal: Reply) -> None:  # F7
    x.server.says(until(refusal, NOON + 15 * SECOND), PAGE)
    assert x.made.page(ASK).tweet_ids == (500,)
    assert (x.slept, x.made.requests_made()) == ([15.0], 2)


def test_a_long_rate_limit_is_told_and_not_waited_for(x: Rig) -> None:  # F7 F22
    x.server.says(until(LIMIT, NOON + 14 * MINUTE))
    assert limited(x.made).reset_at == NOON + 14 * MINUTE
    assert (x.slept, x.made.requests_made()) == ([], 1)


def test_while_a_rate_limit_holds_no_request_is_made(x: Rig) -> None:  # F22
    x.server.says(until(LIMIT, NOON + 14 * MINUTE), PAGE)
    for _ in range(5):
        assert limited(x.made).reset_at == NOON + 14 * MINUTE
    assert x.made.requests_made() == 1
    x.clock.advance(14 * MINUTE)
    x.made.page(ASK)


BROKEN = {
    "none": LIMIT,
    "past": until(LIMIT, NOON - 15 * MINUTE),
    "now": until(LIMIT, NOON),
    "far future": until(LIMIT, NOON + timedelta(days=3650)),
    "beyond time": LIMIT.saying(x_rate_limit_reset="9" * 5000),
    "words": LIMIT.saying(x_rate_limit_reset="soon"),
    "negative": LIMIT.saying(x_rate_limit_reset=-5),
    "twice": LIMIT.saying(x_rate_limit_reset="1795348800, 1795348800"),
}


@pytest.mark.parametrize("reply", BROKEN.values(), ids=BROKEN.keys())
def test_a_reset_that_is_absent_past_or_nonsense_means_a_minute(x: Rig, reply: Reply) -> None:  # F8
    x.server.says(reply)
    assert limited(x.made).reset_at == NOON + MINUTE
    assert limited(x.api(max_wait=2 * MINUTE)).reset_at == NOON + 3 * MINUTE
    assert (x.slept, x.made.requests_made()) == ([60.0, 60.0], 3)


@pytest.mark.parametrize("skew", [timedelta(hours=-3), -MINUTE, MINUTE, timedelta(days=400)])
def test_a_skewed_clock_of_ours_does_not_change_the_wait(x: Rig, skew: timedelta) -> None:  # F8
    x.clock.advance(skew)
    x.server.says(until(LIMIT, NOON + 15 * SECOND), until(PAGE, NOON + 10 * MINUTE))
    x.made.page(ASK)
    assert x.slept == [15.0]
    assert x.made.rate_windows()[0].reset_at == NOON + 10 * MINUTE


def test_a_date_that_is_nonsense_leaves_our_own_clock(x: Rig) -> None:  # F8
    x.server.says(until(LIMIT, NOON + 15 * SECOND).saying(Date="Sun, 99 Nov 99999999999999999999 12:00:00 GMT"), PAGE)
    x.made.page(ASK)
    assert x.slept == [15.0]


def test_two_waits_are_the_most_for_one_question(x: Rig) -> None:  # F22
    x.server.says(until(LIMIT, NOON + 10 * SECOND), until(LIMIT, NOON + 20 * SECOND), until(LIMIT, NOON + 30 * SECOND))
    limited(x.made)
    assert (x.slept, x.made.requests_made()) == ([10.0, 10.0], 3)


def test_a_usage_cap_is_no_rate_limit_though_requests_remain(x: Rig) -> None:  # F7
    x.server.says(until(tell(429, problem("usage-capped", "UsageCapExceeded")), NOON + 15 * SECOND, remaining=700))
    with pytest.raises(CreditsExhausted):
        x.made.page(ASK)
    assert (x.slept, x.made.requests_made()) == ([], 1)


def test_headers_tell_the_window_and_other_workers_learn_it(x: Rig) -> None:
    x.server.says(until(PAGE, NOON + 5 * MINUTE, remaining=7))
    x.made.page(ASK)
    assert x.made.rate_windows() == [replace(WINDOW, remaining=7)]
    other = x.api()
    other.learn([WINDOW])
    assert limited(other).reset_at == NOON + 5 * MINUTE
    assert other.requests_made() == 0


def test_a_refusal_tells_the_window_too(x: Rig) -> None:
    x.server.says(until(tell(400, problem("invalid-request")), NOON + 5 * MINUTE, remaining=7))
    with pytest.raises(RequestRefused):
        x.made.page(ASK)
    assert x.made.rate_windows() == [replace(WINDOW, remaining=7)]


def test_a_window_used_up_elsewhere_is_waited_for_when_it_is_short(x: Rig) -> None:
    x.made.learn([replace(WINDOW, reset_at=NOON + 12 * SECOND)])
    x.made.page(ASK)
    assert (x.slept, x.made.requests_made()) == ([12.0], 1)


def test_of_two_windows_the_newer_and_of_equals_the_lower_counts(x: Rig) -> None:
    newer = replace(WINDOW, reset_at=NOON + 6 * MINUTE, remaining=3)
    for windows in (
        [WINDOW, newer],
        [newer, WINDOW],
        [replace(newer, remaining=8), newer, replace(newer, remaining=5)],
    ):
        api = x.api()
        for window in windows:
            api.learn([window])
        assert api.rate_windows() == [newer]


def test_windows_of_others_of_the_past_or_of_nowhere_are_not_learnt(x: Rig) -> None:  # F8
    foreign = replace(WINDOW, credential="00000000")
    past = replace(WINDOW, reset_at=NOON)
    far = replace(WINDOW, reset_at=NOON + timedelta(days=1))
    x.made.learn([foreign, past, far])
    assert x.made.rate_windows() == []


def test_endpoints_have_their_own_windows(x: Rig) -> None:
    x.made.learn([WINDOW])
    x.server.says(tell(200, {"data": [{"id": "12", "username": "nasa", "name": "N"}]}))
    assert x.made.users_named(["nasa"]).found
    limited(x.made)


def test_threads_together_ask_no_more_than_remains(x: Rig) -> None:  # F22
    x.server.says(until(PAGE, NOON + 5 * MINUTE, remaining=10))
    x.made.page(ASK)

    def ask(_: int) -> bool:
        try:
            return bool(x.made.page(ASK))
        except RateLimited:
            return False

    with ThreadPoolExecutor(8) as pool:
        answered = sum(pool.map(ask, range(40)))
    assert (answered, x.made.requests_made()) == (10, 11)


def test_an_outage_that_passes_is_not_noticed(x: Rig) -> None:
    x.server.says(tell(503, {}), Reply(delivery="reset"), Reply(200, b"<html>"), PAGE)
    assert x.made.page(ASK).tweet_ids == (500,)
    assert x.made.requests_made() == 4


def test_whatever_x_answers_one_question_has_a_bounded_number_of_requests(x: Rig) -> None:  # F22
    clock = iter(range(10, 1000, 10))
    storm = [tell(503, {}), Reply(404), Reply(200, b"<html>"), LIMIT]
    replies = (until(reply, NOON + next(clock) * SECOND) for reply in cycle(storm))
    x.server.says(*islice(replies, 90))
    api = x.api(max_wait=timedelta(hours=1))
    with pytest.raises(CollectorError):
        api.page(ASK)
    assert api.requests_made() <= 12


def test_tries_end_at_the_deadline_though_some_are_left(x: Rig) -> None:  # F22
    x.server.says(tell(503, {}))
    api = x.api(retries=replace(FAST, attempts=10_000, timeout=timedelta(seconds=0.1)))
    with pytest.raises(SourceUnavailable):
        api.page(ASK)
    assert api.requests_made() < 1000


def test_tries_are_spread_by_jitter(x: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", slept.append)
    x.server.says(tell(503, {}))
    for _ in range(3):
        with pytest.raises(SourceUnavailable):
            x.api(retries=Retries()).page(ASK)
    assert len(slept) == len(set(slept)) == 9
    assert all(0.5 <= wait <= 3 for wait in slept)


def test_every_try_counts_as_a_request(x: Rig) -> None:
    x.server.says(tell(503, {}), PAGE)
    x.made.page(ASK)
    x.server.says(tell(200, {"data": []}))
    x.made.users_named([f"name{number}" for number in range(250)])
    assert x.made.requests_made() == len(x.server.seen) == 5
    assert [seen.query["usernames"].count(",") + 1 for seen in x.server.seen[2:]] == [100, 100, 50]


def test_the_date_of_a_page_is_the_clock_of_x(x: Rig) -> None:  # F8
    date = NOON + timedelta(hours=5)
    x.server.says(PAGE.saying(Date=format_datetime(date, usegmt=True)))
    assert x.made.page(ASK).date == date
