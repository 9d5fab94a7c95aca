"""What the worker that runs in this process has: for code that does not know how it is served."""

from __future__ import annotations

from collections.abc import Mapping

from slotway._calls import Caller
from slotway._errors import OutOfOrder
from slotway._events import Events
from slotway._line import Line
from slotway._loop import Waits
from slotway._slotway import Core


class Current:
    """A worker's way to the hub besides its requests.

    :param core: its connection.
    :param names: the identities of its registrations, and their numbers.
    """

    def __init__(self, core: Core, names: Mapping[str, int]) -> None:
        self._line = Line(core, own=False)
        self.events: Events = Events.of(self._line, names)
        self.caller: Caller = Caller.of(self._line)

    def serve_on(self, waits: Waits) -> None:
        """The loop that serves the worker's requests is the one for events and calls too."""
        self._line.serve_on(waits)

    def enter(self) -> None:
        """The worker has begun."""
        _running.append(self)

    def leave(self) -> None:
        """The worker has ended."""
        if self in _running:
            _running.remove(self)


#: Those of the workers that run in this process.
_running: list[Current] = []


def current() -> Events:
    """The events of the worker that runs in this process, for code that does not know how it
    is served: a FastAPI or Flask application, for instance, from its handlers. With several,
    those of the one that began last.

    Before the worker has connected, in an application's lifespan for instance, there is none:
    ``OutOfOrder``. Code that begins there makes its own ``slotway.Events()``.
    """
    return _latest("slotway.Events()").events


def caller() -> Caller:
    """What calls activities through the worker that runs in this process, as ``current`` is
    what publishes."""
    return _latest("slotway.Caller()").caller


def _latest(instead: str) -> Current:
    try:
        return _running[-1]
    except IndexError:
        raise OutOfOrder(
            f"no worker runs in this process yet; where there is none, make {instead}"
        ) from None
