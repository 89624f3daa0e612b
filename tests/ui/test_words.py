"""What the page writes, and the addresses of its links."""

from urllib.parse import parse_qsl

import pytest

from collector.core.accounts import AccountStatus
from collector.flow.overview import Choice, Sort
from collector.ui.query import HERE, Query, query_of
from collector.ui.timeline import Reach
from collector.ui.words import REASONS, page_numbers, style_of


@pytest.mark.parametrize(
    ("page", "pages", "offered"),
    [
        (1, 1, [1]),
        (1, 3, [1, 2, 3]),
        (5, 9, [1, None, 4, 5, 6, None, 9]),
        (2, 4, [1, 2, 3, 4]),
        (100, 100, [1, None, 99, 100]),
    ],
)
def test_pages_offered_are_the_ends_and_the_neighbours(page, pages, offered):
    assert page_numbers(page, pages) == offered


def test_an_unknown_reason_is_drawn_too():
    assert style_of("brand_new") == "other"
    assert "other" not in {style for style, _ in REASONS.values()}


@pytest.mark.parametrize(
    "query",
    [
        Query(),
        Query(Choice(username="a&b=%"), Reach.WEEK),
        Query(Choice(status=AccountStatus.NOT_FOUND, only_with_gaps=True, sort=Sort.GAPS, is_descending=True, page=7)),
        Query(Choice(sort=Sort.LAG, is_descending=False)),
        Query(Choice(sort=Sort.STATUS, is_descending=True)),
    ],
)
def test_an_address_asks_for_what_it_was_made_from(query):
    assert query_of(dict(parse_qsl(query.address.removeprefix(HERE).removeprefix("?")))) == query
