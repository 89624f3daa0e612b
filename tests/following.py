"""Following accounts in a room, with a source that stops answering and other workers at the same state."""

from dataclasses import replace
from datetime import timedelta

from fakes.clock import FakeClock
from fakes.source import FakeSource
from fakes.state import FakeState
from rooms import ESA, NASA, Room, moment, tweet

from collector.core.errors import RateLimited
from collector.flow.accounts import refresh
from collector.flow.follow import Following, follow

WEEK = Following(timedelta(days=7))
LIMITED = RateLimited("X answers no user until 12:15", reset_at=moment(15))


class LimitedSource(FakeSource):
    """Answers so many lookups more, then none."""

    answers_left = None

    def _looked_up(self, asked):
        if self.answers_left is not None:
            self.lookup_error = None if self.answers_left else LIMITED
            self.answers_left = max(0, self.answers_left - 1)
        return super()._looked_up(asked)


class SharedState(FakeState):
    """Lets another worker write once, right before the next writing transaction."""

    def __init__(self):
        super().__init__()
        self.others = []

    def writing(self):
        if self.others:
            self.others.pop()()
        return super().writing()


def shared_room():
    """Return a room with two accounts to follow, and a state that other workers share."""
    clock = FakeClock()
    room = Room(clock=clock, state=SharedState(), source=LimitedSource(clock, page_size=3))
    room.source.add(NASA, "NASA", [tweet(-5)])
    room.source.add(ESA, "esa")
    return room


def follow_in(room, *written, following=WEEK):
    return follow(written, following, state=room.state, source=room.source, clock=room.clock)


def refresh_in(room, older_than=timedelta(0), **choices):
    return refresh(older_than, state=room.state, source=room.source, clock=room.clock, **choices)


def accounts(room):
    with room.state.reading() as tx:
        return {account.account_id: account for account in tx.accounts()}


def crowd(room, count):
    """Let many accounts appear; return their names, the first one's id is 1001."""
    names = [f"user{number:04}" for number in range(1, count + 1)]
    for number, name in enumerate(names, start=1001):
        room.source.add(number, name)
    return names


def meanwhile(room, account_id, **changes):
    """Let another worker change an account between our reading and our writing."""

    def change():
        with room.state.writing() as tx:
            (old,) = (one for one in tx.accounts() if one.account_id == account_id)
            tx.save_accounts([replace(old, **changes)])

    room.state.others.append(change)
