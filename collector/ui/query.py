"""Query: what the address of the page asks for, and the addresses of its links; relative, wherever it is mounted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from collector.core.accounts import AccountStatus
from collector.flow.overview import Choice, Sort
from collector.ui.timeline import Reach

HERE = "./"
LONGEST_NAME = 50
LAST_PAGE = 10**6
WORST_FIRST = {Sort.LAG, Sort.GAPS}
"""What is sorted descending at first: who looks for lag or gaps looks for the most."""


ALL = Choice()


@dataclass(frozen=True, slots=True)
class Query:
    """Which accounts are shown, and how far back the time axis reaches."""

    choice: Choice = ALL
    reach: Reach = Reach.FIT

    def at_page(self, page: int) -> str:
        """Return the address of another page of the same accounts."""
        return self._address(page=page)

    def sorted_by(self, name: str) -> str:
        """Return the address of the same accounts by another column, or by this one the other way round."""
        sort = Sort(name)
        is_descending = sort in WORST_FIRST if sort is not self.choice.sort else not self.choice.is_descending
        return self._address(sort=sort, is_descending=is_descending, page=1)

    def reaching(self, reach: Reach) -> str:
        """Return the address of the same accounts on another time axis."""
        return replace(self, reach=reach).address

    def only_with_gaps(self) -> str:
        """Return the address of all accounts with gaps, most gaps first."""
        return Query(Choice(only_with_gaps=True, sort=Sort.GAPS, is_descending=True), self.reach).address

    def most_behind(self) -> str:
        """Return the address of all active accounts, the largest lag first."""
        return Query(Choice(status=AccountStatus.ACTIVE, sort=Sort.LAG, is_descending=True), self.reach).address

    @property
    def is_filtered(self) -> bool:
        """Say whether some accounts may be left out."""
        choice = self.choice
        return bool(choice.username or choice.status or choice.only_with_gaps)

    @property
    def address(self) -> str:
        """Return the address that asks for this; what is usual is left out."""
        choice, usual = self.choice, ALL
        words = {
            "username": choice.username,
            "status": choice.status.value if choice.status else "",
            "gaps": "only" if choice.only_with_gaps else "",
            "sort": choice.sort.value if choice.sort is not usual.sort else "",
            "order": ("desc" if choice.is_descending else "asc") if self._order_is_unusual else "",
            "page": str(choice.page) if choice.page != usual.page else "",
            "axis": self.reach.value if self.reach is not Reach.FIT else "",
        }
        asked = urlencode({name: word for name, word in words.items() if word})
        return f"?{asked}" if asked else HERE

    @property
    def _order_is_unusual(self) -> bool:
        return self.choice.is_descending != (self.choice.sort in WORST_FIRST)

    def _address(self, **changes: Any) -> str:  # noqa: ANN401  fields of Choice
        return replace(self, choice=replace(self.choice, **changes)).address


def query_of(words: Mapping[str, str]) -> Query:
    """Read the words of an address; what cannot be read is as if it were not there."""
    sort = next((one for one in Sort if one == words.get("sort")), Sort.USERNAME)
    order = words.get("order")
    return Query(
        choice=Choice(
            username=words.get("username", "").strip().removeprefix("@")[:LONGEST_NAME],
            status=next((one for one in AccountStatus if one == words.get("status")), None),
            only_with_gaps=words.get("gaps") == "only",
            sort=sort,
            is_descending=order == "desc" if order in {"asc", "desc"} else sort in WORST_FIRST,
            page=_page(words.get("page", "")),
        ),
        reach=next((one for one in Reach if one == words.get("axis")), Reach.FIT),
    )


def _page(text: str) -> int:
    return min(int(text), LAST_PAGE) if text.isascii() and text.isdecimal() and len(text) < len(str(LAST_PAGE)) else 1
