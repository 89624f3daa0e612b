"""A real browser, the page on a real port, and what must not happen while a test looks at it."""

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

import pytest
from playwright.sync_api import sync_playwright

from collector.ui.serve import address_of, listen, serve

NAMES = ("chromium", "chromium-browser", "google-chrome")
WATCH_POLICY = "addEventListener('securitypolicyviolation', e => console.error('policy: ' + e.violatedDirective))"


def installed_browser():
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("these tests need a browser: make browser, or apt-get install chromium")
    return found


@contextmanager
def served(app):
    """Serve an app on a free port while the block lasts; yields its URL."""
    stopped = Event()
    with listen("127.0.0.1", 0) as listening:
        thread = Thread(target=serve, args=(app, listening, stopped))
        thread.start()
        try:
            yield address_of(listening)
        finally:
            stopped.set()
            thread.join()


@dataclass
class Watched:
    """A tab, and all that it asked for and complained about."""

    browser: object
    url: str
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    opened: list[object] = field(default_factory=list)

    def open(self, address="", **choices):
        """Open the page in a tab of its own."""
        context = self.browser.new_context(viewport={"width": 1280, "height": 800}, **choices)
        self.opened.append(context)
        tab = context.new_page()
        tab.set_default_timeout(10_000)
        tab.on("request", lambda request: self.asked.append(request.url))
        tab.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        if choices.get("java_script_enabled", True):
            tab.add_init_script(WATCH_POLICY)
        tab.goto(self.url + address)
        return tab

    def refreshes(self):
        return sum("/part" in url for url in self.asked)

    def close(self):
        for context in self.opened:
            context.close()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=installed_browser())
        yield found
        found.close()
