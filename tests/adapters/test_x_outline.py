"""The first look at an answer: ids, the next page, and what X complains of."""

import json

import pytest

from collector.adapters.x_outline import PageOutline, Problem, outline


# F6
def test_the_outline_tells_ids_in_order_the_next_page_and_the_problems():
    problem = {
        "type": "https://api.x.com/2/problems/resource-not-found",
        "title": "Not Found Error",
        "detail": "Could not find tweet with referenced_tweets.id: [9].",
        "resource_type": "tweet",
        "resource_id": 9,
        "parameter": "referenced_tweets.id",
        "value": "9",
        "section": "includes",
    }
    body = {"data": [{"id": "7"}, {"id": 9}, {"id": "8"}], "meta": {"next_token": "b26v"}, "errors": [problem, {}]}
    known = {name: str(value) for name, value in problem.items() if name != "section"}
    problems = (Problem(**known), Problem())
    expected = PageOutline((7, 9, 8), "b26v", problems, has_data=True, has_meta=True)
    assert outline(json.dumps(body).encode()) == expected


# F6
@pytest.mark.parametrize(
    ("body", "has_data", "has_meta"),
    [
        (b'{"data":[],"meta":{}}', True, True),
        (b'{"meta":{"result_count":0}}', False, True),
        (b'{"errors":[{}]}', False, False),
        (b'{"data":[],"meta":[]}', True, False),
    ],
)
def test_the_outline_tells_a_list_from_no_list(body, has_data, has_meta):
    found = outline(body)
    assert (found.tweet_ids, found.next_token, found.has_data, found.has_meta) == ((), None, has_data, has_meta)
