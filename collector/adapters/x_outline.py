"""A first look at an answer of X: which tweets it holds, where the list goes on, and what X complains of."""

from dataclasses import dataclass

from msgspec import Struct
from msgspec.json import Decoder

from collector.adapters.x_lenient import decode
from collector.adapters.x_posts import Id


class Problem(Struct, frozen=True):
    """An entry of `errors`, beside `data` or alone; match `type` on its last path segment only."""

    type: str | None = None
    title: str | None = None
    detail: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    parameter: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class PageOutline:
    """What fetch must know of a page: tweet ids in the order given, the next page's token, X's problems.

    `has_data` tells an answer with a list, even an empty one, from one without.
    """

    tweet_ids: tuple[int, ...]
    next_token: str | None
    errors: tuple[Problem, ...]
    has_data: bool
    has_meta: bool


class _Named(Struct, frozen=True, gc=False):
    id: Id


class _Meta(Struct, frozen=True, gc=False):
    next_token: str | None = None


class _Answer(Struct, frozen=True, gc=False):
    data: list[_Named] | None = None
    meta: _Meta | None = None
    errors: list[Problem] | None = None


_DECODER = Decoder(_Answer, strict=False)


def outline(body: bytes) -> PageOutline:
    """Return the outline of an answer's body.

    Raises:
        ValueError: the body is no JSON object, or holds a tweet without a usable id.
    """
    answer = decode(body, _DECODER, _Answer)
    return PageOutline(
        tweet_ids=tuple([tweet.id for tweet in answer.data or ()]),
        next_token=(answer.meta.next_token if answer.meta else None) or None,
        errors=tuple(answer.errors or ()),
        has_data=answer.data is not None,
        has_meta=answer.meta is not None,
    )
