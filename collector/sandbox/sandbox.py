"""sandbox: the way in: a world, its X API and its S3, for as long as the block lasts."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from collector.sandbox.accounts import Account
from collector.sandbox.api import Api, Logged
from collector.sandbox.auth import Credentials
from collector.sandbox.bill import Bill
from collector.sandbox.control import PREFIX, Control
from collector.sandbox.faults import Faults
from collector.sandbox.limits import WINDOW, RateLimits
from collector.sandbox.replay import Recording
from collector.sandbox.replies import Reply, Request
from collector.sandbox.server import HttpServer
from collector.sandbox.source import Source
from collector.sandbox.world import Horizon, World, utc_now


@dataclass(kw_only=True)
class Sandbox:
    """A stand-in X, and an S3 if `s3`, on 127.0.0.1: `with Sandbox(seed=7) as sandbox: sandbox.x_url`.

    Tweets follow from the seed, the clock and the actions on `sandbox.world`; `replay` serves a folder of recorded
    answers instead. `limits` maps an endpoint (`GET /2/users/:id/tweets`) to its requests per window. Port 0 is any
    free port; OSError when a port is taken.
    """

    seed: int = 7
    accounts: int = 6
    tweets: int = 200
    history: timedelta = timedelta(days=3)
    live_per_hour: float = 0
    lateness: timedelta = timedelta(0)
    hostile: bool = True
    horizon: Horizon = field(default_factory=Horizon)
    clock: Callable[[], datetime] = utc_now
    skew: timedelta = timedelta(0)
    latency: timedelta = timedelta(0)
    credentials: Credentials = field(default_factory=Credentials)
    limits: Mapping[str, int] = field(default_factory=dict)
    limit_window: timedelta = WINDOW
    replay: Path | None = None
    port: int = 0
    s3: bool = False
    s3_port: int = 0
    s3_url: str = field(init=False, default="")
    s3_bucket: str = field(init=False, default="")

    def __post_init__(self) -> None:
        """Make the world; nothing is served yet."""
        self.world = World(
            seed=self.seed,
            accounts=0 if self.replay else self.accounts,
            tweets=self.tweets,
            history=self.history,
            live_per_hour=self.live_per_hour,
            lateness=self.lateness,
            hostile=self.hostile,
            horizon=self.horizon,
            clock=self.clock,
        )
        source: Source = Recording(Path(self.replay), self.world.now) if self.replay else self.world
        rate_limits = RateLimits(self.limits, self.limit_window)
        self.api = Api(
            source=source, credentials=self.credentials, limits=rate_limits, skew=self.skew, latency=self.latency
        )
        self.control = Control(self.api, self.world)

    def __enter__(self) -> Self:
        """Open the ports."""
        with ExitStack() as opened:
            self._start_server(opened)
            if self.s3:
                self._start_storage(opened)
            self._opened = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything; hanging requests are let go."""
        self._opened.close()

    @property
    def x_url(self) -> str:
        """The base URL of the X API."""
        return self._server.url

    @property
    def users(self) -> Mapping[int, Account]:
        """The accounts that can be followed, made up or recorded."""
        return self.api.source.users

    @property
    def faults(self) -> Faults:
        """The faults: `sandbox.faults.add(Fault("503", times=2))`."""
        return self.api.faults

    @property
    def bill(self) -> Bill:
        """What X would charge by now."""
        return self.api.bill

    @property
    def requests(self) -> Sequence[Logged]:
        """The newest requests to X, oldest first."""
        with self.api.lock:
            return tuple(self.api.requests)

    def answer(self, request: Request) -> Reply:
        """Answer a request without HTTP."""
        part = self.control if request.target.startswith(PREFIX) else self.api
        return part.answer(request)

    def _start_server(self, opened: ExitStack) -> None:
        self._server = HttpServer(self.port, self.answer)
        self._server.start()
        opened.callback(self._server.stop)

    def _start_storage(self, opened: ExitStack) -> None:
        # Importing moto takes seconds, and most tests need no S3.
        from collector.sandbox.storage import Storage  # noqa: PLC0415

        storage = Storage(port=self.s3_port)
        storage.start()
        opened.callback(storage.stop)
        self.s3_url, self.s3_bucket = storage.url, storage.bucket
