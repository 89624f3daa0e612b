"""What S3 and boto3 complain of, said in the collector's errors.

Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError

from collector.adapters.aws_errors import CREDENTIALS, NO_CREDENTIALS, RENEW, ROLE_SILENT, is_role_silent, is_stale
from collector.core.errors import (
    CollectorError,
    CreateOnlyMissing,
    ObjectExists,
    ObjectMissing,
    RightMissing,
    StoreRefused,
    StoreUnavailable,
)

_CUT_SHORT = (boto.IncompleteReadError, boto.ResponseStreamingError, boto.FlexibleChecksumError)
_NO_ANSWER = (boto.ConnectionError, boto.HTTPClientError, *_CUT_SHORT)
_BUSY_CODES = frozenset({"SlowDown", "RequestTimeout", "RequestTimeoutException", "Throttling", "ThrottlingException"})

_LATER = "try again later; if it stays so, check the network and AWS_ENDPOINT_URL_S3"
_NO_CONDITION = "the collector needs a store that can create an object only if it is absent (If-None-Match)"
_HINTS = {
    "InvalidAccessKeyId": CREDENTIALS,
    "SignatureDoesNotMatch": CREDENTIALS,
    "ExpiredToken": RENEW,
    "ExpiredTokenException": RENEW,
    "TokenRefreshRequired": RENEW,
    # Over https boto3 sends a body with its checksum behind it, which older gateways do not read.
    "MissingContentLength": "for a store older than Amazon's: export AWS_REQUEST_CHECKSUM_CALCULATION=when_required",
    "RequestTimeTooSkewed": "set the clock of this machine: sudo timedatectl set-ntp true",
}
_ELSEWHERE = {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
_RIGHTS = {"PutObject": "s3:PutObject", "GetObject": "s3:GetObject", "ListObjectsV2": "s3:ListBucket"}
_TOLD = re.compile(r"not authorized to perform: ([\w-]+:\w+)(?: on resource: \"?(arn:[^\s\"]+))?")
"""Amazon's own sentence; behind a refused put may stand a right to the bucket's KMS key."""


@dataclass(frozen=True, slots=True)
class Errand:
    """An S3 operation on a key (or on the keys that start so), as messages name it; `prefix` is that of the store."""

    operation: str
    bucket: str
    key: str
    prefix: str = ""
    partition: str = "aws"

    def __str__(self) -> str:
        return f"{self.operation} {self.place}"

    @property
    def place(self) -> str:
        """The key as an `s3://` URL."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def right(self) -> str:
        """The IAM action that allows it."""
        return _RIGHTS[self.operation]

    @property
    def statement(self) -> dict[str, object]:
        """The statement of an IAM policy that allows it, below the whole prefix."""
        bucket = f"arn:{self.partition}:s3:::{self.bucket}"
        if self.operation != "ListObjectsV2":
            return _allowing(self.right, f"{bucket}/{self.prefix}*")
        condition = {"Condition": {"StringLike": {"s3:prefix": f"{self.prefix}*"}}} if self.prefix else {}
        return _allowing(self.right, bucket) | condition


@contextmanager
def translating(errand: Errand) -> Iterator[None]:
    """Raise what boto3 raises within as an error of the collector that names the errand."""
    try:
        yield
    except ClientError as error:
        raise _answered(error, errand) from error
    except BotoCoreError as error:
        raise _unanswered(error, errand) from error
    except RuntimeError as error:
        if not is_stale(error):
            raise
        raise _refused(errand, str(error), RENEW) from error


def is_momentary(error: Exception) -> bool:
    """Ask whether sending the same request again at once is right, where botocore itself does not.

    A 409 means that another conditional write of the key was under way; an answer cut short was already accepted by
    botocore, which only retries until the headers are there.
    """
    if isinstance(error, ClientError):
        return _status(error) == HTTPStatus.CONFLICT or _is_cut_short(error)
    return isinstance(error, _CUT_SHORT)


def is_forbidden(error: ClientError) -> bool:
    """Ask whether a right is missing, or, where keys may not be listed freely, perhaps only the object."""
    return _status(error) == HTTPStatus.FORBIDDEN and _code(error) not in _HINTS


def missing(errand: Errand) -> ObjectMissing:
    """Return the error for an object that does not exist."""
    return ObjectMissing(f"{errand.place} does not exist")


def _answered(error: ClientError, errand: Errand) -> CollectorError:
    code, status = _code(error), _status(error)
    if status == HTTPStatus.PRECONDITION_FAILED:
        return ObjectExists(f"{errand.place} exists already")
    if code == "NoSuchKey":
        return missing(errand)
    if code == "NotImplemented" and errand.operation == "PutObject":
        return CreateOnlyMissing(f"{errand} was refused: {error}", hint=_NO_CONDITION)
    if _may_pass(code, status) or _is_cut_short(error):
        return _unavailable(errand, str(error))
    if is_forbidden(error) and error.operation_name == errand.operation:
        return _right_missing(error, errand)
    return _refused(errand, str(error), _hint(error, errand))


def _right_missing(error: ClientError, errand: Errand) -> RightMissing:
    words = str(error.response.get("Error", {}).get("Message") or "")
    right, resource = found.groups() if (found := _TOLD.search(words)) else (errand.right, None)
    statement = errand.statement if right == errand.right else _allowing(right, resource or "*")
    hint = f"allow it in the policy of the role or user: {json.dumps(statement)}"
    if "explicit deny" in words:
        hint = f"a policy denies it expressly; the bucket's: aws s3api get-bucket-policy --bucket {errand.bucket}"
    if errand.operation == "GetObject":
        hint += " ; without s3:ListBucket on the prefix S3 gives this answer for a key that does not exist, too"
    told = words if found else ""
    return RightMissing(f"{errand} was refused: {error}", right=right, place=errand.place, told=told, hint=hint)


def _allowing(right: str, resource: str) -> dict[str, object]:
    return {"Effect": "Allow", "Action": right, "Resource": resource}


def _is_cut_short(error: ClientError) -> bool:
    """Ask whether S3 complained in words that did not arrive: botocore puts the status in the place of their code."""
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return _code(error) == str(_status(error)) and "xml" in headers.get("content-type", "")


def _may_pass(code: str, status: int) -> bool:
    if code == "NotImplemented":
        return False
    passing = {HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}
    return code in _BUSY_CODES or status in passing or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _unanswered(error: BotoCoreError, errand: Errand) -> CollectorError:
    if isinstance(error, _NO_ANSWER):
        return _unavailable(errand, str(error))
    if is_role_silent(error):
        return StoreUnavailable(f"{errand} was not sent: {error}", hint=ROLE_SILENT)
    hint = CREDENTIALS if isinstance(error, NO_CREDENTIALS) else "check COLLECTOR_OUTPUT and the AWS settings"
    return _refused(errand, str(error), hint)


def _hint(error: ClientError, errand: Errand) -> str:
    code = _code(error)
    if code in _ELSEWHERE:
        return f"set the region of the bucket: export AWS_DEFAULT_REGION={region_of(error.response) or 'REGION'}"
    if code == "NoSuchBucket":
        return f"create the bucket (aws s3 mb s3://{errand.bucket}), or correct its name in COLLECTOR_OUTPUT"
    if code in _HINTS:
        return _HINTS[code]
    if error.operation_name != errand.operation:
        return CREDENTIALS
    return "check COLLECTOR_OUTPUT and the AWS settings"


def region_of(response: Mapping[str, Any]) -> str:
    """Return the region of the bucket, where an answer names it."""
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return str(headers.get("x-amz-bucket-region") or response.get("Error", {}).get("Region") or "")


def _unavailable(errand: Errand, why: str) -> StoreUnavailable:
    return StoreUnavailable(f"{errand} got no answer to work with: {why}", hint=_LATER)


def _refused(errand: Errand, why: str, hint: str) -> StoreRefused:
    return StoreRefused(f"{errand} was refused: {why}", hint=hint)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
