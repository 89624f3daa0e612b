"""Rendering: what the page shows, as HTML; every text is escaped, for usernames are other people's words."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from collector.core.accounts import AccountStatus
from collector.core.times import duration_text, time_text
from collector.flow.overview import PAGE_SIZE, Overview
from collector.ui import words
from collector.ui.query import Query
from collector.ui.timeline import Reach, axis_of, reasons_of

ASSETS: Mapping[str, str] = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "theme.js": "text/javascript",
    "icon.svg": "image/svg+xml",
    "icon-dark.svg": "image/svg+xml",
}
MOST_GAPS_LISTED = 50
MOST_FAILURES_LISTED = 50


class Rendering:
    """Fills the templates; `refresh` is how often the script asks for the changing part."""

    def __init__(self, refresh: timedelta) -> None:
        self._refresh_seconds = refresh.total_seconds()

    def told(self, template: str, query: Query, view: Overview) -> str:
        """Return a template filled with what the state told."""
        axis = axis_of(query.reach, view.accounts, view.read_at)
        reasons = reasons_of(view.accounts)
        return self._filled(template, query=query, view=view, axis=axis, reasons=reasons, error=None)

    def failed(self, template: str, query: Query, title: str, message: str, hint: str) -> str:
        """Return a template that says why there is nothing to show."""
        error = {"title": title, "message": " ".join(message.split()), "hint": " ".join(hint.split())}
        return self._filled(template, query=query, view=None, error=error)

    def _filled(self, template: str, **values: object) -> str:
        return _templates().get_template(template).render(refresh_seconds=self._refresh_seconds, **values)


@cache
def _templates() -> Environment:
    found = Environment(
        loader=PackageLoader("collector.ui"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    written = (words.day, words.time_of_day, words.usd, words.count, words.percent, words.cost)
    reasoned = (words.style_of, words.meaning_of, words.tally_text)
    found.filters |= {"iso": time_text, "duration": duration_text}
    found.filters |= {one.__name__: one for one in (*written, *reasoned)}
    found.globals |= {
        "asset": _asset_address,
        "statuses": list(AccountStatus),
        "reaches": list(Reach),
        "styles": words.STYLES,
        "page_numbers": words.page_numbers,
        "page_size": PAGE_SIZE,
        "most_gaps": MOST_GAPS_LISTED,
        "most_failures": MOST_FAILURES_LISTED,
    }
    return found


@cache
def asset(name: str) -> bytes:
    """Return the bytes of a style sheet, script or icon. Raises `KeyError` for what is none."""
    if name not in ASSETS:
        raise KeyError(name)
    return files("collector.ui").joinpath("assets", name).read_bytes()


@cache
def _asset_address(name: str) -> str:
    # The content is in the address, so that no browser goes on with an asset of the version before.
    return f"assets/{name}?{hashlib.sha256(asset(name)).hexdigest()[:12]}"
