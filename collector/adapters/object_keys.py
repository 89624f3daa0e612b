"""Object keys as every store takes them, and the URL of a store taken apart."""

import re

from collector.core.errors import ConfigError

UNFINISHED = "tmp"
"""The folder below a prefix where unfinished files live: no key starts there, whatever the store."""

S3_EXAMPLE = "s3://bucket/prefix"
_BUCKET = re.compile(r"[A-Za-z0-9._-]{3,255}")
_MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "gz": "application/gzip",
    "zst": "application/zstd",
}


def checked_key(key: str) -> str:
    """Return `key`. Raises `ConfigError` for one that a store would bend or that leaves the prefix."""
    parts = key.split("/")
    if not key.isprintable() or not {"", ".", ".."}.isdisjoint(parts) or parts[0] == UNFINISHED:
        message = f"{key!r} cannot be an object key"
        hint = f"a key is printable parts joined by single slashes, without `.` and `..`, not below `{UNFINISHED}/`"
        raise ConfigError(message, hint=hint)
    return key


def checked_prefix(prefix: str) -> str:
    """Return `prefix`, whose last part may be cut short. Raises `ConfigError` where no key can start so."""
    whole_parts, _, _ = prefix.rpartition("/")
    if whole_parts or prefix.startswith("/"):
        checked_key(whole_parts)
    return prefix


def media_type(key: str) -> str:
    """Return the Content-Type of an object by the end of its key."""
    return _MEDIA_TYPES.get(key.rpartition(".")[2], "application/octet-stream")


def beyond_scheme(url: str, *, scheme: str, example: str) -> str:
    """Return what follows `scheme://`. Raises `ConfigError` for another kind of URL."""
    start = f"{scheme}://"
    if not url.startswith(start):
        message = f"{url!r} is not a URL that starts with {start}"
        raise ConfigError(message, hint=f"write it like {example}")
    return url.removeprefix(start)


def bucket_and_prefix(url: str) -> tuple[str, str]:
    """Return the bucket of an `s3://bucket/prefix` URL, and the prefix with a slash at its end where there is one.

    Raises `ConfigError` for any other, and for what can be neither.
    """
    bucket, _, prefix = beyond_scheme(url, scheme="s3", example=S3_EXAMPLE).partition("/")
    return checked_bucket(bucket), checked_folder(prefix)


def checked_bucket(bucket: str) -> str:
    """Return `bucket`. Raises `ConfigError` for what cannot be the name of one."""
    if not _BUCKET.fullmatch(bucket):
        message = f"{bucket!r} cannot be the name of a bucket"
        raise ConfigError(message, hint=f"write the output like {S3_EXAMPLE}")
    return bucket


def checked_folder(prefix: str) -> str:
    """Return `prefix` with single slashes, one at its end. Raises `ConfigError` where no key can start so."""
    parts = [part for part in prefix.split("/") if part]
    if not prefix.isprintable() or not {".", ".."}.isdisjoint(parts):
        message = f"{prefix!r} cannot be a prefix of keys"
        raise ConfigError(message, hint=f"write the output like {S3_EXAMPLE}")
    return "".join(f"{part}/" for part in parts)
