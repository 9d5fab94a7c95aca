"""One registration of a runner, and what answers for it."""

from __future__ import annotations

from slotway._calls import Caller
from slotway._current import Current
from slotway._errors import OutOfOrder
from slotway._events import Events
from slotway._offer import Offer, Offering


class Unit(Offering):
    """One registration of a ``Runner``: an identity, routes and activities, and the functions
    that answer them, which are added as to a ``Worker``.

    ::

        resizer = Unit("media.resize", instance="a1", max_concurrent=4)

        @resizer.post("/resize")
        def resize(request):
            return request.body

        @resizer.activity("media/images", "resize")
        async def resize_later(request):
            ...

    :param name: by habit ``tenant.type``; instances of one name share its load.
    :param instance: which of its name it is: letters, digits, ``_`` and ``-``. Name and instance
        are the identity, by which a hub lets registrations in, or has them wait for approval.
    :param max_concurrent: requests of it in hand at most; more wait in the hub.
    """

    def __init__(
        self, name: str, *, instance: str | None = None, max_concurrent: int | None = None
    ) -> None:
        self.offer: Offer = Offer(name, max_concurrent, instance)
        self._current: Current | None = None

    def _offer(self) -> Offer:
        return self.offer

    @property
    def identity(self) -> str:
        """The name and the instance with a dot between them, or the name alone."""
        return self.offer.identity

    @property
    def events(self) -> Events:
        """What publishes and receives events while the runner runs."""
        return self._connected().events

    @property
    def caller(self) -> Caller:
        """What calls activities while the runner runs."""
        return self._connected().caller

    def _connected(self) -> Current:
        if self._current is None:
            raise OutOfOrder(f"the runner of {self.identity} does not run, and has no connection")
        return self._current

    def __repr__(self) -> str:
        return f"<slotway.Unit {self.identity}>"
