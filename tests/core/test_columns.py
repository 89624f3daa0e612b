"""The CSV contract, word for word: whoever changes it must raise its version."""

from collector.core.columns import COLUMNS, CSV_VERSION, ESCAPES, PAGE_COLUMNS, TWEET_COLUMNS, ColumnKind


def test_version_1_has_these_columns_in_this_order():
    assert CSV_VERSION == 1
    assert ", ".join(column.name for column in COLUMNS) == (
        "tweet_id, account_id, username, created_at, text, kind, lang, conversation_id, in_reply_to_user_id, "
        "replied_to_id, quoted_id, retweeted_id, like_count, retweet_count, reply_count, quote_count, "
        "bookmark_count, impression_count, hashtags, mentions, urls, media_keys, possibly_sensitive, "
        "edit_history_ids, collected_at, batch_id"
    )


def test_every_id_column_is_an_integer_column():
    named_as_ids = {column.name for column in COLUMNS if column.name.endswith("_id")} - {"batch_id"}
    assert named_as_ids == {column.name for column in COLUMNS if column.kind is ColumnKind.ID}


def test_a_cell_comes_from_the_tweet_or_from_its_page():
    assert sorted([*TWEET_COLUMNS, *PAGE_COLUMNS]) == sorted(column.name for column in COLUMNS)


def test_the_backslash_is_escaped_before_the_escapes_that_hold_one():
    assert next(iter(ESCAPES)) == "\\"
