"""The page in a real browser: it refreshes by itself, keeps what a person has done, and asks nobody else."""

from datetime import timedelta

import pytest
from browser import CONTRASTS, HIDE_WHILE_ASKING, Switch, Watched, browser, served
from collection import failure
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route

from collector.ui.app import page_app

__all__ = ["browser"]

OFTEN = timedelta(seconds=0.25)
HOSTILE = "\"><img src=x onerror=console.error('run')><script>console.error('run')</script>"
FRAME = """<!doctype html><html class="dark"><link rel="icon" href="data:,">
<iframe src="collector/" width="1200" height="700"></iframe></html>"""
REFUSED = "503 (Service Unavailable)"


@pytest.fixture
def switch(state):
    return Switch(state)


@pytest.fixture
def watched(browser, switch, clock):
    """The page on a port, refreshing often; at the end, nobody else was asked and nothing was complained about."""
    app = page_app(lambda: switch, clock, refresh=OFTEN, fresh=timedelta(0))
    outer = Starlette(routes=[Route("/", lambda _: HTMLResponse(FRAME)), Mount("/collector", app=app)])
    with served(outer) as root:
        watched = Watched(browser, root + "collector/")
        yield watched
        watched.close()
    assert [url for url in watched.asked if not url.startswith(root)] == []
    assert watched.complaints == []


@pytest.fixture
def filled(collection):
    nasa = collection.follow("nasa", 12, gaps=[(9, 8), (5, 4.5)])
    collection.follow("esa", 7, until=24)
    collection.follow("jaxa", 900, unproven=[(20, 18)])
    with collection.at_once():
        for number in range(60):
            collection.follow(f"other{number:02}", 1000 + number, status="paused" if number % 20 == 0 else "active")
    collection.collect(15, tweets_read=1000, rows=990, objects=9, requests=20)
    collection.collect(1, failures=[failure(nasa, "rate_limited", "429 until 12:15")], tweets_read=40, rows=39)
    return collection


def names(tab):
    return tab.locator(".accounts .username")


def wait_for_refreshes(watched, more=2):
    until = watched.refreshes() + more
    tab = watched.opened[-1].pages[0]
    for _ in range(200):
        if watched.refreshes() >= until:
            return
        tab.wait_for_timeout(25)
    pytest.fail("the page does not refresh")


@pytest.mark.usefixtures("filled")
def test_typing_into_the_filter_narrows_the_accounts_without_a_reload(watched):
    tab = watched.open("?sort=gaps")
    tab.evaluate("window.mark = 1")
    tab.get_by_placeholder("Username").press_sequentially("sa", delay=20)
    expect(names(tab)).to_have_text(["nasa", "esa"])
    assert tab.url.endswith("?sort=gaps&username=sa")
    tab.get_by_label("Only with gaps").check()
    tab.get_by_label("Status").select_option("paused")
    expect(tab.get_by_role("heading", name="No account fits the filter")).to_be_visible()
    tab.get_by_role("link", name="Show all 63 accounts").click()
    expect(names(tab)).to_have_count(50)
    assert tab.get_by_placeholder("Username").input_value() == ""
    tab.go_back()
    expect(tab.get_by_role("heading", name="No account fits the filter")).to_be_visible()
    assert tab.get_by_placeholder("Username").input_value() == "sa"
    assert tab.evaluate("window.mark") == 1


def test_a_new_batch_appears_and_what_a_person_did_stays(watched, filled):
    tab = watched.open("?username=a&sort=gaps")
    tab.evaluate("window.mark = 1")
    tab.locator("details[data-key=gaps-12] summary").click()
    tab.locator("details[data-key^=failures] summary").click()
    tab.get_by_placeholder("Username").press("End")
    tab.get_by_placeholder("Username").press_sequentially("s", delay=10)
    expect(names(tab)).to_have_text(["nasa"])
    tab.get_by_placeholder("Username").press("Backspace")
    expect(names(tab)).to_have_text(["nasa", "esa", "jaxa"])
    tab.evaluate("scrollTo({ top: 120, behavior: 'instant' })")
    fresh = filled.collect(0, rows=7)
    expect(tab.locator(".batches tbody th").first).to_have_text(fresh.batch_id)
    expect(names(tab)).to_have_text(["nasa", "esa", "jaxa"])
    assert tab.locator("details[open]").count() == 2
    assert tab.get_by_text("429 until 12:15").is_visible()
    assert tab.evaluate("[mark, scrollY]") == [1, 120]
    assert tab.get_by_placeholder("Username").evaluate("e => e === document.activeElement")


@pytest.mark.usefixtures("filled")
def test_a_page_further_on_stays_while_it_refreshes(watched):
    tab = watched.open()
    tab.get_by_role("link", name="Next").click()
    expect(tab.locator(".accounts caption")).to_have_text("51–63 of 63 accounts")
    tab.get_by_role("link", name="Lag").focus()
    wait_for_refreshes(watched)
    expect(tab.locator(".accounts caption")).to_have_text("51–63 of 63 accounts")
    assert tab.evaluate("document.activeElement.dataset.key") == "sort-lag"


@pytest.mark.usefixtures("filled")
def test_a_failed_refresh_is_told_with_the_age_of_the_numbers_and_gone_when_it_passes(watched, switch):
    tab = watched.open()
    expect(tab.locator("#age")).to_have_text("just now")
    switch.is_down = True
    expect(tab.locator("#trouble")).to_contain_text("connection refused")
    expect(tab.locator("#trouble")).to_contain_text("The numbers are")
    assert names(tab).count() == 50
    switch.is_down = False
    expect(tab.locator("#trouble")).to_have_text("")
    assert all(REFUSED in line for line in watched.complaints)
    watched.complaints.clear()


@pytest.mark.usefixtures("filled")
def test_a_page_that_began_with_an_error_recovers_by_itself(watched, switch):
    switch.is_down = True
    tab = watched.open()
    expect(tab.get_by_role("alert")).to_contain_text("connection refused")
    expect(tab.locator("#filter")).to_be_hidden()
    switch.is_down = False
    expect(names(tab)).to_have_count(50)
    expect(tab.locator("#filter")).to_be_visible()
    watched.complaints.clear()


@pytest.mark.usefixtures("filled")
def test_a_hidden_tab_and_a_paused_page_ask_for_nothing(watched):
    tab = watched.open()
    wait_for_refreshes(watched, 1)
    tab.evaluate(HIDE_WHILE_ASKING)
    wait_for_refreshes(watched, 1)
    before = watched.refreshes()
    tab.wait_for_timeout(450)
    assert watched.refreshes() == before
    tab.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    wait_for_refreshes(watched)
    tab.get_by_role("button", name="Pause").click()
    tab.wait_for_timeout(100)
    before = watched.refreshes()
    tab.wait_for_timeout(450)
    assert watched.refreshes() == before
    tab.get_by_role("button", name="Resume").click()
    wait_for_refreshes(watched)


@pytest.mark.usefixtures("filled")
def test_a_number_that_is_being_marked_stays_marked(watched):
    tab = watched.open()
    tab.evaluate("getSelection().selectAllChildren(document.querySelectorAll('.number.id')[2])")
    tab.wait_for_timeout(700)
    assert tab.evaluate("String(getSelection())").isdecimal()
    tab.evaluate("getSelection().removeAllRanges()")
    wait_for_refreshes(watched)


@pytest.mark.usefixtures("filled")
def test_a_reason_shows_on_hover_and_on_focus(watched):
    tab = watched.open("?gaps=only&sort=username")
    tab.locator("[data-key=strip-900] .gap").hover()
    expect(tab.get_by_role("tooltip")).to_contain_text("unproven: 2026-11-21 16:00:00 to 2026-11-21 18:00:00, 2h 0m")
    tab.mouse.move(5, 5)
    tab.get_by_role("button", name="Pause").focus()
    expect(tab.get_by_role("tooltip")).to_be_hidden()
    tab.locator("details[data-key=gaps-900] summary").focus()
    tab.keyboard.press("Tab")
    tip = tab.get_by_role("tooltip")
    expect(tip).to_contain_text("rate_limited: 2026-11-22 07:00:00")
    tab.keyboard.press("ArrowLeft")
    expect(tip).to_contain_text("rate_limited: 2026-11-22 03:00:00")
    tab.keyboard.press("Escape")
    expect(tip).to_be_hidden()


@pytest.mark.usefixtures("filled")
def test_without_javascript_links_and_the_form_do_the_same(watched):
    tab = watched.open("?sort=gaps", java_script_enabled=False)
    tab.get_by_placeholder("Username").fill("a")
    tab.get_by_label("Status").select_option("active")
    tab.get_by_role("button", name="Apply").click()
    expect(names(tab)).to_have_text(["nasa", "esa", "jaxa"])
    tab.get_by_role("link", name="Gaps").last.click()
    expect(names(tab)).to_have_text(["esa", "jaxa", "nasa"])
    tab.locator("details[data-key=gaps-12] summary").click()
    expect(tab.get_by_text("2026-11-22 03:00:00").last).to_be_visible()
    assert watched.refreshes() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.usefixtures("filled")
def test_every_text_can_be_read_in_either_scheme(scheme, watched):
    tab = watched.open(color_scheme=scheme)
    ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 20, 24)"}[scheme]
    for fold in tab.locator("summary").all()[:6]:
        fold.click()
    assert tab.evaluate(CONTRASTS) == []


@pytest.mark.usefixtures("filled")
def test_any_width_scrolls_down_alone_and_sorts(watched):
    tab = watched.open()
    for width in (320, 420, 700, 1000, 1100, 1440):
        tab.set_viewport_size({"width": width, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width
        for name in ("Account", "Lag", "Gaps"):
            expect(tab.get_by_role("columnheader", name=name).get_by_role("link")).to_be_in_viewport(ratio=1)


@pytest.mark.usefixtures("filled")
def test_in_a_frame_of_airflow_the_page_follows_its_theme(watched, browser):
    outer = Watched(browser, watched.url.removesuffix("collector/"))
    tab = outer.open(color_scheme="light")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    frame = tab.frames[1]
    expect(tab.frame_locator("iframe").locator(".accounts .username")).to_have_count(50)
    assert frame.evaluate(ground) == "rgb(16, 20, 24)"
    tab.evaluate("document.documentElement.className = 'light'")
    assert (
        frame.evaluate(f"() => new Promise(done => setTimeout(() => done(({ground})()), 50))") == "rgb(255, 255, 255)"
    )
    outer.close()
    assert outer.complaints == []


def test_a_hostile_username_runs_nothing(watched, collection):
    made = collection.follow(HOSTILE, 5, gaps=[(3, 2)])
    collection.collect(0, failures=[failure(made, "outage", HOSTILE)])
    tab = watched.open()
    wait_for_refreshes(watched)
    tab.locator(".gap").hover()
    expect(names(tab)).to_have_text([HOSTILE])
    assert tab.locator("main img, main script").count() == 0


def test_the_first_account_takes_the_place_of_the_advice(watched, collection):
    tab = watched.open()
    expect(tab.get_by_text("collector accounts add")).to_be_visible()
    expect(tab.locator("#filter")).to_be_hidden()
    collection.follow("nasa", 1)
    expect(names(tab)).to_have_text(["nasa"])
    expect(tab.locator("#filter")).to_be_visible()
