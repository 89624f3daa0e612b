"""What boto3 complains of before a service has answered: credentials that are missing, stale or late."""

from botocore import exceptions as boto

NO_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.NoAuthTokenError,
    boto.TokenRetrievalError,
    boto.SSOError,
    boto.LoginError,
    boto.ProfileNotFound,
)
CREDENTIALS = "check AWS_PROFILE, AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, or the role of this machine"
RENEW = "the session's credentials have run out: log in again, or use a role, which renews them by itself"
ROLE_SILENT = "the role of this machine gave no new credentials: check that it still has one; try again later"

_OF_MACHINES = ("iam-role", "container-role")
"""Where credentials have been before, a machine's metadata that does not answer now may again."""


def is_role_silent(error: Exception) -> bool:
    """Ask whether the metadata endpoint of this machine, or container, gave no credentials for its role."""
    if isinstance(error, boto.CredentialRetrievalError):
        return error.kwargs.get("provider") in _OF_MACHINES
    return isinstance(error, boto.MetadataRetrievalError)


def is_stale(error: RuntimeError) -> bool:
    """Ask whether renewed credentials were as stale as the old ones: botocore raises it as a bare RuntimeError."""
    return "refreshed credentials" in str(error)
