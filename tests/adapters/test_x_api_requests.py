"""What is sent to X: addresses, parameters, credentials, connections; and what never leaves or is logged."""

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from oauthlib.common import Request
from oauthlib.oauth1.rfc5849 import signature
from x_server import ASK, TOKEN, Reply, Rig, Seen, page, problem, tell, x_rig

from collector.adapters.x_api import XApi, XCredentials
from collector.core.errors import CollectorError, ConfigError, CredentialsRefused, SourceUnavailable
from collector.core.ids import AccountId
from collector.core.pages import Ask
from collector.core.ranges import IdRange

KEYS = XCredentials(
    consumer_key="ck-1234",
    consumer_secret="consumer-secret&+/=%",
    access_token="12-user-token",
    access_token_secret="access-secret%&=",
)
TEXT = "the words of a tweet"


@pytest.fixture
def x() -> Iterator[Rig]:
    with x_rig() as rig:
        rig.server.says(page([500], text=TEXT))
        yield rig


def test_a_range_is_asked_for_with_both_ends_where_x_leaves_them_out(x: Rig) -> None:
    x.made.page(Ask(AccountId(12), IdRange(100, 2_083_157_183_716_917_248), "token-7"))
    sent = x.server.seen[0]
    assert sent.path == "/2/users/12/tweets"
    named = {"since_id", "until_id", "max_results", "pagination_token"}
    assert {name: sent.query[name] for name in named} == {
        "since_id": "100",
        "until_id": "2083157183716917249",
        "max_results": "100",
        "pagination_token": "token-7",
    }


def test_from_the_beginning_and_on_the_first_page_nothing_is_sent_for_it(x: Rig) -> None:
    x.made.page(Ask(AccountId(12), IdRange(0, 900)))
    assert x.server.seen[0].query.keys() == {"until_id", "max_results", "tweet.fields"}


@pytest.mark.parametrize(
    ("vocabulary", "other", "names"),
    [
        ("tweet", "post", {"note_tweet", "referenced_tweets", "edit_history_tweet_ids"}),
        ("post", "tweet", {"note_post", "referenced_posts", "edit_history_post_ids"}),
    ],
)
def test_the_fields_of_a_row_are_asked_for_in_one_vocabulary_and_without_expansions(  # F16 F17 F57
    x: Rig, caplog: pytest.LogCaptureFixture, vocabulary: str, other: str, names: set[str]
) -> None:
    x.api(vocabulary=vocabulary).page(ASK)
    query = x.server.seen[0].query
    asked = set(query[f"{vocabulary}.fields"].split(","))
    assert asked > names | {
        "created_at",
        "author_id",
        "public_metrics",
        "entities",
        "attachments",
        "possibly_sensitive",
    }
    assert not any(other in name for name in asked)
    assert f"{other}.fields" not in query
    assert "expansions" not in query
    assert caplog.records == []


def test_an_unknown_vocabulary_or_address_is_a_setting_to_correct(x: Rig) -> None:
    with pytest.raises(ConfigError, match="'toot' is not one of tweet, post"):
        x.api(vocabulary="toot")
    for address in (
        "api.x.com",
        "ftp://api.x.com",
        "http://",
        "http://[broken",
        "https://api.x.com?q=1",
        "http://x:99999",
    ):
        with pytest.raises(ConfigError, match="is no http or https address"):
            x.api(base_url=address)


def test_the_address_may_have_a_path_in_front(x: Rig) -> None:
    x.api(base_url=f"{x.server.url}/proxy/").page(ASK)
    assert x.server.seen[0].path == "/proxy/2/users/12/tweets"


def test_a_bearer_token_is_sent_as_it_is(x: Rig) -> None:
    x.made.page(ASK)
    assert x.server.seen[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_netrc_entry_does_not_take_the_place_of_our_credentials(
    x: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    x.made.page(ASK)
    assert x.server.seen[0].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("vocabulary", ["tweet", "post"])
def test_an_oauth_signature_covers_the_address_really_called(x: Rig, vocabulary: str) -> None:
    api = x.api(KEYS, vocabulary=vocabulary)
    api.page(Ask(AccountId(12), IdRange(100, 900), "a token/with+signs="))
    x.server.says(tell(200, {"data": [{"id": "12", "username": "nasa", "name": "N"}]}))
    api.users_named(["nasa", "esa"])
    assert [is_signed(seen, KEYS) for seen in x.server.seen] == [True, True]
    assert not is_signed(x.server.seen[0], replace(KEYS, access_token_secret="another"))


def is_signed(seen: Seen, keys: XCredentials) -> bool:
    query = urlsplit(seen.url).query
    given = signature.collect_parameters(query, headers=seen.headers, exclude_oauth_signature=False)
    request = Request(seen.url, http_method="GET")
    request.signature = dict(given)["oauth_signature"]
    request.params = [pair for pair in given if pair[0] != "oauth_signature"]
    return bool(signature.verify_hmac_sha1(request, keys.consumer_secret, keys.access_token_secret))


def test_every_try_of_an_oauth_request_is_signed_anew(x: Rig) -> None:
    x.server.says(tell(503, {}), page([500]))
    x.api(KEYS).page(ASK)
    first, second = (seen.headers["Authorization"] for seen in x.server.seen)
    assert first != second
    assert all(is_signed(seen, KEYS) for seen in x.server.seen)


def test_threads_share_the_connections_and_the_count(x: Rig, caplog: pytest.LogCaptureFixture) -> None:
    api = x.api(concurrency=4)
    x.server.says(page([500]).delivered("slow"))
    together = threading.Barrier(4)
    with ThreadPoolExecutor(4, initializer=together.wait) as pool:
        pages = list(pool.map(api.page, [ASK] * 40))
    assert len(pages) == api.requests_made() == 40
    assert x.server.connections <= 4
    assert caplog.records == []


def test_a_connection_that_x_has_closed_costs_nothing_but_a_new_one(x: Rig) -> None:
    x.server.says(tell(503, {}).saying(Connection="close"), page([500]))
    assert x.made.page(ASK).tweet_ids == (500,)
    assert x.server.connections == 2


def test_a_redirect_takes_our_credentials_nowhere(x: Rig) -> None:
    x.server.says(Reply(307, b"", {"Location": f"{x.server.url}/elsewhere"}))
    with pytest.raises(SourceUnavailable, match="307"):
        x.made.page(ASK)
    assert {seen.path for seen in x.server.seen} == {"/2/users/12/tweets"}


def test_no_log_line_holds_a_credential_or_a_tweet(x: Rig, caplog: pytest.LogCaptureFixture) -> None:  # F59
    for name in ("tweepy", "tweepy.client", "urllib3", "requests_oauthlib", "oauthlib"):
        logging.getLogger(name).setLevel(logging.DEBUG if name != "tweepy.client" else logging.NOTSET)
    caplog.set_level(logging.DEBUG)
    for credentials in (XCredentials(bearer_token=TOKEN), KEYS):
        x.server.says(tell(503, {}), page([500], text=TEXT))
        x.api(credentials).page(ASK)
        x.server.says(tell(401, {}))
        with pytest.raises(CredentialsRefused):
            x.made.page(ASK)
    assert_silent(caplog.text)


def test_no_error_holds_a_credential_even_if_x_sends_it_back(x: Rig) -> None:  # F59
    echo = problem("client-forbidden", "Client Forbidden", f"your header was Bearer {TOKEN}")
    for status in (400, 401, 402, 403, 404, 429, 500):
        x.server.says(tell(status, echo))
        with pytest.raises(CollectorError) as caught:
            x.api(max_wait=x.clock.now() - x.clock.now()).page(ASK)
        assert_silent(f"{caught.value!r} {caught.value.hint} {caught.value.__cause__!r}")


def assert_silent(text: str) -> None:
    secrets = [getattr(KEYS, field.name) for field in fields(KEYS)]
    assert not [secret for secret in [TOKEN, TEXT, *secrets] if secret and secret in text]


def test_credentials_never_show_themselves() -> None:  # F59
    for credentials in (XCredentials(bearer_token=TOKEN), KEYS):
        assert_silent(f"{credentials!r} {credentials} {[credentials]} {credentials.fingerprint}")
        assert len(bytes.fromhex(credentials.fingerprint)) == 4
        assert credentials.fingerprint in repr(credentials)
    assert KEYS.fingerprint != replace(KEYS, access_token="13-other").fingerprint


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"bearer_token": ""},
        {"consumer_key": "a", "consumer_secret": "b", "access_token": "c"},
        {"bearer_token": "secret\n"},
        {"bearer_token": " secret"},
        {"bearer_token": "secrét"},
        {"bearer_token": "fine", "access_token_secret": "secret secret"},
    ],
)
def test_credentials_that_cannot_work_are_refused_without_being_quoted(given: dict[str, str]) -> None:  # F19 F59
    with pytest.raises(ConfigError) as caught:
        XCredentials(**given)
    assert "secr" not in f"{caught.value!r}"


def test_with_both_a_bearer_token_and_keys_the_token_is_used(x: Rig) -> None:
    api: XApi = x.api(replace(KEYS, bearer_token=TOKEN))
    api.page(ASK)
    assert x.server.seen[0].headers["Authorization"] == f"Bearer {TOKEN}"
