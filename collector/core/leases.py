"""Leases: who has the right to work on a batch; losing it costs work, never truth."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Lease:
    """A worker's right to work on a batch, until `expires_at` unless it is renewed."""

    worker: str
    expires_at: datetime
