"""A private file for what does not fit in memory, gone when it is closed."""

import os
import tempfile
from types import TracebackType
from typing import Self

from collector.core.errors import StoreUnavailable
from collector.core.ports import ScratchSlice

_ROOM = "free some room, or set TMPDIR to a larger disk"


class ScratchFile:
    """A nameless file in the machine's temporary folder (`TMPDIR`); leaving the `with` block frees its room.

    One thread at a time may append. An append that fails leaves no trace.
    """

    def __init__(self) -> None:
        """Raise `StoreUnavailable` when no temporary folder takes a file: each is full, or not ours to write to."""
        try:
            self._file = tempfile.TemporaryFile(prefix="collector-", buffering=0)  # noqa: SIM115
        except OSError as error:
            message = f"no temporary file can be made: {error}"
            raise StoreUnavailable(message, hint=_ROOM) from error
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the room back; the slices cannot be read any more."""
        self._file.close()

    def append(self, body: bytes) -> ScratchSlice:
        """Store `body` behind what is there. Raises `StoreUnavailable` when the disk is full."""
        try:
            self._write_at(self._end, body)
        except OSError as error:
            message = f"the temporary folder {tempfile.gettempdir()} takes no more than {self._end} bytes: {error}"
            raise StoreUnavailable(message, hint=_ROOM) from error
        part = (self._end, len(body))
        self._end += len(body)
        return part

    def read(self, part: ScratchSlice) -> bytes:
        """Return the bytes of a slice that `append` gave."""
        offset, length = part
        if offset < 0 or length < 0 or offset + length > self._end:
            message = f"no slice of {self._end} bytes: offset {offset}, length {length}"
            raise ValueError(message)
        body = os.pread(self._file.fileno(), length, offset)
        while len(body) < length:
            body += os.pread(self._file.fileno(), length - len(body), offset + len(body))
        return body

    def _write_at(self, offset: int, body: bytes) -> None:
        rest = memoryview(body)
        while rest:
            written = os.pwrite(self._file.fileno(), rest, offset)
            offset += written
            rest = rest[written:]
