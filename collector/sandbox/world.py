"""sandbox: the world, that is the truth and everything that can happen to it."""

from dataclasses import replace
from datetime import timedelta

from collector.sandbox.accounts import Status, new_account
from collector.sandbox.shapes import ID, shape_of
from collector.sandbox.snowflake import snowflake_ms
from collector.sandbox.texts import Text
from collector.sandbox.timeline import Posted
from collector.sandbox.truth import Horizon, Truth, utc_now

MAX_EDITS = 5

__all__ = ["Horizon", "World", "utc_now"]


class World(Truth):
    """The truth, and the actions that change it. An action that names no tweet or account raises KeyError."""

    def advance(self, by: timedelta) -> None:
        """Move the clock."""
        self._ahead += by

    def add_account(self, username: str, tweets: int = 0) -> int:
        """Let a new account appear, with a backlog; return its id."""
        account = new_account(self.seed, len(self._account_ids), username)
        self._admit(account, tweets)
        return account.account_id

    def post(self, account_id: int, text: str, *, kind: str = "original", late: timedelta = timedelta(0)) -> int:
        """Post a tweet (text as X writes it); it has its id at once, and appears `late`. Return its id."""
        timeline, now_ms = self._timelines[account_id], snowflake_ms(self.now())
        tweet_id = timeline.free_id(now_ms)
        number = len(timeline.posted)
        shape = shape_of(Text(text), kind, variant=number + 1)
        appears_ms = now_ms + late // timedelta(milliseconds=1)
        timeline.add(Posted(tweet_id, shape, number, appears_ms, self._foreign(tweet_id, number), (tweet_id,)))
        return tweet_id

    def edit(self, tweet_id: int, text: str) -> int:
        """Put a new version, which has a new id, in the place of a tweet; return that id."""
        timeline, history = self._timeline_of(tweet_id), self._versions(tweet_id)
        if len(history) > MAX_EDITS:
            message = f"tweet {tweet_id} has been edited {MAX_EDITS} times"
            raise ValueError(message)
        shape, number = self._shape(tweet_id)
        now_ms = snowflake_ms(self.now())
        new_id = timeline.free_id(now_ms)
        edited = shape_of(Text(text), shape.kind, variant=number % 10 + 1)
        edited.fields["edit_history_tweet_ids"] = [*map(str, history), ID]
        reference = self._referred(tweet_id, number)
        timeline.add(Posted(new_id, edited, number, now_ms, reference, (*history, new_id)))
        timeline.replaced.update(history)
        return new_id

    def delete(self, tweet_id: int) -> None:
        """Delete a tweet, with all its versions."""
        self._timeline_of(tweet_id).deleted.update(self._versions(tweet_id))

    def undelete(self, tweet_id: int) -> None:
        """Let a deleted tweet reappear."""
        self._timeline_of(tweet_id).deleted.difference_update(self._versions(tweet_id))

    def like(self, tweet_id: int, times: int = 1) -> None:
        """Let a tweet's like count grow."""
        self._shape(tweet_id)
        self._likes[tweet_id] = self._likes.get(tweet_id, 0) + times
        for cache in self._written.values():
            cache.pop(tweet_id, None)

    def rename(self, account_id: int, username: str) -> None:
        """Give an account another username, which may be one that another account has had."""
        old = self.users[account_id]
        if self._by_name.get(old.username.lower()) == account_id:
            del self._by_name[old.username.lower()]
        self._by_name[username.lower()] = account_id
        self.users[account_id] = replace(old, username=username)

    def protect(self, account_id: int) -> None:
        """Hide an account's tweets from us."""
        self._set_status(account_id, Status.PROTECTED)

    def unprotect(self, account_id: int) -> None:
        """Show a protected account's tweets again, old ids included."""
        self._set_status(account_id, Status.ACTIVE)

    def suspend(self, account_id: int) -> None:
        """Suspend an account."""
        self._set_status(account_id, Status.SUSPENDED)

    def unsuspend(self, account_id: int) -> None:
        """Bring a suspended account back."""
        self._set_status(account_id, Status.ACTIVE)

    def remove_account(self, account_id: int) -> None:
        """Delete an account: X does not find it any more."""
        self._set_status(account_id, Status.DELETED)

    def restore_account(self, account_id: int) -> None:
        """Bring a deleted account back."""
        self._set_status(account_id, Status.ACTIVE)

    def _set_status(self, account_id: int, status: Status) -> None:
        self.users[account_id] = replace(self.users[account_id], status=status)

    def _versions(self, tweet_id: int) -> tuple[int, ...]:
        """Return every version of a tweet, oldest first, whichever is named."""
        self._shape(tweet_id)
        posted = self._timeline_of(tweet_id).posted.values()
        histories = [one.history for one in posted if tweet_id in one.history]
        return max(histories, key=len, default=(tweet_id,))
