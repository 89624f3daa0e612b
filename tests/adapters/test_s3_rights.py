"""What a 403 of S3 means: a right that is missing, or an object that is."""

from collections.abc import Callable

import pytest
from s3_guard import PREFIX, guarded_s3
from scripted_s3 import Answer, Request, complaint, store_before

from collector.adapters.s3 import S3Objects
from collector.core.errors import CreateOnlyMissing, ObjectMissing, RightMissing, StoreRefused, StoreUnavailable


def create(store: S3Objects) -> None:
    store.create("a.json", b"{}")


def read(store: S3Objects) -> None:
    store.read("a.json")


def listing(store: S3Objects) -> None:
    list(store.keys("a"))


DENIED = complaint(403, "AccessDenied")
LISTED = "<ListBucketResult><Contents><Key>{}</Key><Size>1</Size></Contents></ListBucketResult>"


def methods(requests: list[Request]) -> list[str]:
    return [f"{request.method} {'list' if 'list-type=2' in request.path else 'key'}" for request in requests]


@pytest.mark.parametrize("listed", ["<ListBucketResult/>", LISTED.format("x/a.json.old")])
def test_a_403_for_a_key_that_a_list_does_not_show_is_a_missing_object(listed: str) -> None:
    with store_before(DENIED, Answer(body=listed.encode())) as (store, server), pytest.raises(ObjectMissing):
        read(store)
    assert methods(server.requests) == ["GET key", "GET list"]
    assert "prefix=x%2Fa.json&" in f"{server.requests[1].path}&"
    assert "max-keys=1" in server.requests[1].path


def test_a_403_for_a_key_that_is_listed_is_a_missing_right() -> None:  # F40
    answer = Answer(body=LISTED.format("x/a.json").encode())
    with store_before(DENIED, answer, DENIED) as (store, _), pytest.raises(RightMissing) as caught:
        read(store)
    assert (caught.value.right, caught.value.place) == ("s3:GetObject", "s3://posts/x/a.json")


def test_an_object_that_appears_meanwhile_is_read() -> None:  # F38
    listed = Answer(body=LISTED.format("x/a.json").encode())
    with store_before(DENIED, listed, Answer(body=b"{}")) as (store, _):
        assert store.read("a.json") == b"{}"


def test_a_403_is_no_missing_object_where_the_list_is_refused_too() -> None:
    with store_before(DENIED, DENIED) as (store, _), pytest.raises(RightMissing) as caught:
        read(store)
    assert caught.value.right == "s3:GetObject"


def test_a_403_is_not_decided_while_the_list_is_out_of_order() -> None:
    with store_before(DENIED, complaint(503, "SlowDown")) as (store, _), pytest.raises(StoreUnavailable):
        read(store)


@pytest.mark.parametrize("code", ["InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed"])
def test_who_is_not_known_asks_for_no_list(code: str) -> None:  # F39
    with store_before(complaint(403, code)) as (store, server), pytest.raises(StoreRefused):
        read(store)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("ask", "statement"),
    [
        (create, '{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::posts/x/*"}'),
        (read, '{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::posts/x/*"}'),
        (listing, '"Resource": "arn:aws:s3:::posts", "Condition": {"StringLike": {"s3:prefix": "x/*"}}}'),
    ],
)
def test_a_missing_right_comes_with_the_statement_that_allows_it(
    ask: Callable[[S3Objects], None], statement: str
) -> None:
    with store_before(DENIED) as (store, _), pytest.raises(RightMissing) as caught:
        ask(store)
    assert statement in caught.value.hint


KMS = (
    "User: arn:aws:sts::1:assumed-role/a/b is not authorized to perform: kms:GenerateDataKey on resource: "
    "arn:aws:kms:eu-west-1:1:key/2 because no identity-based policy allows the kms:GenerateDataKey action"
)


def test_the_right_that_amazon_names_is_the_one_that_is_missing() -> None:
    denied = Answer(403, f"<Error><Code>AccessDenied</Code><Message>{KMS}</Message></Error>".encode())
    with store_before(denied) as (store, _), pytest.raises(RightMissing) as caught:
        create(store)
    assert caught.value.right == "kms:GenerateDataKey"
    assert caught.value.told == KMS
    assert '"Action": "kms:GenerateDataKey", "Resource": "arn:aws:kms:eu-west-1:1:key/2"' in caught.value.hint


def test_what_is_denied_expressly_is_not_mended_by_allowing_it() -> None:
    words = "User: a is not authorized to perform: s3:PutObject with an explicit deny in a resource-based policy"
    denied = Answer(403, f"<Error><Code>AccessDenied</Code><Message>{words}</Message></Error>".encode())
    with store_before(denied) as (store, _), pytest.raises(RightMissing) as caught:
        create(store)
    assert "aws s3api get-bucket-policy --bucket posts" in caught.value.hint


def test_a_store_without_conditions_is_told_apart() -> None:  # F40
    with store_before(complaint(501, "NotImplemented")) as (store, _), pytest.raises(CreateOnlyMissing):
        create(store)


def test_the_region_of_the_bucket_is_told_where_the_answer_names_it() -> None:
    body = b"<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-3</Region></Error>"
    with store_before(Answer(400, body)) as (store, _), pytest.raises(StoreRefused) as caught:
        create(store)
    assert "export AWS_DEFAULT_REGION=eu-west-3" in caught.value.hint


def test_the_log_goes_on_where_missing_keys_are_hidden() -> None:
    with guarded_s3() as guard:
        guard.hides_missing_keys = True
        store = guard.objects()
        store.create("seals/0000000001.json", b"{}")
        assert store.read("seals/0000000001.json") == b"{}"
        with pytest.raises(ObjectMissing, match=f"{PREFIX}/seals/0000000002"):
            store.read("seals/0000000002.json")
