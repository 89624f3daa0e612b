"""Object keys as every store takes them, and the URL of a store taken apart."""

from collector.core.errors import ConfigError

UNFINISHED = "tmp"
"""The folder below a prefix where unfinished files live: no key starts there, whatever the store."""

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
        hint = f"A key is printable parts joined by single slashes, without `.` and `..`, not below `{UNFINISHED}/`."
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
        raise ConfigError(message, hint=f"Write it like {example}")
    return url.removeprefix(start)
