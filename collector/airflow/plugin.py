"""The operator's page in Airflow: an entry in its bar, for those who are signed in; loaded by every part of Airflow."""
# ruff: noqa: PLC0415  every scheduler and worker loads plugins: only the API server pays for what the page needs

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from airflow.plugins_manager import AirflowPlugin

from collector.airflow.pool import PREFIX as POOL_PREFIX
from collector.airflow.pool import pool_app

if TYPE_CHECKING:
    from fastapi import FastAPI

PREFIX = "/collector"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
"""All are asked who is there; the page itself refuses what does not read."""


def signed_in_app() -> "FastAPI":
    """Return the page behind Airflow's login; its settings are read at the first request."""
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi import Depends, FastAPI, Response
    from starlette.types import Receive, Scope, Send

    from collector import wiring
    from collector.settings import read_settings
    from collector.ui.app import page_app

    settings = cache(read_settings)
    page = page_app(lambda: wiring.open_state(settings()), wiring.clock(), budget=lambda: wiring.budget(settings()))

    class Page(Response):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await page(scope, receive, send)

    # A mounted app would not ask for a user: dependencies guard the routes of an app alone, so all goes through one.
    app = FastAPI(dependencies=[Depends(get_user)], docs_url=None, redoc_url=None, openapi_url=None)

    @app.api_route("/{path:path}", methods=METHODS)
    async def answer() -> Response:
        return Page()

    return app


class CollectorPlugin(AirflowPlugin):  # type: ignore[misc]  # mypy skips Airflow
    """Shows the page under `Collector`."""

    name = "collector"
    external_views = [  # noqa: RUF012  Airflow's own attribute
        {
            "name": "Collector",
            "href": f"{PREFIX[1:]}/",
            "url_route": "collector",
            "destination": "nav",
            "icon": f"{PREFIX[1:]}/assets/icon.svg",
            "icon_dark_mode": f"{PREFIX[1:]}/assets/icon-dark.svg",
        }
    ]

    @cached_property
    def fastapi_apps(self) -> list[dict[str, Any]]:
        """Return the page, and the answer to tasks that ask for the pool, where the API server mounts them."""
        return [
            {"app": signed_in_app(), "url_prefix": PREFIX, "name": "Collector"},
            {"app": pool_app(), "url_prefix": POOL_PREFIX, "name": "Collector's pool"},
        ]
