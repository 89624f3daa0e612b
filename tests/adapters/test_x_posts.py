"""Reading X's pages: both vocabularies, everything absent or strange, and never a lost row."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.adapters.x_lenient import paired
from collector.adapters.x_outline import outline
from collector.adapters.x_posts import XPosts
from collector.core.columns import JSON_COLUMNS, TWEET_COLUMNS

TWEET_ID = 1_992_000_000_000_000_001
FULL = {
    "id": str(TWEET_ID),
    "text": "look @nasa #orbit https://t.co/a",
    "created_at": "2026-11-22T06:15:00.000Z",
    "lang": "en",
    "conversation_id": "1992000000000000000",
    "in_reply_to_user_id": "11348282",
    "referenced_tweets": [{"type": "replied_to", "id": "1992000000000000000"}],
    "public_metrics": {
        "like_count": 1,
        "retweet_count": 2,
        "reply_count": 3,
        "quote_count": 4,
        "bookmark_count": 5,
        "impression_count": 6,
    },
    "entities": {
        "hashtags": [{"start": 11, "end": 17, "tag": "orbit"}],
        "mentions": [{"start": 5, "end": 10, "username": "nasa", "id": "11348282"}],
        "urls": [{"url": "https://t.co/a", "expanded_url": "https://example.org/é"}, {"url": "https://t.co/b"}],
    },
    "attachments": {"media_keys": ["3_1", "3_2"]},
    "possibly_sensitive": False,
    "edit_history_tweet_ids": ["1991999999999999999", str(TWEET_ID)],
}
FULL_CELLS = {
    "tweet_id": TWEET_ID,
    "created_at": datetime(2026, 11, 22, 6, 15, tzinfo=UTC),
    "text": "look @nasa #orbit https://t.co/a",
    "kind": "reply",
    "lang": "en",
    "conversation_id": 1_992_000_000_000_000_000,
    "in_reply_to_user_id": 11_348_282,
    "replied_to_id": 1_992_000_000_000_000_000,
    "quoted_id": None,
    "retweeted_id": None,
    "like_count": 1,
    "retweet_count": 2,
    "reply_count": 3,
    "quote_count": 4,
    "bookmark_count": 5,
    "impression_count": 6,
    "hashtags": '["orbit"]',
    "mentions": '["nasa"]',
    "urls": '["https://example.org/é","https://t.co/b"]',
    "media_keys": '["3_1","3_2"]',
    "possibly_sensitive": False,
    "edit_history_ids": '["1991999999999999999","1992000000000000001"]',
}
IN_POST_WORDS = {
    "referenced_tweets": "referenced_posts",
    "edit_history_tweet_ids": "edit_history_post_ids",
    "retweet_count": "repost_count",
    "note_tweet": "note_post",
}


def body_of(*tweets):
    return json.dumps({"data": tweets, "meta": {"result_count": len(tweets)}}).encode()


def cells_of(tweet):
    """Read a page that holds this tweet between two others, and return its cells."""
    found = XPosts().columns([body_of({"id": "5", "text": "a"}, tweet, {"id": "6", "text": "b"})])
    assert found.counts == [3]
    assert set(found.values) == set(TWEET_COLUMNS)
    assert [found.values["text"][at] for at in (0, 2)] == ["a", "b"]
    return {name: (lists_of(column) if name in JSON_COLUMNS else column)[1] for name, column in found.values.items()}


def lists_of(lines):
    return [None if line in {"null", "[]"} else line for line in lines.decode().splitlines()]


def in_post_words(found):
    if isinstance(found, dict):
        return {IN_POST_WORDS.get(name, name): in_post_words(value) for name, value in found.items()}
    return found


def test_a_tweet_with_everything_fills_every_column():
    assert cells_of(FULL) == FULL_CELLS


# F16
def test_both_vocabularies_say_the_same():
    assert cells_of(in_post_words(FULL)) == FULL_CELLS
    assert cells_of(in_post_words(FULL) | FULL) == FULL_CELLS


# F16
def test_one_page_may_mix_the_vocabularies():
    metrics = FULL["public_metrics"] | {"repost_count": 2}
    assert cells_of(FULL | {"public_metrics": metrics, "referenced_posts": None, "note_post": None}) == FULL_CELLS


# F17
@pytest.mark.parametrize("name", ["note_tweet", "note_post"])
def test_a_long_text_is_taken_whole_and_with_its_own_entities(name):
    note = {"text": "x" * 1000 + "#far", "entities": {"hashtags": [{"tag": "far"}]}}
    cells = cells_of(FULL | {name: note})
    assert (cells["text"], cells["hashtags"], cells["urls"]) == (note["text"], '["far"]', None)


# F17
def test_a_note_without_entities_or_text_takes_those_of_the_tweet():
    assert cells_of(FULL | {"note_tweet": {}}) == FULL_CELLS
    assert cells_of(FULL | {"note_tweet": {"text": None, "entities": None}}) == FULL_CELLS


# F18
def test_a_tweet_of_only_id_and_text_leaves_the_rest_empty():
    cells = cells_of({"id": str(TWEET_ID), "text": ""})
    given_cells = {name: cell for name, cell in cells.items() if cell is not None}
    made_at = datetime(2025, 11, 21, 22, 39, 44, tzinfo=UTC)
    assert given_cells == {"tweet_id": TWEET_ID, "text": "", "kind": "original", "created_at": made_at}


# F18
@pytest.mark.parametrize("name", [name for name in FULL if name not in {"id", "created_at"}])
@pytest.mark.parametrize("strange", [None, 17, "strange", {"a": [1]}, [{"b": {}}], [None], True, 1.5])
def test_a_field_of_the_wrong_type_costs_its_own_cells_and_nothing_else(name, strange):
    touched = {"referenced_tweets": {"replied_to_id"}, "edit_history_tweet_ids": {"edit_history_ids"}}
    touched |= {"public_metrics": set(FULL["public_metrics"]), "entities": {"hashtags", "mentions", "urls"}}
    touched |= {"attachments": {"media_keys"}}
    cells = cells_of(FULL | {name: strange})
    unlike = {column for column, cell in FULL_CELLS.items() if cells[column] != cell}
    assert unlike <= touched.get(name, {name})


# F18
def test_a_null_inside_a_nested_field_costs_only_itself():
    entities = {"hashtags": None, "mentions": [None, {"username": None}, {"username": "esa"}], "urls": [{"url": None}]}
    metrics = {"like_count": None, "reply_count": "many", "quote_count": 4}
    cells = cells_of(FULL | {"entities": entities, "public_metrics": metrics, "attachments": {"media_keys": None}})
    assert [cells[name] for name in ("hashtags", "mentions", "urls", "media_keys")] == [None, '["esa"]', None, None]
    assert [cells[name] for name in ("like_count", "reply_count", "quote_count")] == [None, None, 4]


# F53
def test_unknown_fields_are_passed_over_wherever_they_are():
    strange = {"new": {"deep": [1, {"x": None}]}, "text2": "no"}
    metrics = FULL["public_metrics"] | strange
    assert cells_of(FULL | strange | {"public_metrics": metrics}) == FULL_CELLS


# F23
@pytest.mark.parametrize("form", [str, int])
def test_ids_are_exact_as_text_and_as_numbers(form):
    greatest = 2**63 - 1
    references = [{"type": "quoted", "id": form(greatest)}]
    tweet = {"id": form(greatest), "text": "", "referenced_tweets": references, "edit_history_tweet_ids": [form(7)]}
    cells = cells_of(tweet | {"conversation_id": form(9_007_199_254_740_993)})
    assert cells["tweet_id"] == cells["quoted_id"] == greatest
    assert cells["conversation_id"] == 9_007_199_254_740_993
    assert cells["edit_history_ids"] == '["7"]'


# F23
@pytest.mark.parametrize(
    "unusable", ["", "abc", "12a", " 12", "-5", 0, None, True, 1.5, 1.992e18, "1.992e18", 2**63, str(2**63), [], {}]
)
def test_a_tweet_without_a_usable_id_is_refused_by_name(unusable):
    body = body_of({"id": "5", "text": "a"}, {"id": unusable, "text": "secret text"})
    for read in (outline, lambda body: XPosts().columns([body])):
        with pytest.raises(ValueError, match="unusable id") as refused:
            read(body)
        assert "secret" not in str(refused.value)


# F23
@pytest.mark.parametrize("unusable", ["abc", 1.992e18, 2**63, -1, []])
def test_an_unusable_id_of_another_tweet_costs_its_cell_only(unusable):
    cells = cells_of(FULL | {"conversation_id": unusable, "referenced_tweets": [{"type": "quoted", "id": unusable}]})
    assert (cells["tweet_id"], cells["conversation_id"], cells["quoted_id"]) == (TWEET_ID, None, None)
    assert cells["kind"] == "quote"


@pytest.mark.parametrize(
    ("types", "kind"),
    [
        (["retweeted"], "retweet"),
        (["quoted", "replied_to"], "quote"),
        (["replied_to", "retweeted", "quoted"], "retweet"),
        (["replied_to"], "reply"),
        (["unheard_of"], "reply"),
        ([], "reply"),
    ],
)
def test_the_kind_is_the_strongest_reference(types, kind):
    references = [{"type": each, "id": str(at + 1)} for at, each in enumerate(types)]
    cells = cells_of(FULL | {"referenced_tweets": references})
    assert cells["kind"] == kind
    assert [cells[f"{each}_id"] for each in types if each != "unheard_of"] == [
        at + 1 for at, each in enumerate(types) if each != "unheard_of"
    ]


# F15
def test_referenced_tweets_beside_the_list_are_no_rows():
    body = json.dumps({"data": [FULL], "includes": {"tweets": [{"id": "9", "text": "other"}]}}).encode()
    assert XPosts().columns([body]).values["tweet_id"] == [TWEET_ID]
    assert outline(body).tweet_ids == (TWEET_ID,)


# F50
@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (rb"a\ud800b", "a\ufffdb"),
        (rb"\udc00", "\ufffd"),
        (rb"a\ud83d", "a\ufffd"),
        (rb"\ud800\ud83d\ude80", "\ufffd🚀"),
        (rb"\\ud800", "\\ud800"),
        (rb"a\u0000b", "a\0b"),
        (b"a\x00b", "a\0b"),
        (b"a\xffb", "a\ufffdb"),
        (rb"&amp; &lt;3", "&amp; &lt;3"),
    ],
)
def test_a_text_that_json_or_unicode_forbids_keeps_its_row(escaped, text):
    body = b'{"data":[{"id":"7","text":"' + escaped + b'","lang":"en"},{"id":"6","text":"next"}]}'
    found = XPosts().columns([body]).values
    assert (found["tweet_id"], found["text"], found["lang"]) == ([7, 6], [text, "next"], ["en", None])
    assert outline(body).tweet_ids == (7, 6)


@pytest.mark.parametrize(
    ("said", "made_at"),
    [
        ("2026-11-22T06:15:00.000Z", datetime(2026, 11, 22, 6, 15, tzinfo=UTC)),
        ("2026-11-22T08:15:00+02:00", datetime(2026, 11, 22, 6, 15, tzinfo=UTC)),
        ("2026-11-22T06:15:00", datetime(2025, 11, 21, 22, 39, 44, tzinfo=UTC)),
        ("yesterday", datetime(2025, 11, 21, 22, 39, 44, tzinfo=UTC)),
        (None, datetime(2025, 11, 21, 22, 39, 44, tzinfo=UTC)),
    ],
)
def test_the_time_is_what_x_says_and_else_what_the_id_says(said, made_at):
    assert cells_of(FULL | {"created_at": said})["created_at"] == made_at


def test_an_id_from_before_the_snowflakes_tells_no_time():
    found = XPosts().columns([body_of({"id": "20", "text": "first"}, {"id": "29700859248", "text": "second"})])
    assert found.values["created_at"] == [None, datetime(2010, 11, 4, 1, 43, 1, tzinfo=UTC)]


# F6, F47
@pytest.mark.parametrize("body", [b'{"meta":{"result_count":0}}', b'{"data":null}', b'{"data":[]}', b'{"errors":[{}]}'])
def test_a_page_without_tweets_adds_no_row(body):
    found = XPosts().columns([body, body_of({"id": "5", "text": "a"}), body])
    assert (found.counts, found.values["tweet_id"]) == ([0, 1, 0], [5])


# F21
@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<html></html>", b"[]", b"null", b'"x"', b'{"data":[{"id":"5"'),
        *(b'{"data":{"id":"5"}}', b'{"data":["5"]}', b'{"data":"5"}', b"[" * 200_000, b'{"data":' * 200_000),
    ],
)
def test_what_is_no_page_is_refused(body):
    with pytest.raises(ValueError, match=r"."):
        outline(body)
    with pytest.raises(ValueError, match=r"."):
        XPosts().columns([body])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*FULL, "text", "x"]), inner),
    max_leaves=8,
)


# F53
@settings(max_examples=150, deadline=None)
@given(fields=st.dictionaries(st.sampled_from([name for name in FULL if name != "id"]), JSON))
def test_no_shape_of_any_field_loses_the_row_or_disagrees_with_the_outline(fields):
    tweet = FULL | fields
    assert cells_of(tweet)["tweet_id"] == TWEET_ID
    assert outline(body_of(tweet)).tweet_ids == (TWEET_ID,)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (rb'"\ud800"', "�"),
        (rb'"\udc00 \ud83d"', "� �"),
        (rb'"\ud83d\ude80"', "🚀"),
        (rb'"\\ud800"', r"\ud800"),
        (rb'"\\\ud800"', "\\�"),
        (rb'"\ud800\ud83d\ude80"', "�🚀"),
        (rb'"\n\"\u0041"', '\n"A'),
    ],
)
def test_a_surrogate_without_partner_is_replaced_and_everything_else_stays(written, read):  # F50
    assert json.loads(paired(written)) == read
