"""Where the copy lies, as engines are told it."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

from collector.adapters.object_keys import bucket_and_prefix
from collector.core.errors import ConfigError

_EXAMPLE = "s3://my-bucket/tweets or file:///data/tweets"


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of tweets: in a bucket (`root` is bucket and prefix) or in a folder (`root` is its absolute path)."""

    root: str
    is_on_s3: bool

    @classmethod
    def at(cls, output: str) -> Self:
        """Return the copy at an output's URL. Raises `ConfigError` for a URL of another form."""
        parts = urlsplit(output)
        if output.startswith("s3://") and output.removeprefix("s3://").strip("/"):
            bucket, prefix = bucket_and_prefix(output)
            return cls(f"{bucket}/{prefix}".rstrip("/"), is_on_s3=True)
        if output.startswith("file:///") and parts.path.strip("/") and not (parts.query or parts.fragment):
            return cls(unquote(parts.path).rstrip("/"), is_on_s3=False)
        message = f"{output!r} names no bucket and no folder of this machine"
        raise ConfigError(message, hint=f"write it like {_EXAMPLE}")

    @property
    def bucket(self) -> str:
        """The name of the bucket."""
        return self.root.partition("/")[0]

    def url(self, scheme: str = "s3") -> str:
        """Return where the tweets lie: a URL of that scheme for a bucket, else a path."""
        return f"{scheme}://{self.root}/tweets" if self.is_on_s3 else f"{self.root}/tweets"
