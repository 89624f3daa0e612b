"""The scratch file gives back what it was given, and then its room; the clocks tell UTC."""

import errno
import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes.clock import NOON, FakeClock

from collector.adapters.scratch_file import ScratchFile
from collector.adapters.system_clock import SystemClock
from collector.core.errors import StoreUnavailable


def test_slices_read_back_in_any_order() -> None:
    bodies = [b"", b"a", bytes(1_000_000), b"\xff\x00" * 70_000, b"", b"z"]
    with ScratchFile() as scratch:
        parts = [scratch.append(body) for body in bodies]
        assert [scratch.read(part) for part in reversed(parts)] == bodies[::-1]
        late = scratch.append(b"late")
        assert scratch.read(late) == b"late"
        assert scratch.read(parts[1]) == b"a"


def test_a_slice_that_was_never_given_is_an_error() -> None:
    with ScratchFile() as scratch:
        scratch.append(b"abc")
        for part in ((0, 4), (3, 1), (-1, 2), (2, -1)):
            with pytest.raises(ValueError, match="no slice"):
                scratch.read(part)


def test_a_full_disk_is_unavailable_and_the_half_written_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.pwrite

    def write_a_little(descriptor: int, body: Any, offset: int) -> int:
        if offset >= 8:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, body[:4], offset)

    with ScratchFile() as scratch:
        monkeypatch.setattr(os, "pwrite", write_a_little)
        kept = scratch.append(b"12345")
        with pytest.raises(StoreUnavailable, match="5 bytes") as caught:
            scratch.append(b"too much")
        monkeypatch.undo()
        assert "TMPDIR" in caught.value.hint
        assert scratch.append(b"678") == (5, 3)
        assert scratch.read(kept) == b"12345"


def test_a_temporary_folder_that_takes_no_file_is_unavailable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))
    with pytest.raises(StoreUnavailable, match="not there") as caught:
        ScratchFile()
    assert "TMPDIR" in caught.value.hint


def test_a_slice_that_comes_bit_by_bit_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    read = os.pread
    with ScratchFile() as scratch:
        part = scratch.append(b"123456789")
        monkeypatch.setattr(os, "pread", lambda descriptor, length, offset: read(descriptor, min(length, 4), offset))
        assert scratch.read(part) == b"123456789"


def test_the_file_is_nameless_and_closed_after_use() -> None:
    with ScratchFile() as scratch:
        part = scratch.append(b"abc")
        assert os.fstat(scratch._file.fileno()).st_nlink == 0
    with pytest.raises(ValueError, match="closed"):
        scratch.read(part)


def test_the_system_clock_tells_aware_utc() -> None:
    before = datetime.now(UTC)
    told = SystemClock().now()
    assert told.tzinfo is UTC
    assert before <= told <= datetime.now(UTC)


def test_the_fake_clock_stands_still_until_it_is_moved() -> None:
    clock = FakeClock()
    assert clock.now() == clock.now() == NOON
    assert clock.advance(timedelta(minutes=5)) == clock.now() == NOON + timedelta(minutes=5)
