"""What Secrets Manager, Parameter Store and boto3 complain of, said in the collector's errors; none quotes a secret.

Codes: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html#API_GetSecretValue_Errors
and https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html#API_GetParameter_Errors
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError

from collector.adapters.aws_errors import CREDENTIALS, NO_CREDENTIALS, RENEW, ROLE_SILENT, is_role_silent, is_stale
from collector.core.errors import CollectorError, SecretRefused, SecretUnavailable

_NO_ANSWER = (boto.ConnectionError, boto.HTTPClientError, boto.IncompleteReadError)
_MISSING = {"ResourceNotFoundException", "ParameterNotFound", "ParameterVersionNotFound"}
_NO_VALUE = "staging label"
"""Of Secrets Manager's words for a secret that was made without a value, as Terraform makes it."""
_PUT = (
    "aws secretsmanager put-secret-value --secret-id {} --secret-string file:///dev/stdin, which takes it as you type"
)
_BUSY = {"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestTimeout"}
_KEY = {"DecryptionFailure", "InvalidKeyId", "KMSAccessDeniedException", "KMSInvalidStateException"}
_BAD_CREDENTIALS = {
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "MissingAuthenticationToken",
}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException"}

_LATER = "try again later; if it stays so, check the network, the VPC endpoint and AWS_ENDPOINT_URL"


@dataclass(frozen=True, slots=True)
class SecretService:
    """Where secrets are kept: its name, the operation that reads one, the right to it, how one is found or made."""

    name: str
    operation: str
    right: str
    correct: str
    make: str


SECRETS_MANAGER = SecretService(
    "Secrets Manager",
    "GetSecretValue",
    "secretsmanager:GetSecretValue",
    "correct its name, ARN or region (a parameter of SSM is named by its ARN, or with a slash first), or create it: ",
    "aws secretsmanager create-secret --name ... --secret-string ...",
)
PARAMETER_STORE = SecretService(
    "Parameter Store",
    "GetParameter",
    "ssm:GetParameter",
    "correct its name, ARN or region, or create it: ",
    "aws ssm put-parameter --type SecureString --name ... --value ...",
)


@dataclass(frozen=True, slots=True)
class SecretErrand:
    """The reading of a secret, as messages name it."""

    name: str
    service: SecretService

    def __str__(self) -> str:
        return f"the secret {self.name} of {self.service.name}"


@contextmanager
def translating(errand: SecretErrand) -> Iterator[None]:
    """Raise what boto3 raises within as an error of the collector that names the secret, never its value."""
    try:
        yield
    except ClientError as error:
        raise _answered(error, errand) from error
    except (BotoCoreError, ValueError) as error:
        raise _unanswered(error, errand) from error
    except RuntimeError as error:
        if not is_stale(error):
            raise
        message = f"{errand} cannot be read: {error}"
        raise SecretRefused(message, hint=CREDENTIALS) from error


def quiet_loggers() -> None:
    """Keep the one logger of botocore's above DEBUG that writes whole answers, the secret among them."""
    logger = logging.getLogger("botocore.parsers")
    logger.setLevel(max(logger.level, logging.INFO))


def _answered(error: ClientError, errand: SecretErrand) -> CollectorError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _BUSY or status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return SecretUnavailable(f"{errand} cannot be read now: {error}", hint=_LATER)
    if code in _MISSING and _NO_VALUE in str(error):
        return SecretRefused(f"{errand} is still empty", hint=f"put it there: {_PUT.format(errand.name)}")
    if code in _MISSING:
        return SecretRefused(f"{errand} does not exist", hint=f"{errand.service.correct}{errand.service.make}")
    return SecretRefused(f"{errand} cannot be read: {error}", hint=_hint(code, error, errand))


def _hint(code: str, error: ClientError, errand: SecretErrand) -> str:
    if code in _EXPIRED:
        return RENEW
    # The credentials of a role are asked for by another operation.
    if code in _BAD_CREDENTIALS or error.operation_name != errand.service.operation:
        return CREDENTIALS
    # Both services say AccessDeniedException, too, when it is the key that may not be used.
    if code in _KEY or "kms" in str(error).lower():
        return "allow kms:Decrypt on the key of the secret to the user or role, in its policy and the key's"
    if code.startswith("AccessDenied"):
        return f"allow {errand.service.right} on it in the policies of the user or role"
    return f"look at it: {errand.service.name} says what is wrong with it"


def _unanswered(error: Exception, errand: SecretErrand) -> CollectorError:
    if isinstance(error, _NO_ANSWER):
        return SecretUnavailable(f"{errand} cannot be read now: {error}", hint=_LATER)
    if is_role_silent(error):
        return SecretUnavailable(f"{errand} cannot be read now: {error}", hint=ROLE_SILENT)
    hint = "check the AWS settings"
    if isinstance(error, NO_CREDENTIALS):
        hint = CREDENTIALS
    if isinstance(error, boto.NoRegionError):
        hint = "set AWS_DEFAULT_REGION, or name the secret by its ARN, which holds the region"
    return SecretRefused(f"{errand} cannot be read: {error}", hint=hint)
