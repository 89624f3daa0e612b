"""sandbox: the control endpoints, by which another process acts on the world."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from collector.sandbox.accounts import Account
from collector.sandbox.api import Api
from collector.sandbox.faults import Fault
from collector.sandbox.problems import plain
from collector.sandbox.replies import Reply, Request, json_reply
from collector.sandbox.snowflake import time_text
from collector.sandbox.world import World

Body = dict[str, Any]

PREFIX = "/sandbox/"
ACTIONS = frozenset({
    "add_account", "advance", "delete", "edit", "like", "post", "protect", "remove_account", "rename",
    "restore_account", "suspend", "undelete", "unprotect", "unsuspend",
})  # fmt: skip

_IDS = frozenset({"account_id", "tweet_id"})
_SECONDS = frozenset({"by", "late"})


@dataclass(frozen=True, slots=True)
class Control:
    """Answers `GET /sandbox/{bill,requests,accounts,faults}` and `POST /sandbox/{action,faults,latency}`.

    A POST takes a JSON object of the action's arguments, durations in seconds, ids as numbers or text, and answers
    `{"result": ...}`, ids as text. `DELETE /sandbox/faults` ends all faults.
    """

    api: Api
    world: World

    def answer(self, request: Request) -> Reply:
        """Answer a control request; a wrong one gets a 400 that says why."""
        name = request.target.removeprefix(PREFIX)
        with self.api.lock:
            try:
                result = self._result(request.method, name, request.body)
            except (KeyError, TypeError, ValueError) as error:
                return json_reply(400, plain(400, "Bad Request", str(error)))
        return json_reply(200, result)

    def _result(self, method: str, name: str, body: bytes) -> object:
        views: dict[str, Callable[[], object]] = {
            "bill": self.api.bill.as_json,
            "requests": self._requests,
            "accounts": lambda: [_account(account) for account in self.api.source.users.values()],
            "faults": lambda: [asdict(fault) for fault in self.api.faults],
        }
        if method == "GET" and name in views:
            return views[name]()
        if method == "DELETE" and name == "faults":
            self.api.faults.clear()
            return {"result": None}
        if method == "POST" and name in ACTIONS | {"faults", "latency"}:
            return {"result": self._act(name, json.loads(body or b"{}"))}
        message = f"there is no {method} {PREFIX}{name}"
        raise KeyError(message)

    def _act(self, name: str, arguments: Body) -> str | None:
        if name == "faults":
            self.api.faults.add(Fault(**_typed(arguments)))
            return None
        if name == "latency":
            self.api.latency = timedelta(seconds=arguments["seconds"])
            return None
        made = getattr(self.world, name)(**_typed(arguments))
        return None if made is None else str(made)

    def _requests(self) -> list[Body]:
        return [
            {"at": time_text(one.at), "path": one.path, "query": one.query, "status": one.status}
            for one in self.api.requests
        ]


def _typed(arguments: Body) -> Body:
    ids = {name: int(arguments[name]) for name in _IDS & arguments.keys() if arguments[name] is not None}
    durations = {name: timedelta(seconds=arguments[name]) for name in _SECONDS & arguments.keys()}
    return arguments | ids | durations


def _account(account: Account) -> Body:
    return {"account_id": str(account.account_id), "username": account.username, "status": str(account.status)}
