"""collector keeps a complete, exactly-once, time-partitioned CSV copy of the tweets of X accounts."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collector.reading import read_tweets

__all__ = ["read_tweets"]


def __getattr__(name: str) -> Any:  # noqa: ANN401  whatever is asked for
    # The command line must not wait for pandas.
    if name == "read_tweets":
        from collector.reading import read_tweets  # noqa: PLC0415

        return read_tweets
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
