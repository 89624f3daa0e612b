"""sandbox: one page of a list, and the opaque token that continues it."""

from dataclasses import dataclass
from zlib import crc32

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_CHECK_BITS = 32
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Page:
    """The ids of a page, newest first; `below` is where it starts, `next_below` where the next one does, if any.

    `outside` are ids of the same account that nobody asked for, for those who want to go wrong.
    """

    ids: tuple[int, ...]
    below: int
    next_below: int | None = None
    outside: tuple[int, ...] = ()


def token(scope: str, below: int) -> str:
    """Return the token of the page of a list (`scope`) that starts below an id."""
    return "7140d" + _in_base_36(below << _CHECK_BITS | _check(scope, below))


def token_start(scope: str, text: str) -> int | None:
    """Return where the page of a token starts, None when this list never gave that token."""
    if not text.startswith("7140d") or not text.isalnum() or not text.isascii() or len(text) > _LONGEST:
        return None
    number = int(text[5:] or "0", 36)
    below = number >> _CHECK_BITS
    return below if token(scope, below) == text else None


def _check(scope: str, below: int) -> int:
    return crc32(f"{scope} {below}".encode())


def _in_base_36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits
