"""Logs: events with facts on stderr, pretty on a terminal, JSON lines elsewhere; only the command line configures."""

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

HIDDEN = "(hidden)"


class LateSecrets:
    """Secrets that this process has read after its logs were configured, a rotated token for example."""

    def __init__(self) -> None:
        self._texts: tuple[str, ...] = ()
        self._maskers: tuple[Callable[[str], None], ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """Return them all."""
        return self._texts

    def add(self, text: str) -> None:
        """Never show a text from now on, and tell all who mask texts."""
        if text and text not in self._texts:
            self._texts = (*self._texts, text)
            for mask in self._maskers:
                mask(text)

    def tell(self, mask: Callable[[str], None]) -> None:
        """Have somebody else mask them too, those to come among them."""
        if mask not in self._maskers:
            self._maskers = (*self._maskers, mask)
            for text in self._texts:
                mask(text)


LATE = LateSecrets()
"""Of this process, as structlog's configuration is."""


def configure_logs(*, secrets: Sequence[str] = (), level: str = "info", stream: TextIO | None = None) -> None:
    """Send log events to a stream, standard error by default, with every secret redacted."""
    # Airflow, where it is imported, sends what others log to standard output, of where credentials were found too.
    logging.getLogger("botocore").setLevel(logging.WARNING)
    # A connection that could not be reset, by Ctrl-C for one, is thrown away; its traceback is for nobody.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    out = stream or sys.stderr
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=True, exception_formatter=structlog.dev.plain_traceback)
        if out.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            Redaction(secrets),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )


class Redaction:
    """Replaces every secret in every text of an event."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = tuple(secret for secret in secrets if secret)

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """Return the event without secrets."""
        secrets = sorted((*self._secrets, *LATE.texts), key=len, reverse=True)
        return {key: _clean(value, secrets) for key, value in event.items()}


def _clean(value: object, secrets: Sequence[str]) -> object:
    if isinstance(value, (int, float, bool)) or value is None:
        return value
    if isinstance(value, Mapping):
        return {str(_clean(key, secrets)): _clean(item, secrets) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item, secrets) for item in value]
    text = value if isinstance(value, str) else str(value)
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text
