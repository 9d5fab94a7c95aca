"""Receiving events, on threads and on event loops."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self, TypeAlias

from slotway._errors import Closed
from slotway._slotway import BaseSubscription, Event, Gap

if TYPE_CHECKING:
    from slotway._line import Line

#: What comes out of a subscription.
Delivery: TypeAlias = Event | Gap

#: Events that a task takes before others have their turn.
_TURN = 256


class Subscription(BaseSubscription):
    """The events of some topics, as they are published; ``Events.subscribe`` gives it.

    ::

        for event in events.subscribe("chat.*"):      # on a thread
            ...
        async for event in events.subscribe("chat.*"):  # on an event loop
            ...

    What comes is an ``Event``, or a ``Gap`` where some were lost. When the hub goes away it
    waits for the next one and goes on from where it was, as far as that hub still holds it.
    Iterating ends with the worker, or when somebody closes it. Each event comes out once,
    however many threads and tasks take from it. Leaving a ``with`` closes it.
    """

    _line: Line
    _taken: int = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Delivery:
        try:
            # First, so that what comes from here on is heard.
            waits = self._line.here()
            if self._taken >= _TURN:
                # The rest of the loop wants its turn, however many there are.
                self._taken = 0
                await asyncio.sleep(0)
            while (found := self.poll()) is None:
                self._taken = 0
                await waits.notice(self)
        except Closed:
            raise StopAsyncIteration from None
        self._taken += 1
        return found

    async def live(self) -> None:
        """Waits until the hub has said that events come: those published from then on will."""
        waits = self._line.here()
        while not self.poll_live():
            await waits.notice(self)

    def close(self) -> None:
        """Ends it: nothing comes any more, and whoever waits for something sees its end."""
        super().close()
        self._line.wake(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        await self.live()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
