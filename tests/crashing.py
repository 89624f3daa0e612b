"""A fuse: counts the effects of a worker, and ends it, like a power cut, or lets others work before one of them."""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rooms import Room

from collector.core.errors import ObjectExists
from collector.flow.collect import Ports


class Crash(BaseException):
    """The worker is gone: nothing catches this, and nothing has an effect any more."""


def crash() -> None:
    raise Crash


@dataclass
class Fuse:
    """Before effect number `at`, `meanwhile` happens; a crash before an effect is a crash after the one before."""

    at: int | None = None
    meanwhile: Callable[[], None] = crash
    effects: int = 0
    is_dead: bool = False

    def burn(self) -> None:
        """Count an effect that is about to take place; the dead have none."""
        if self.is_dead:
            raise Crash
        self.effects += 1
        if self.effects == self.at:
            try:
                self.meanwhile()
            except Crash:
                self.is_dead = True
                raise


def fused(room: Room, fuse: Fuse) -> Ports:
    """Return the ports of a room, as a worker sees them that may crash or sleep before every effect."""
    return Ports(
        FusedState(room, fuse),
        FusedSource(room.source, fuse),
        FusedObjects(room.objects, fuse),
        room.press,
        room.clock,
        room.policy,
        room.worker,
    )


class FusedObjects:
    location = "fake://objects"

    def __init__(self, objects: Any, fuse: Fuse) -> None:
        self._objects, self._fuse = objects, fuse

    def create(self, key, body):
        self._fuse.burn()
        self._objects.create(key, body)

    def read(self, key):
        self._fuse.burn()
        return self._objects.read(key)

    def keys(self, prefix):
        self._fuse.burn()
        return self._objects.keys(prefix)


class FusedState:
    def __init__(self, room: Room, fuse: Fuse) -> None:
        self._state, self._fuse = room.state, fuse

    @contextmanager
    def reading(self):
        self._fuse.burn()
        with self._state.reading() as tx:
            yield tx

    @contextmanager
    def writing(self):
        self._fuse.burn()
        with self._state.writing() as tx:
            yield tx


class FusedSource:
    def __init__(self, source: Any, fuse: Fuse) -> None:
        self._source, self._fuse = source, fuse

    def page(self, ask):
        self._fuse.burn()
        return self._source.page(ask)

    def __getattr__(self, name):
        return getattr(self._source, name)


class LostReplies:
    """Objects whose every create succeeds, loses its reply, and is answered `it exists` when tried again."""

    def __init__(self, objects):
        self._objects = objects

    def create(self, key, body):
        self._objects.create(key, body)
        message = f"{key} exists already"
        raise ObjectExists(message)

    def __getattr__(self, name):
        return getattr(self._objects, name)
