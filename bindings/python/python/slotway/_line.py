"""A connection as events and calls use it: from threads, and from the one event loop."""

from __future__ import annotations

import asyncio

from slotway._errors import HubGone, OutOfOrder
from slotway._loop import Service, Told, Waits
from slotway._slotway import Core, Publisher


class Line:
    """What waits for a connection's outbox and inbox on an event loop, and how it ends.

    :param own: nobody else serves the connection: whichever loop asks first does.
    """

    def __init__(self, core: Core, *, own: bool) -> None:
        self.core: Core = core
        self.publisher: Publisher = Publisher(core)
        self.own: bool = own
        self._waits: Waits | None = None
        self._service: Service | None = None

    def serve_on(self, waits: Waits) -> None:
        """The loop that serves the worker's requests is the one for all else too."""
        self._waits = waits

    def here(self) -> Waits:
        """How the running loop waits."""
        loop = asyncio.get_running_loop()
        waits = self._waits
        if waits is not None and waits.loop is loop:
            return waits
        if not self.own:
            raise OutOfOrder(
                "this event loop does not serve the worker's requests; use the methods that "
                "wait on a thread, or make slotway.Events() or slotway.Caller() of the loop's own"
            )
        if waits is not None and not waits.loop.is_closed():
            raise OutOfOrder(
                "another event loop has this connection; make slotway.Events() or "
                "slotway.Caller() for each"
            )
        self._waits = waits = Waits(loop)
        self._service = service = Service(self.core, {}, waits)
        # What it ends with comes out of whatever is waited for.
        service.closed.add_done_callback(lambda closed: closed.exception())
        service.begin()
        return waits

    async def room(self, waits: Waits) -> None:
        """Waits until there may be more room on the way to the hub."""
        try:
            if not self.publisher.poll_room():
                await waits.notice(self.publisher)
        except HubGone:
            await waits.change()

    def wake(self, told: Told) -> None:
        """Whoever waits for a notice of it looks again. From any thread."""
        waits = self._waits
        if waits is None or waits.loop.is_closed():
            return
        try:
            if asyncio.get_running_loop() is waits.loop:
                waits.hear([told.token])
                return
        except RuntimeError:
            pass
        waits.loop.call_soon_threadsafe(waits.hear, [told.token])

    def close(self, whose: str) -> None:
        """Closes the connection, if it is nobody else's."""
        if not self.own:
            raise OutOfOrder(f"the worker's {whose} end with the worker; shut that down")
        service, self._service = self._service, None
        if service is not None and not service.loop.is_closed():
            service.end()
            service.waits.hear_all()
        self.core.close()
