"""What S3 and boto3 complain of, said in the collector's errors.

Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError

from collector.core.errors import CollectorError, ObjectExists, ObjectMissing, StoreRefused, StoreUnavailable

_CUT_SHORT = (boto.IncompleteReadError, boto.ResponseStreamingError, boto.FlexibleChecksumError)
_NO_ANSWER = (boto.ConnectionError, boto.HTTPClientError, *_CUT_SHORT)
_NO_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.NoAuthTokenError,
    boto.TokenRetrievalError,
    boto.SSOError,
    boto.LoginError,
)
_OF_MACHINES = ("iam-role", "container-role")
"""Where credentials have been before, a machine's metadata that does not answer now may again."""

_BUSY_CODES = frozenset({"SlowDown", "RequestTimeout", "RequestTimeoutException", "Throttling", "ThrottlingException"})

_LATER = "Try again later; if it stays so, check the network and AWS_ENDPOINT_URL_S3."
ROLE_SILENT = "The role of this machine gave no new credentials: check that it still has one; try again later."
_CREDENTIALS = "Check AWS_PROFILE, AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, or the role of this machine."
_RENEW = "The session's credentials have run out: log in again, or use a role, which renews them by itself."
_REGION = "Set AWS_DEFAULT_REGION to the region of the bucket."
_HINTS = {
    "InvalidAccessKeyId": _CREDENTIALS,
    "SignatureDoesNotMatch": _CREDENTIALS,
    "ExpiredToken": _RENEW,
    "ExpiredTokenException": _RENEW,
    "TokenRefreshRequired": _RENEW,
    "RequestTimeTooSkewed": "Set the clock of this machine.",
    "NoSuchBucket": "Create the bucket, or correct its name in COLLECTOR_OUTPUT.",
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "NotImplemented": "The collector needs a store that can create an object only if it is absent (If-None-Match).",
}
_RIGHTS = {"PutObject": "s3:PutObject", "GetObject": "s3:GetObject", "ListObjectsV2": "s3:ListBucket"}


@dataclass(frozen=True, slots=True)
class Errand:
    """An S3 operation on a key (or on the keys that start so), as messages name it."""

    operation: str
    bucket: str
    key: str

    def __str__(self) -> str:
        return f"{self.operation} s3://{self.bucket}/{self.key}"


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
        # botocore raises a bare RuntimeError when renewed credentials are as stale as the old ones.
        if "refreshed credentials" not in str(error):
            raise
        raise _refused(errand, str(error), _RENEW) from error


def is_role_silent(error: Exception) -> bool:
    """Ask whether the metadata endpoint of this machine, or container, gave no credentials for its role."""
    if isinstance(error, boto.CredentialRetrievalError):
        return error.kwargs.get("provider") in _OF_MACHINES
    return isinstance(error, boto.MetadataRetrievalError)


def is_momentary(error: Exception) -> bool:
    """Ask whether sending the same request again at once is right, where botocore itself does not.

    A 409 means that another conditional write of the key was under way; an answer cut short was already accepted by
    botocore, which only retries until the headers are there.
    """
    if isinstance(error, ClientError):
        return _status(error) == HTTPStatus.CONFLICT
    return isinstance(error, _CUT_SHORT)


def _answered(error: ClientError, errand: Errand) -> CollectorError:
    code, status = _code(error), _status(error)
    if status == HTTPStatus.PRECONDITION_FAILED:
        return ObjectExists(f"s3://{errand.bucket}/{errand.key} exists already")
    if code == "NoSuchKey":
        return ObjectMissing(f"s3://{errand.bucket}/{errand.key} does not exist")
    if _may_pass(code, status):
        return _unavailable(errand, str(error))
    return _refused(errand, str(error), _hint(error, errand))


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
    hint = _CREDENTIALS if isinstance(error, _NO_CREDENTIALS) else "Check COLLECTOR_OUTPUT and the AWS settings."
    return _refused(errand, str(error), hint)


def _hint(error: ClientError, errand: Errand) -> str:
    code = _code(error)
    if code in _HINTS:
        return _HINTS[code]
    if error.operation_name != errand.operation:
        return _CREDENTIALS
    if _status(error) != HTTPStatus.FORBIDDEN:
        return "Check COLLECTOR_OUTPUT and the AWS settings."
    hint = f"Allow {_RIGHTS[errand.operation]} in the policies of the user or role and of the bucket."
    if errand.operation == "GetObject":
        hint += " Without s3:ListBucket on the bucket S3 gives this answer for a key that does not exist, too."
    return hint


def _unavailable(errand: Errand, why: str) -> StoreUnavailable:
    return StoreUnavailable(f"{errand} got no answer to work with: {why}", hint=_LATER)


def _refused(errand: Errand, why: str, hint: str) -> StoreRefused:
    return StoreRefused(f"{errand} was refused: {why}", hint=hint)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
