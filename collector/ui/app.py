"""The page as an ASGI app: the whole, its changing part, its assets; links are relative, so any root path will do."""

from collections.abc import Callable
from datetime import timedelta

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from collector.core.errors import CollectorError, StateUnavailable
from collector.core.money import NO_BUDGET, Budget
from collector.core.ports import Clock, StateStore
from collector.flow.overview import overview
from collector.ui.guard import ReadOnly
from collector.ui.query import query_of
from collector.ui.recent import FRESH, Recent
from collector.ui.rendering import ASSETS, Rendering, asset

REFRESH = timedelta(seconds=15)

log = structlog.get_logger("collector.ui")


def page_app(
    open_state: Callable[[], StateStore],
    clock: Clock,
    *,
    budget: Callable[[], Budget] = lambda: NO_BUDGET,
    refresh: timedelta = REFRESH,
    fresh: timedelta = FRESH,
) -> Starlette:
    """Return the page of one state, which is opened at the first request; an error of opening it is a readable page.

    So is one of reading the budget, which every answer does.
    """
    page = _Page(Recent(open_state, clock, fresh), Rendering(refresh), budget)
    return Starlette(
        routes=[
            Route("/", page.whole),
            Route("/part", page.part),
            Route("/assets/{name}", _asset),
        ],
        middleware=[Middleware(ReadOnly), Middleware(GZipMiddleware)],
    )


class _Page:
    def __init__(self, recent: Recent, rendering: Rendering, budget: Callable[[], Budget]) -> None:
        self._recent = recent
        self._rendering = rendering
        self._budget = budget

    def whole(self, request: Request) -> Response:
        """Answer the page."""
        return self._answer(request, "page.html")

    def part(self, request: Request) -> Response:
        """Answer what of the page changes."""
        return self._answer(request, "part.html")

    def _answer(self, request: Request, template: str) -> Response:
        query = query_of(request.query_params)
        try:
            view = overview(query.choice, self._recent.snapshot(), self._budget())
            return _html(self._rendering.told(template, query, view))
        except StateUnavailable as error:
            status, title, message, hint = 503, "The state database does not answer", str(error), error.hint
        except CollectorError as error:
            status, title, message, hint = 500, "There is nothing to show", str(error), error.hint
        except Exception as error:
            log.exception("page.failed")
            status, title, message = 500, "The page has a fault", type(error).__name__
            hint = "report it: the log tells where it happened"
        return _html(self._rendering.failed(template, query, title, message, hint), status)


def _html(text: str, status: int = 200) -> Response:
    return HTMLResponse(text, status, {"Cache-Control": "no-store"})


def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    try:
        body = asset(name)
    except KeyError:
        raise HTTPException(404) from None
    return Response(body, media_type=ASSETS[name], headers={"Cache-Control": "private, max-age=3600"})
