"""Every error of the collector, sorted by what the caller can do about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime


class CollectorError(Exception):
    """Something the collector can name; `hint` says what a person should do next."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ConfigError(CollectorError):
    """A setting, an argument or a file of the user's is wrong; nothing was touched."""


class StateConflict(CollectorError):
    """Another state writes to this prefix, or this state is old."""


class LeaseLost(CollectorError):
    """Another worker has finished the batch meanwhile: nothing that is still asked for would count."""


class ObjectConflict(CollectorError):
    """An object that should be ours holds other tweets."""


class ObjectExists(CollectorError):
    """An object of that key exists already; create-only means it stays as it is."""


class ObjectMissing(CollectorError):
    """No object has that key."""


class ObjectDamaged(CollectorError):
    """A document of ours cannot be read."""


class StoreRefused(CollectorError):
    """The object store refuses us: credentials, rights or a bucket that does not exist."""


class RightMissing(StoreRefused):
    """The store knows us, and one right is missing: `right` at `place`; `told` is what the store says of it."""

    def __init__(self, message: str, *, right: str, place: str, told: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.right = right
        self.place = place
        self.told = told


class CreateOnlyMissing(StoreRefused):
    """The store cannot create an object only if there is none of that key."""


class LogMissing(StoreRefused):
    """The output does not hold the log of this state: it is another one, or not what it was."""


class SecretRefused(CollectorError):
    """A secret that is kept elsewhere cannot be had: credentials, rights, or it is missing or of no use."""


class RetryableError(CollectorError):
    """It may pass by itself: trying again later is right."""


class StoreUnavailable(RetryableError):
    """The object store does not answer."""


class StateUnavailable(RetryableError):
    """The state database does not answer or stays locked."""


class SecretUnavailable(RetryableError):
    """Where a secret is kept, nobody answers."""


class SourceError(CollectorError):
    """The source did not give what was asked; `reason` is its short name in tables and documents."""

    reason = "failed"
    may_be_billed = False
    """Whether the source may bill an answer all the same: one that was lost on its way, or cannot be read."""


class AccountUnreadable(SourceError):
    """The account is protected, suspended or gone; ask again later."""

    def __init__(self, message: str, *, reason: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class SourceUnavailable(SourceError, RetryableError):
    """The source does not answer properly: an outage."""

    reason = "outage"

    def __init__(self, message: str, *, hint: str = "", may_be_billed: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.may_be_billed = may_be_billed


class PageTokenExpired(SourceError):
    """The place in the list is gone: walk on by id range."""

    reason = "page_token_expired"


class NotProvenYet(SourceError):
    """Newer tweets are not collected yet, so that the end of a list proves nothing: ask again once they are."""

    reason = "not_proven_yet"


class RequestRefused(SourceError):
    """The source says that our request is wrong: a fault of ours, never retried."""

    reason = "request_refused"


class SourceClosed(SourceError):
    """No request of this run can succeed any more: stop asking."""

    reason = "source_closed"


class CredentialsRefused(SourceClosed):
    """The token or the keys are not accepted, or have no access."""

    reason = "credentials_refused"


class CreditsExhausted(SourceClosed, RetryableError):
    """No money, or a monthly cap is reached."""

    reason = "credits_exhausted"


class BudgetExhausted(SourceClosed, RetryableError):
    """A budget of ours leaves no room for another request."""

    reason = "budget_exhausted"


class RateLimited(SourceClosed, RetryableError):
    """The rate limit is used up until `reset_at`."""

    reason = "rate_limited"

    def __init__(self, message: str, *, reset_at: datetime, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reset_at = reset_at


@contextmanager
def reading(document: str) -> Iterator[None]:
    """Turn what a damaged document raises into `ObjectDamaged`, which names it."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, ConfigError) as cause:
        message = f"{document} cannot be read: {type(cause).__name__}: {cause}"
        raise ObjectDamaged(message, hint="collector verify lists the damage") from cause
