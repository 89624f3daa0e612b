"""An object store in a folder of this machine."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from collector.adapters.object_keys import UNFINISHED, beyond_scheme, checked_key, checked_prefix
from collector.core.errors import (
    ConfigError,
    CreateOnlyMissing,
    ObjectExists,
    ObjectMissing,
    StoreRefused,
    StoreUnavailable,
)

_EXAMPLE = "file:///home/me/tweets"
_PASSING = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EAGAIN, errno.ESTALE, errno.ETIMEDOUT, errno.EMFILE, errno.ENFILE}
)
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV})


class FolderObjects:
    """Create-only objects as files below a folder, which is made when the first object is.

    A file is written under `tmp/` and then linked to its name: a name appears once, whole, or not at all, and the
    first link stands. What a killed writer left under `tmp/` is no object, and may be deleted by hand.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Open the store of a `file:///folder` URL. Raises `ConfigError` for any other."""
        return cls(folder_of(url))

    @property
    def location(self) -> str:
        """The folder as a `file://` URL, which `from_url` takes."""
        return self._folder.as_uri()

    def create(self, key: str, body: bytes) -> None:
        """Create a file, durable on return. Raises `ObjectExists`, `StoreUnavailable` or `StoreRefused`."""
        final = self._folder / checked_key(key)
        with _translating(final):
            _make_folder(final.parent)
            unfinished = self._written(body)
            try:
                _link(unfinished, final)
            finally:
                unfinished.unlink()
                # Also where another writer was first: its object must not vanish after we have relied on it.
                _sync(final.parent)

    def read(self, key: str) -> bytes:
        """Return a file's bytes. Raises `ObjectMissing`, `StoreUnavailable` or `StoreRefused`."""
        path = self._folder / checked_key(key)
        with _translating(path):
            try:
                return path.read_bytes()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
                message = f"{path} does not exist"
                raise ObjectMissing(message) from error

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that start with `prefix`, ascending by their UTF-8 bytes, as S3 does."""
        above, slash, _ = checked_prefix(prefix).rpartition("/")
        for entry in self._entries(above + slash):
            if entry.startswith(prefix):
                yield from self._below(entry)

    def _below(self, entry: str) -> Iterator[str]:
        if not entry.endswith("/"):
            yield entry
            return
        for deeper in self._entries(entry):
            yield from self._below(deeper)

    def _entries(self, above: str) -> list[str]:
        """Return files and folders (with a slash at the end) by key: in this order a folder's keys fall in place."""
        folder = self._folder / above
        with _translating(folder):
            try:
                with os.scandir(folder) as entries:
                    found = [f"{above}{entry.name}{'/' if entry.is_dir() else ''}" for entry in entries]
            except (FileNotFoundError, NotADirectoryError):
                return []
        return sorted((key for key in found if key != f"{UNFINISHED}/"), key=os.fsencode)

    def _written(self, body: bytes) -> Path:
        _make_folder(self._folder / UNFINISHED)
        path = self._folder / UNFINISHED / secrets.token_hex(16)
        try:
            with path.open("xb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path


def folder_of(url: str) -> Path:
    """Return the folder of a `file:///folder` URL. Raises `ConfigError` for any other."""
    beyond_scheme(url, scheme="file", example=_EXAMPLE)
    parts = urlsplit(url)
    if parts.netloc or parts.query or parts.fragment or not parts.path.strip("/"):
        message = f"{url!r} does not name a folder of this machine"
        raise ConfigError(message, hint=f"write the whole path, like {_EXAMPLE}")
    return Path(unquote(parts.path))


def _link(unfinished: Path, final: Path) -> None:
    try:
        os.link(unfinished, final)
    except FileExistsError as error:
        message = f"{final} exists already"
        raise ObjectExists(message) from error
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        message = f"{final} cannot be created whole or not at all: {error}"
        hint = "the file system has no hard links, or splits the folder: choose a local folder, on one disk, or S3"
        raise CreateOnlyMissing(message, hint=hint) from error


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _translating(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"{path} cannot be used: {error}"
        if error.errno in _PASSING:
            raise StoreUnavailable(message, hint="make room on the disk, or see whether it answers") from error
        raise StoreRefused(message, hint="check that the folder exists and that this user may write there") from error
