"""What the text of a stored secret may be."""

import json

import pytest

from collector.core.errors import SecretRefused
from collector.core.secret_text import Login, bearer_token_of, login_of

HUSH = "AAAAhush%3D"


@pytest.mark.parametrize("text", [HUSH, f"{HUSH}\n", json.dumps({"bearer_token": HUSH, "app": "mine"})])
def test_a_token_is_the_text_itself_or_a_member_of_json(text):
    assert bearer_token_of(text, "the secret") == HUSH


# F59
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ('{"bearer_token": ""}', "is empty"),
        ('{"token": "hush"}', 'without a text "bearer_token"'),
        ('{"bearer_token": ["hush"]}', 'without a text "bearer_token"'),
        ('{"bearer_token": "hush"', "begins like JSON"),
        ("Bearer hush", "a blank"),
        ('"hush"', "in quotes"),
        ("'hush'", "in quotes"),
        ('["hush"]', "in quotes or brackets"),
        ('{"bearer_token": "<hush>"}', "in quotes or brackets"),
        ("hush\nhush", "a line break"),
        ("hüsh", "not ASCII"),
    ],
)
def test_what_can_be_no_token_is_refused_without_being_quoted(text, words):
    with pytest.raises(SecretRefused) as caught:
        bearer_token_of(text, "the secret x")
    assert words in str(caught.value)
    assert str(caught.value).startswith("the secret x ")
    assert "bearer_token" in caught.value.hint
    assert "hush" not in f"{caught.value} {caught.value.hint}"
    assert "hüsh" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "login"),
    [
        ("hush", Login("hush")),
        ("hush\n", Login("hush")),
        (" h{us:h@ ", Login(" h{us:h@ ")),
        ("{hush", Login("{hush")),
        ("12345", Login("12345")),
        ('{"username": "me", "password": "hush", "engine": "postgres"}', Login("hush", "me")),
        ('{"password": "hush"}', Login("hush")),
    ],
)
def test_a_login_is_a_password_or_what_rds_keeps(text, login):
    assert login_of(text, "the secret") == login


# F59
@pytest.mark.parametrize("text", ["", "\n", '{"username": "me"}', '{"password": ""}', '{"password": 1}'])
def test_a_secret_without_a_password_is_refused(text):
    with pytest.raises(SecretRefused, match="the secret y "):
        login_of(text, "the secret y")


# F59
def test_a_login_does_not_show_its_password():
    assert "hush" not in f"{Login('hush', 'me')!r} {Login('hush')}"
