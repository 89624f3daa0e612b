"""An object store in memory."""

from collections.abc import Iterator
from threading import Lock

from collector.adapters.object_keys import checked_key, checked_prefix
from collector.core.errors import ObjectExists, ObjectMissing


class FakeObjects:
    """Create-only objects in `bodies`, by key, which a test may read, spoil or lose."""

    location = "fake://objects"

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self._lock = Lock()

    def create(self, key: str, body: bytes) -> None:
        with self._lock:
            if checked_key(key) in self.bodies:
                message = f"{self.location}/{key} exists already"
                raise ObjectExists(message)
            self.bodies[key] = bytes(body)

    def read(self, key: str) -> bytes:
        with self._lock:
            if checked_key(key) not in self.bodies:
                message = f"{self.location}/{key} does not exist"
                raise ObjectMissing(message)
            return self.bodies[key]

    def keys(self, prefix: str) -> Iterator[str]:
        checked_prefix(prefix)
        with self._lock:
            found = sorted(key for key in self.bodies if key.startswith(prefix))
        yield from found
