"""Policy: the choices a run makes by setting, as values."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta

from collector.core.columns import CSV_VERSION
from collector.core.documents import Recipe
from collector.core.errors import SourceError
from collector.core.money import NO_BUDGET, Budget
from collector.core.ports import Compression, Scratch, TweetDecoder

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Policy:
    """How a run plans, fetches and writes."""

    settle: timedelta = timedelta(seconds=60)
    concurrency: int = 8
    recipe: Recipe = field(default=Recipe(csv_version=CSV_VERSION, compression="none", newlines="escape"))
    part_bytes: int = 8 * MEGABYTE
    """A raw part is flushed when its pages reach this size, uncompressed ..."""
    part_age: timedelta = timedelta(seconds=30)
    """... or when its first page has waited this long."""
    outages_in_a_row: int = 5
    """After so many accounts in a row without a proper answer, the source counts as down and is left in peace."""
    budget: Budget = NO_BUDGET
    waits_for: tuple[type[SourceError], ...] = ()
    """Errors that end the asking with the batch open instead of sealed: for whoever runs fetch again when they pass."""


@dataclass(frozen=True, slots=True)
class Press:
    """What publish needs beside objects: reading tweets, compressing, and a scratch file."""

    decoder: TweetDecoder
    compression: Compression
    scratch: Callable[[], AbstractContextManager[Scratch]]
    writers: int = 1
    """How many objects are put at the same time."""
