"""How much room a disk has left."""

import shutil
from pathlib import Path

from collector.core.findings import Finding, fine, warning, wrong

LITTLE, NOTHING = 2**30, 50 * 2**20
"""Bytes: below the one it is time to make room, below the other a batch of a few busy accounts does not fit."""


def existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    return next((place for place in (folder, *folder.parents) if place.exists()), folder)


def space_finding(name: str, folder: Path, free: int | None = None) -> Finding:
    """Judge the bytes that are free where a folder is, or will be made."""
    place = existing(folder)
    left = shutil.disk_usage(place).free if free is None else free
    what = f"{left / 2**30:,.1f} GiB free in {place}"
    why = "a full disk ends every batch with nothing lost, and nothing collected"
    command = f"make room: du -xh --max-depth=2 {place} | sort -h | tail"
    if left < NOTHING:
        return wrong(name, what, why=why, command=command)
    return warning(name, what, why=why, command=command) if left < LITTLE else fine(name, what)
