"""What the tests of rebuild share."""

from collector.flow import views


def told(room):
    """Return what a rebuild must tell as it was; of times, owners and batches only what documents hold."""
    with room.state.reading() as tx:
        accounts = [(one.account_id, one.username, one.status, one.baseline) for one in tx.accounts()]
        cursors = {account_id: (one.since_id, one.since_at) for account_id, one in tx.cursors().items()}
        batches = {
            (one.batch_id, one.plan_id, one.number, one.seal, one.through_id, one.failures, one.status, one.counts)
            for one in tx.batches()
        }
        gaps = [(one.account.account_id, one.ids, one.reason) for one in views.gaps(state=room.state)]
        return accounts, cursors, tx.coverage(), batches, gaps, tx.last_seal(), tx.backfills(), tx.newest_planned()


def rebuilt(room):
    room.lose_state()
    return room.rebuild()


class Reads:
    """Objects that note which of them are read."""

    def __init__(self, objects):
        self._objects, self.read_keys = objects, []

    def read(self, key):
        self.read_keys.append(key)
        return self._objects.read(key)

    def __getattr__(self, name):
        return getattr(self._objects, name)
