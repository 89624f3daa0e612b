"""The worker that a process of this machine is."""

import os
import socket
from datetime import timedelta

TERM = timedelta(minutes=2)
"""Longer than one question to X takes, all its retries counted; as long as others wait for a host that is gone."""


class SystemWorker:
    """Implements `Worker`: a process, named by its host and its pid, or by a name of the caller's own.

    Only a process of this host is ever known to be gone; of any other name the lease's expiry decides.
    """

    def __init__(self, name: str = "", term: timedelta = TERM) -> None:
        self._host = socket.gethostname()
        self.name = name or f"{self._host}:{os.getpid()}"
        self.term = term

    def is_gone(self, name: str) -> bool:
        """Say whether the name is of a process of this host that does not run any more."""
        host, _, pid = name.rpartition(":")
        return host == self._host and pid.isdecimal() and not _runs(int(pid))


def _runs(pid: int) -> bool:
    # On other systems than POSIX, signal 0 is a signal like any other.
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
