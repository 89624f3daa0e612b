"""The page in Airflow: Airflow finds it, mounts it, and shows it to those alone who are signed in."""

import subprocess
import sys

import pytest
from airflow import plugins_manager
from airflow.api_fastapi.app import init_plugins
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.api_fastapi.core_api.datamodels.plugins import ExternalViewResponse
from airflow.api_fastapi.core_api.security import USER_INJECTED_BY_TRUSTED_MIDDLEWARE
from airflow.plugins_manager import get_fastapi_plugins, get_import_errors
from collection import Collection
from collector_process import clean_environment
from fakes.clock import FakeClock
from fastapi import FastAPI
from page_reading import Reading
from starlette.testclient import TestClient

from collector.adapters.sql_state import SqlState
from collector.airflow.plugin import METHODS, CollectorPlugin, signed_in_app
from collector.ui.rendering import ASSETS

PATHS = ["/", "/part", "/nothing", *(f"/assets/{name}" for name in ASSETS)]


class SignedIn:
    """Does what Airflow's own middleware does with a valid token."""

    def __init__(self, app):
        self._app = app

    async def __call__(self, scope, receive, send):
        scope.setdefault("state", {})["user"] = SimpleAuthManagerUser(username="operator", role="VIEWER")
        scope["state"]["user_authenticated_via"] = USER_INJECTED_BY_TRUSTED_MIDDLEWARE
        await self._app(scope, receive, send)


@pytest.fixture
def airflow():
    """Airflow's API server with nothing but its plugins: the function that mounts them is its own."""
    plugins_manager._get_plugins.cache_clear()
    get_fastapi_plugins.cache_clear()
    app = FastAPI()
    init_plugins(app)
    return app


@pytest.fixture
def stranger(airflow):
    return TestClient(airflow)


@pytest.fixture
def operator(airflow):
    return TestClient(SignedIn(airflow))


@pytest.fixture
def state_url(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/state.db"
    monkeypatch.setenv("COLLECTOR_STATE_URL", url)
    return url


def test_airflow_finds_the_plugin(airflow):
    assert get_import_errors() == {}
    assert "/collector" in {route.path for route in airflow.routes}


@pytest.mark.parametrize("path", PATHS)
def test_a_stranger_gets_nothing(path, stranger):
    for method in METHODS:
        answer = stranger.request(method, f"/collector{path}")
        assert answer.status_code == 401, method
        assert answer.text in {"", '{"detail":"Not authenticated"}'}


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_nothing_tells_a_stranger_of_routes(path, stranger):
    assert stranger.get(f"/collector{path}").status_code == 401


def test_a_made_up_token_opens_nothing(stranger):
    answer = stranger.get("/collector/", headers={"Authorization": "Basic b3BlcmF0b3I6"})
    assert answer.status_code == 401


def test_who_is_signed_in_sees_the_page_and_its_assets(operator, state_url):
    state = SqlState(state_url, FakeClock())
    Collection(state).follow("nasa", 12)
    answer = operator.get("/collector/")
    assert answer.status_code == 200
    assert Reading(answer.text).usernames() == ["nasa"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert operator.get("/collector/assets/page.css").headers["content-type"].startswith("text/css")
    assert operator.get("/collector/part?gaps=only").status_code == 200
    state.close()


@pytest.mark.usefixtures("state_url")
def test_cost_is_told_against_the_budget_of_the_settings(operator, monkeypatch):
    monkeypatch.setenv("COLLECTOR_MAX_TWEETS_PER_DAY", "5000")
    assert (
        Reading(operator.get("/collector/").text).figures()["Cost today"][1] == "0 tweets, 0 users 0% of 5,000 tweets"
    )


@pytest.mark.usefixtures("state_url")
def test_who_is_signed_in_cannot_write_either(operator):
    assert operator.post("/collector/").status_code == 405
    assert operator.delete("/collector/assets/page.css").status_code == 405


def test_a_wrong_setting_is_a_page_and_does_not_stop_airflow(operator, monkeypatch):
    monkeypatch.setenv("COLLECTOR_STATE_URL", "mysql://operator:hunter2@there/state")
    answer = operator.get("/collector/")
    assert answer.status_code == 500
    assert "COLLECTOR_STATE_URL" in answer.text
    assert "hunter2" not in answer.text


def test_settings_are_read_at_the_first_request(monkeypatch, tmp_path):
    monkeypatch.setenv("COLLECTOR_STATE_URL", "mysql://there")
    app = signed_in_app()
    monkeypatch.setenv("COLLECTOR_STATE_URL", f"sqlite:///{tmp_path}/state.db")
    assert list(tmp_path.iterdir()) == []
    assert TestClient(SignedIn(app)).get("/").status_code == 200


def test_the_bar_shows_the_page_and_an_icon_for_light_and_dark(operator):
    (view,) = CollectorPlugin.external_views
    told = ExternalViewResponse.model_validate(view)
    assert (told.name, told.url_route, told.destination) == ("Collector", "collector", "nav")
    for icon in (told.icon, told.icon_dark_mode):
        assert not icon.startswith("/")
        assert operator.get(f"/{icon}").headers["content-type"] == "image/svg+xml"


def test_the_plugin_loads_no_more_than_airflow_has(tmp_path):
    script = (
        "import sys, airflow.plugins_manager\nbefore = set(sys.modules)\nimport collector.airflow.plugin\n"
        "print(*(name for name in set(sys.modules) - before if not name.startswith('collector')))"
    )
    environment = clean_environment(tmp_path) | {"AIRFLOW_HOME": str(tmp_path)}
    ended = subprocess.run(  # noqa: S603  our own
        [sys.executable, "-c", script], env=environment, cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert ended.stdout.split() == []
