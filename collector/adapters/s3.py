"""An object store under a prefix of an S3 bucket (boto3)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Self

import boto3
import stamina
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError, ResponseStreamingError

from collector.adapters.aws_errors import ROLE_SILENT, is_role_silent
from collector.adapters.object_keys import (
    bucket_and_prefix,
    checked_bucket,
    checked_folder,
    checked_key,
    checked_prefix,
    media_type,
)
from collector.adapters.s3_errors import (
    Errand,
    is_forbidden,
    is_momentary,
    missing,
    translating,
)
from collector.core.errors import ConfigError, RightMissing, StoreUnavailable

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef


@dataclass(frozen=True, slots=True)
class S3Patience:
    """How long S3 may take, how often a request is sent, how long the first wait after a conflict is."""

    connect_timeout: timedelta = timedelta(seconds=5)
    read_timeout: timedelta = timedelta(seconds=30)
    attempts: int = 5
    first_wait: timedelta = timedelta(milliseconds=200)


PATIENCE = S3Patience()
CONNECTIONS = 32


def open_client(
    *, session: boto3.Session | None = None, endpoint_url: str | None = None, patience: S3Patience = PATIENCE
) -> "S3Client":
    """Open a client, safe for many threads, on boto3's own settings (profile, role, region, endpoint, checksums).

    Raises `ConfigError` when these do not fit together, and `StoreUnavailable` when the role of this machine is silent.
    """
    with _settings_translated():
        return (session or boto3.Session()).client("s3", endpoint_url=endpoint_url, config=client_config(patience))


def open_session() -> boto3.Session:
    """Open a session of boto3's own settings. Raises as `open_client` does."""
    with _settings_translated():
        return boto3.Session()


@contextmanager
def _settings_translated() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ValueError) as error:
        if is_role_silent(error):
            message = f"there are no credentials for S3: {error}"
            raise StoreUnavailable(message, hint=ROLE_SILENT) from error
        message = f"S3 cannot be used with these AWS settings: {error}"
        raise ConfigError(message, hint="check AWS_PROFILE, AWS_DEFAULT_REGION and AWS_ENDPOINT_URL_S3") from error


class S3Objects:
    """Create-only objects under a prefix of a bucket.

    An object is created by one conditional request, so that of many writers one wins and nobody looks before. When
    the answer to a request that succeeded is lost, botocore sends it again and S3 finds the object there: `create`
    then raises `ObjectExists` for what this very call wrote, and only the bytes can tell.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        client: "S3Client | None" = None,
        patience: S3Patience = PATIENCE,
        page_size: int = 1000,
    ) -> None:
        self._bucket = checked_bucket(bucket)
        self._prefix = checked_folder(prefix)
        self._client = client or open_client(patience=patience)
        self._page_size = page_size
        wait = patience.first_wait.total_seconds()
        again = stamina.RetryingCaller(
            attempts=patience.attempts, timeout=60, wait_initial=wait, wait_max=20 * wait, wait_jitter=wait
        )
        self._patiently = again.on(is_momentary)

    @classmethod
    def from_url(
        cls, url: str, *, client: "S3Client | None" = None, patience: S3Patience = PATIENCE, page_size: int = 1000
    ) -> Self:
        """Open the store of an `s3://bucket/prefix` URL. Raises `ConfigError` for any other."""
        bucket, prefix = bucket_and_prefix(url)
        return cls(bucket, prefix, client=client, patience=patience, page_size=page_size)

    @property
    def location(self) -> str:
        """The prefix as an `s3://` URL, without a slash at its end."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def create(self, key: str, body: bytes) -> None:
        """Create an object of at most 5 GB. Raises `ObjectExists`, `StoreUnavailable` or `StoreRefused`."""
        full_key = self._prefix + checked_key(key)
        with translating(self._errand("PutObject", full_key)):
            # The call takes no arguments because stamina logs them.
            self._patiently(
                lambda: self._client.put_object(
                    Bucket=self._bucket, Key=full_key, Body=body, ContentType=media_type(key), IfNoneMatch="*"
                )
            )

    def read(self, key: str) -> bytes:
        """Return an object's bytes. Raises `ObjectMissing`, `StoreUnavailable` or `StoreRefused`.

        Where a policy allows s3:ListBucket for some prefixes only, S3 answers 403 for a key that does not exist
        (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html): a list of that key then tells which.
        """
        full_key = self._prefix + checked_key(key)
        errand = self._errand("GetObject", full_key)
        with translating(errand):
            try:
                return self._got(full_key)
            except ClientError as refused:
                if not is_forbidden(refused):
                    raise
                if self._is_absent(full_key):
                    raise missing(errand) from refused
            # It may have been created after the first answer.
            return self._got(full_key)

    def _got(self, full_key: str) -> bytes:
        return self._patiently(lambda: _whole(self._client.get_object(Bucket=self._bucket, Key=full_key)["Body"]))

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that start with `prefix`, ascending by their UTF-8 bytes, as S3 lists them."""
        full_prefix = self._prefix + checked_prefix(prefix)
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=full_prefix, PaginationConfig={"PageSize": self._page_size}
        )
        with translating(self._errand("ListObjectsV2", full_prefix)):
            for page in pages:
                yield from self._relative(page)

    def _is_absent(self, full_key: str) -> bool:
        """Say whether a list shows that there is no such key; where none may be had, nothing is known."""
        try:
            with translating(self._errand("ListObjectsV2", full_key)):
                listed = self._client.list_objects_v2(Bucket=self._bucket, Prefix=full_key, MaxKeys=1)
        except RightMissing:
            return False
        return all(entry["Key"] != full_key for entry in listed.get("Contents", ()))

    def _errand(self, operation: str, full_key: str) -> Errand:
        return Errand(operation, self._bucket, full_key, self._prefix, self._client.meta.partition)

    def _relative(self, page: "ListObjectsV2OutputTypeDef") -> Iterator[str]:
        for entry in page.get("Contents", ()):
            # A folder made in the S3 console is an empty object whose key ends in a slash.
            if not entry["Key"].endswith("/"):
                yield entry["Key"].removeprefix(self._prefix)


def client_config(patience: S3Patience = PATIENCE) -> Config:
    """Return timeouts, retries and connections of a client of ours."""
    return Config(
        connect_timeout=patience.connect_timeout.total_seconds(),
        read_timeout=patience.read_timeout.total_seconds(),
        retries={"mode": "standard", "total_max_attempts": patience.attempts},
        max_pool_connections=CONNECTIONS,
    )


def _whole(body: "StreamingBody") -> bytes:
    try:
        with body:
            return body.read()
    except ReadTimeoutError as error:
        raise ResponseStreamingError(error=error) from error
