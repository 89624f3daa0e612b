"""Account lists, as people write them."""

import pytest

from collector.core.account_list import accounts_in_csv


def read(text):
    return list(accounts_in_csv(text))


def test_without_a_header_the_first_column_is_the_account():
    assert read("nasa,space\n@esa,space\n") == [(1, "nasa"), (2, "@esa")]


@pytest.mark.parametrize("header", ["account", "username", "account_id", "id", "user", "Handle", " Screen_Name "])
def test_a_known_header_names_the_column_and_is_no_account(header):
    assert read(f"note,{header}\nspace,nasa\n") == [(2, "nasa")]


def test_a_username_column_is_preferred_to_an_id_column():
    assert read("id,username\n11348282,nasa\n") == [(2, "nasa")]


def test_blank_lines_and_comments_are_passed_over_and_lines_keep_their_numbers():
    assert read("# whom we follow\n\n nasa \n ,\n  # later:\nesa") == [(3, "nasa"), (6, "esa")]


def test_a_byte_order_mark_quotes_and_windows_line_ends_do_no_harm():
    assert read('\ufeffusername,note\r\n"nasa","a, b"\r\n') == [(2, "nasa")]


def test_a_header_later_in_the_file_is_an_account_like_any_other():
    assert read("nasa\nusername\n") == [(1, "nasa"), (2, "username")]


def test_an_empty_list_has_no_accounts():
    assert read("") == read("username\n") == []
