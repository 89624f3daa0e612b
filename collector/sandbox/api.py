"""sandbox: the stand-in X API, from a request to a reply, without HTTP."""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from threading import RLock
from urllib.parse import parse_qsl

from collector.sandbox import limits, problems, tweet_routes, user_routes
from collector.sandbox.auth import Credentials
from collector.sandbox.bill import Bill
from collector.sandbox.calls import Answer, Call
from collector.sandbox.faults import Fault, Faults
from collector.sandbox.limits import RateLimits
from collector.sandbox.parameters import InvalidRequest
from collector.sandbox.replies import Reply, Request, json_reply
from collector.sandbox.source import Source

REMEMBERED_REQUESTS = 10_000

_ROUTES: tuple[tuple[str, str, Callable[[Source, Call], Answer] | None], ...] = (
    (limits.TIMELINE, r"/2/users/([^/]+)/tweets", tweet_routes.timeline),
    (limits.USERS_BY, r"/2/users/by()", user_routes.users_by),
    (limits.USER_BY, r"/2/users/by/username/([^/]+)", user_routes.user_by),
    (limits.USERS, r"/2/users()", user_routes.users),
    (limits.USER, r"/2/users/([^/]+)", user_routes.user),
    (limits.TWEETS, r"/2/tweets()", tweet_routes.lookup),
    (limits.SEARCH, r"/2/tweets/search/recent()", tweet_routes.search),
    (limits.USAGE, r"/2/usage/tweets()", None),
)
_PATTERNS = tuple((endpoint, re.compile(pattern), answer) for endpoint, pattern, answer in _ROUTES)


@dataclass(frozen=True, slots=True)
class Logged:
    """One request as X saw it."""

    at: datetime
    path: str
    query: dict[str, str]
    status: int


@dataclass(kw_only=True)
class Api:
    """X API v2 over a source. `skew` is how far the Date header is ahead of the world's clock."""

    source: Source
    credentials: Credentials = field(default_factory=Credentials)
    limits: RateLimits = field(default_factory=RateLimits)
    skew: timedelta = timedelta(0)
    latency: timedelta = timedelta(0)
    faults: Faults = field(default_factory=Faults)
    bill: Bill = field(default_factory=Bill)
    lock: RLock = field(default_factory=RLock)
    requests: deque[Logged] = field(default_factory=lambda: deque(maxlen=REMEMBERED_REQUESTS))

    def answer(self, request: Request) -> Reply:
        """Answer one request; requests are answered one at a time."""
        path, _, query_text = request.target.partition("?")
        query = dict(parse_qsl(query_text, keep_blank_values=True))
        with self.lock:
            now = self.source.now()
            reply = self._routed(request, path, query, now)
            self.requests.append(Logged(now, path, query, reply.status))
            date = {"date": format_datetime(now + self.skew, usegmt=True), "server": "sandbox"}
            return replace(reply.with_headers(date), delay=reply.delay + self.latency)

    def _routed(self, request: Request, path: str, query: dict[str, str], now: datetime) -> Reply:
        for endpoint, pattern, _ in _PATTERNS:
            match = pattern.fullmatch(path)
            if match and request.method == "GET":
                self.bill.count(endpoint)
                account_id = (
                    int(match[1]) if endpoint in {limits.TIMELINE, limits.USER} and match[1].isdecimal() else None
                )
                call = Call(endpoint, match[1], query, tuple(self.faults.strike(path, account_id)))
                return self._damaged(self._allowed(request, call, now), call.faults)
        return json_reply(404, problems.NOT_FOUND)

    def _allowed(self, request: Request, call: Call, now: datetime) -> Reply:
        url = f"http://{request.headers.get('host', '')}{request.target}"
        caller = self.credentials.caller(request.method, url, request.headers.get("authorization", ""))
        if caller is None:
            return json_reply(401, problems.UNAUTHORIZED)
        allowance = self.limits.take(call.endpoint, caller, now)
        for fault in call.faults:
            reply = fault.reply(now, allowance)
            if reply:
                return reply
        is_over = allowance.remaining < 0
        reply = json_reply(429, problems.TOO_MANY) if is_over else self._answered(call, now)
        return reply.with_headers(allowance.headers())

    def _answered(self, call: Call, now: datetime) -> Reply:
        try:
            answer = self._answer_of(call, now)
        except InvalidRequest as refusal:
            return json_reply(400, refusal.problem)
        self.bill.charge(now.date(), answer.tweets, answer.users)
        return Reply(200, answer.body)

    def _answer_of(self, call: Call, now: datetime) -> Answer:
        for endpoint, _, answer in _ROUTES:
            if endpoint == call.endpoint and answer:
                return answer(self.source, call)
        return user_routes.usage(self.bill, call, now)

    @staticmethod
    def _damaged(reply: Reply, faults: tuple[Fault, ...]) -> Reply:
        for fault in faults:
            reply = fault.damage_reply(reply)
        return reply
