"""What a supervisor and its worker processes have between them: one socket pair each.

The worker says when it serves. That its end closes says to the worker that the supervisor
is gone, however it went, and the worker finishes what it has and ends.
"""

from __future__ import annotations

import functools
import os
import socket
import threading
from collections.abc import Callable

__all__ = ["VARIABLE", "Parent", "parent"]

#: The environment variable that names the worker's end.
VARIABLE = "SLOTWAY_SUPERVISOR_FD"

#: What a worker says when it serves.
READY = b"r"


class Parent:
    """The supervisor, as its worker sees it."""

    def __init__(self, fd: int) -> None:
        os.set_inheritable(fd, False)
        self._socket = socket.socket(fileno=fd)

    def ready(self, patience: float | None = None) -> None:
        """Says that the worker serves, and how many seconds it may take to end if the
        supervisor cannot know."""
        said = READY + (b"" if patience is None else b"%g" % patience)
        try:
            self._socket.send(said, socket.MSG_NOSIGNAL)
        except OSError:
            # It is gone, which the watching thread learns as well.
            pass

    def watch(self, gone: Callable[[], None]) -> None:
        """Calls ``gone`` from a thread of its own once the supervisor is gone."""
        thread = threading.Thread(
            target=self._wait, args=(gone,), name="slotway-supervisor-watch", daemon=True
        )
        thread.start()

    def _wait(self, gone: Callable[[], None]) -> None:
        try:
            while self._socket.recv(1):
                pass
        except OSError:
            pass
        gone()


@functools.cache
def parent() -> Parent | None:
    """The supervisor that started this process, if one did. What this process starts in turn
    is not to take itself for a worker."""
    fd = os.environ.pop(VARIABLE, None)
    return None if fd is None else Parent(int(fd))
