"""A real browser, the page on a real port, and what must not happen while a test looks at it."""

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

import pytest
from playwright.sync_api import sync_playwright

from collector.core.errors import StateUnavailable
from collector.ui.serve import address_of, listen, serve

NAMES = ("chromium", "chromium-browser", "google-chrome")
WATCH_POLICY = "addEventListener('securitypolicyviolation', e => console.error('policy: ' + e.violatedDirective))"

CONTRASTS = """() => {
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parts = (colour) => {
    probe.clearRect(0, 0, 1, 1); probe.fillStyle = colour; probe.fillRect(0, 0, 1, 1);
    return [...probe.getImageData(0, 0, 1, 1).data];
  };
  const light = (rgb) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, at) => {
    const part = rgb[at] / 255;
    return sum + weight * (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  }, 0);
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = parts(getComputedStyle(one).backgroundColor);
      if (colour[3] === 255) return colour;
    }
  };
  const low = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility() || element.closest(".unseen, title, option, .arrow, .skip")) continue;
    const style = getComputedStyle(element);
    const text = light(parts(element.closest("svg") ? style.fill : style.color));
    const [high, dark] = [text, light(ground(element))].sort((a, b) => b - a);
    const contrast = (high + 0.05) / (dark + 0.05);
    if (contrast < 4.5) low.push(`${element.tagName}.${element.className}: ${contrast.toFixed(2)}`);
  }
  return [...new Set(low)];
}"""
"""Lists the texts whose contrast with what lies behind them is less than 4.5 to 1."""

HIDE_WHILE_ASKING = """() => {
  const ask = window.fetch;
  window.fetch = (...words) => {
    window.fetch = ask;
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
    return ask(...words);
  };
}"""
"""Hides the tab just when the page asks for its changing part."""


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


class Switch:
    """A state that can be made not to answer."""

    def __init__(self, state):
        self._state = state
        self.is_down = False

    def reading(self):
        if self.is_down:
            message = "state postgresql+psycopg://db/collector: connection refused"
            raise StateUnavailable(message, hint="try again later")
        return self._state.reading()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=installed_browser())
        yield found
        found.close()
