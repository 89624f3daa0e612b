"""Rate windows: how many requests an endpoint still answers, as its headers said last."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RateWindow:
    """The rate limit of one endpoint for one credential, until `reset_at`."""

    endpoint: str
    credential: str
    """A short fingerprint of the credential, never the credential."""
    limit: int
    remaining: int
    reset_at: datetime
