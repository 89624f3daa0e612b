"""Reads what does not fit as far as it fits: a strange field costs its own cell, never a row."""

import json
import re
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin

from msgspec import Struct, ValidationError, convert
from msgspec.json import Decoder
from msgspec.structs import fields

Shape = TypeVar("Shape", bound=Struct)

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
"""Every escape of a JSON text, from its backslash on, so that an escaped backslash is never taken for the next one."""


def decode(body: bytes, decoder: Decoder[Shape], shape: type[Shape]) -> Shape:
    """Return a JSON object as `shape`: typed and fast where it fits, mended where it does not.

    Raises:
        ValueError: the body is no JSON object, or a required field is not usable (the message names both).
    """
    try:
        return decoder.decode(body)
    except (ValueError, RecursionError):
        return _mended(body, decoder, shape)


def _mended(body: bytes, decoder: Decoder[Shape], shape: type[Shape]) -> Shape:
    try:
        return decoder.decode(paired(body))
    except (ValueError, RecursionError):
        return decode_leniently(body, shape)


def decode_leniently(body: bytes, shape: type[Shape]) -> Shape:
    """Return a JSON object as `shape`, with None for what does not fit.

    Bytes that are no UTF-8 and surrogates without a partner become U+FFFD. An id written with a fraction or an
    exponent does not fit: floats are not exact enough.

    Raises:
        ValueError: the body is no JSON object, or a required field is not usable (the message names both).
    """
    try:
        found = json.loads(body.decode("utf-8-sig", "replace"), strict=False)
    except RecursionError as cause:
        message = "the body is nested too deeply"
        raise ValueError(message) from cause
    whole = _whole(found)
    if not isinstance(whole, dict):
        message = f"the body is a JSON {type(whole).__name__}, not an object"
        raise ValueError(message)  # noqa: TRY004 - one error for every unusable body
    return _struct(whole, shape)


def paired(body: bytes) -> bytes:
    r"""Return JSON text in which every `\ud800`-like escape without its partner is `\ufffd`, the rest untouched."""
    return _ESCAPE.sub(_paired, body)


def _paired(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape["lone"] else escape[0]


def _whole(found: object) -> object:
    if isinstance(found, str):
        return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(found, list):
        return [_whole(item) for item in found]
    if isinstance(found, dict):
        return {name: _whole(value) for name, value in found.items()}
    return found


def _struct(found: dict[str, Any], shape: type[Shape]) -> Shape:
    fitted = {field.name: _fitted(found.get(field.name), field.type) for field in fields(shape)}
    for field in fields(shape):
        if field.required and fitted[field.name] is None:
            message = f"unusable {field.name}: {found.get(field.name)!r}"
            raise ValueError(message)
    return shape(**fitted)


def _fitted(found: object, kind: object) -> object:
    try:
        fit: object = convert(found, kind, strict=False)
    except ValidationError:
        return _fitted_inside(found, _without_none(kind))
    return fit


def _fitted_inside(found: object, kind: object) -> object:
    if get_origin(kind) is list and isinstance(found, list):
        items = (_fitted(item, get_args(kind)[0]) for item in found)
        return [item for item in items if item is not None]
    if isinstance(kind, type) and issubclass(kind, Struct) and isinstance(found, dict):
        return _struct(found, kind)
    if found is not None and _holds_required(kind):
        message = f"a JSON {type(found).__name__} where a list of objects belongs"
        raise ValueError(message)
    return str(found) if kind is str and type(found) is int else None


def _holds_required(kind: object) -> bool:
    inner = get_args(kind)[0] if get_origin(kind) is list else kind
    return isinstance(inner, type) and issubclass(inner, Struct) and any(field.required for field in fields(inner))


def _without_none(kind: object) -> object:
    parts = get_args(kind)
    return next(part for part in parts if part is not NoneType) if NoneType in parts else kind
