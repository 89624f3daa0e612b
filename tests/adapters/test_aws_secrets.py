"""Secrets of AWS: where they are found, and what is said when they cannot be read."""

import json
import logging
from collections.abc import Iterator

import boto3
import pytest
from aws_vault import REGION, Vault, leave_no_aws
from scripted_s3 import LOST, Answer, ScriptedS3, scripted_s3

from collector.adapters.aws_secrets import AwsSecret
from collector.core.errors import CollectorError, SecretRefused, SecretUnavailable

HUSH = "the-very-secret"


@pytest.fixture
def aws(aws_of_vault: Vault) -> Vault:
    return aws_of_vault


def test_a_name_is_one_of_secrets_manager(aws: Vault) -> None:
    aws.keep(HUSH)
    assert AwsSecret(aws.named()).read() == HUSH


def test_an_arn_names_its_region(aws: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    arn, parameter = aws.keep(HUSH), aws.keep_parameter("another")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert f":{REGION}:" in arn
    assert [AwsSecret(arn).read(), AwsSecret(parameter).read()] == [HUSH, "another"]


def test_a_name_that_begins_with_a_slash_is_a_parameter_decrypted(aws: Vault) -> None:
    aws.keep_parameter(HUSH)
    assert AwsSecret(f"/{aws.named()}").read() == HUSH


def test_what_is_read_is_what_was_kept_last(aws: Vault) -> None:
    arn = aws.keep("old")
    secret = AwsSecret(arn)
    assert secret.read() == "old"
    aws.rotate(HUSH)
    assert secret.read() == HUSH


@pytest.mark.parametrize("name", ["nothing/here", "/nothing/here"])
@pytest.mark.usefixtures("aws")
def test_a_missing_secret_is_named_with_how_to_make_one(name: str) -> None:
    with pytest.raises(SecretRefused, match=rf"the secret {name} of .* does not exist") as caught:
        AwsSecret(name).read()
    made = "aws ssm put-parameter" if name.startswith("/") else "aws secretsmanager create-secret"
    assert made in caught.value.hint


def test_a_secret_without_a_value_is_told_how_to_get_one(aws: Vault) -> None:
    with aws._client("secretsmanager") as client:
        client.create_secret(Name=aws.named())
    with pytest.raises(SecretRefused, match="is still empty") as told:
        AwsSecret(aws.named()).read()
    assert f"put-secret-value --secret-id {aws.named()} " in told.value.hint


def test_a_secret_of_bytes_is_no_text(aws: Vault) -> None:
    arn = aws.keep(HUSH.encode())
    with pytest.raises(SecretRefused, match="holds no text") as caught:
        AwsSecret(arn).read()
    assert f"--secret-id {arn} --secret-string" in caught.value.hint


def test_a_parameter_without_its_slash_is_told_of_it(aws: Vault) -> None:
    aws.keep_parameter(HUSH)
    with pytest.raises(SecretRefused, match="does not exist") as caught:
        AwsSecret(aws.named()).read()
    assert "slash" in caught.value.hint


@pytest.mark.parametrize("name", ["a/secret", "/a/parameter"])
def test_without_a_region_the_way_to_give_one_is_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    leave_no_aws(monkeypatch)
    with pytest.raises(SecretRefused, match="region") as caught:
        AwsSecret(name).read()
    assert "AWS_DEFAULT_REGION" in caught.value.hint
    assert "ARN" in caught.value.hint


def test_without_credentials_a_role_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    leave_no_aws(monkeypatch)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with pytest.raises(SecretRefused, match="credentials") as caught:
        AwsSecret("a/secret").read()
    assert "role" in caught.value.hint


def test_a_profile_that_does_not_exist_is_one_clear_line(aws: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    del aws
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(SecretRefused, match="nobody") as caught:
        AwsSecret("a/secret").read()
    assert "AWS_PROFILE" in caught.value.hint


@pytest.fixture
def scripted(aws: Vault, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedS3]:
    """Answer in place of both services."""
    del aws
    with scripted_s3(Answer()) as script:
        for name in ("SECRETS_MANAGER", "SSM", "STS"):
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{name}", script.url)
        yield script


def refusal(code: str, message: str = "no", status: int = 400) -> Answer:
    return Answer(status, json.dumps({"__type": code, "message": message}).encode())


KMS = "not authorized to perform: kms:Decrypt on the resource"


@pytest.mark.parametrize(
    ("answer", "name", "right"),
    [
        (refusal("AccessDeniedException", "not authorized to perform"), "a", "secretsmanager:GetSecretValue"),
        (refusal("AccessDeniedException", "not authorized to perform"), "/a", "ssm:GetParameter"),
        (refusal("AccessDeniedException", "Access to KMS is not allowed"), "a", "kms:Decrypt"),
        (refusal("AccessDeniedException", KMS), "/a", "kms:Decrypt"),
        (refusal("DecryptionFailure"), "a", "kms:Decrypt"),
        (refusal("UnrecognizedClientException"), "a", "AWS_PROFILE"),
        (refusal("ExpiredTokenException"), "a", "log in again"),
        (refusal("InvalidRequestException", "marked for deletion"), "a", "Secrets Manager says"),
    ],
)
def test_a_refusal_names_the_right_that_is_missing(answer: Answer, name: str, right: str, scripted: ScriptedS3) -> None:
    scripted.answers = [answer]
    with pytest.raises(SecretRefused, match=rf"the secret {name} ") as caught:
        AwsSecret(name).read()
    assert right in caught.value.hint


@pytest.mark.parametrize("answer", [refusal("ThrottlingException"), refusal("InternalServiceError", status=500), LOST])
def test_what_may_pass_is_tried_again_and_then_told_as_such(
    answer: Answer, scripted: ScriptedS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    scripted.answers = [answer]
    with pytest.raises(SecretUnavailable, match="cannot be read now") as caught:
        AwsSecret("a").read()
    assert "later" in caught.value.hint
    assert len(scripted.requests) == 4


def test_an_answer_that_is_none_is_no_secret(scripted: ScriptedS3) -> None:
    scripted.answers = [Answer(body=b"<html>sign in</html>")]
    for name in ("a", "/a"):
        with pytest.raises(CollectorError):
            AwsSecret(name).read()


# F59
def test_no_log_line_holds_the_secret_even_at_debug(aws: Vault, caplog: pytest.LogCaptureFixture) -> None:
    arn, parameter = aws.keep(HUSH), aws.keep_parameter(HUSH)
    logging.getLogger("botocore.parsers").setLevel(logging.NOTSET)
    caplog.set_level(logging.DEBUG)
    boto3.Session().client("secretsmanager").get_secret_value(SecretId=arn)
    assert HUSH in caplog.text
    caplog.clear()
    assert [AwsSecret(arn).read(), AwsSecret(parameter).read()] == [HUSH, HUSH]
    assert caplog.records
    assert HUSH not in caplog.text
