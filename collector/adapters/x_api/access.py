"""Access: one set of credentials with its rate limits; another set has others."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from collector.adapters.x_api.credentials import XCredentials
from collector.adapters.x_api.rates import Rates
from collector.core.errors import CredentialsRefused, SecretRefused, SecretUnavailable, SourceUnavailable


@dataclass(frozen=True, slots=True)
class Access:
    """What a question is asked with, from its first try to its last."""

    credentials: XCredentials
    rates: Rates


@contextmanager
def as_source_errors() -> Iterator[None]:
    """Raise what the reading of a secret raises as an error of the source: X is asked nothing, and bills nothing."""
    try:
        yield
    except SecretUnavailable as cause:
        raise SourceUnavailable(str(cause), hint=cause.hint) from cause
    except SecretRefused as cause:
        raise CredentialsRefused(str(cause), hint=cause.hint) from cause
