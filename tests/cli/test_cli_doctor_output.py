"""`collector doctor` before an S3 that refuses what a test forbids: each fault is named, and nothing else is wrong."""

import pytest
from doctoring import visit
from s3_guard import guarded_s3

FOLDERS = ("raw/", "seals/", "tweets/", "manifests/")
RIGHTS = (("s3:ListBucket", "output list"), ("s3:PutObject", "output put"), ("s3:GetObject", "output get"))


SERVERS = {"moto behind a guard": guarded_s3}
"""Servers that enforce rights: each opens with `environment`, `output`, and `forbid(right, folder)`."""


@pytest.fixture(params=SERVERS)
def store(request):
    """Every server in turn."""
    with SERVERS[request.param]() as opened:
        yield opened


@pytest.fixture
def guard():
    """The server that also does what no honest server does."""
    with guarded_s3() as opened:
        yield opened


@pytest.fixture
def collecting(following, store):
    """A collector whose output is on a server that enforces rights, with one batch published there."""
    return publishing(following, store)


@pytest.fixture
def guarded(following, guard):
    """The same before the guard."""
    return publishing(following, guard)


def publishing(following, server):
    following.environment |= server.environment | {"COLLECTOR_OUTPUT": server.output}
    following.done("collect")
    return following


def test_a_store_that_works_has_nothing_wrong(collecting):
    for _ in range(2):
        found = visit(collecting)
        found.assert_wrong()
        assert "raw/, seals/, tweets/, manifests/ can be created in" in found.findings["output put"]["what"]
    assert collecting.done("verify", "--json").document["ok"]


@pytest.mark.parametrize("folder", ["", *FOLDERS])
@pytest.mark.parametrize(("right", "name"), RIGHTS)
def test_a_right_that_is_missing_is_said_in_words_with_the_statement(collecting, store, right, name, folder):  # F40
    store.forbid(right, folder)
    found = visit(collecting)
    found.assert_wrong(name)
    finding = found.findings[name]
    assert f"the credentials may not {right} on {store.output}/{folder}" in finding["what"]
    assert f'{{"Effect": "Allow", "Action": "{right}"' in finding["command"]


def test_the_right_to_delete_is_not_missed(collecting, store):
    store.forbid("s3:DeleteObject")
    found = visit(collecting)
    found.assert_wrong()
    assert "no right to delete is needed" in found.findings["output put"]["what"]


def test_where_keys_may_be_listed_by_prefix_only_nothing_is_wrong(guarded, guard):
    guard.hides_missing_keys = True
    visit(guarded).assert_wrong()
    guarded.done("collect")
    assert guarded.done("verify", "--json").document["ok"]


@pytest.mark.parametrize(
    ("condition", "words"), [("ignored", "ignores If-None-Match"), ("501", "cannot create only what is absent")]
)
def test_a_store_without_conditional_writes_is_refused_with_a_clear_word(  # F40
    guarded, guard, condition, words
):
    guard.condition = condition
    found = visit(guarded)
    found.assert_wrong("create-only")
    assert words in found.findings["create-only"]["what"]
    assert "If-None-Match" in found.findings["create-only"]["command"]
    guard.condition = "honoured"
    visit(guarded).assert_wrong()
    assert guarded.done("verify", "--json").document["ok"]


@pytest.mark.parametrize(
    ("status", "code", "command"),
    [
        (404, "NoSuchBucket", "aws s3 mb s3://guarded"),
        (400, "ExpiredToken", "log in again"),
        (403, "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
        (403, "RequestTimeTooSkewed", "clock"),
        (400, "AuthorizationHeaderMalformed", "AWS_DEFAULT_REGION=eu-west-3"),
        (503, "SlowDown", "try again later"),
    ],
)
def test_a_store_that_does_not_know_us_is_one_finding_with_its_remedy(  # F39 F40
    guarded, guard, status, code, command
):
    guard.refuses_all, guard.region = (status, code), "eu-west-3"
    found = visit(guarded)
    found.assert_wrong("output")
    assert code in found.findings["output"]["what"]
    assert command in found.findings["output"]["command"]
    assert found.findings["output put"]["what"] == "see output"


def test_without_credentials_the_output_is_wrong(guarded):  # F39
    found = visit(guarded, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    found.assert_wrong("output")
    assert "AWS_PROFILE" in found.findings["output"]["command"]


def test_an_s3_that_is_not_there_is_wrong(guarded):
    visit(guarded, AWS_ENDPOINT_URL_S3="http://127.0.0.1:9").assert_wrong("output")
