"""What a worker offers: routes and activities, with what answers each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from slotway._errors import InvalidArgument
from slotway._events import Events
from slotway._stream import Stream

Handler = TypeVar("Handler", bound=Callable[[Any], Any])

#: A name, routes, how many requests at a time, queues, which of its name it is.
Offered: TypeAlias = tuple[
    str,
    list[tuple[str, str, str | None, bool, bool]],
    int | None,
    list[tuple[str, list[str], int | None]],
    str | None,
]


@dataclass(slots=True)
class Taken:
    """What is taken from one queue: the activities' types, and what does each."""

    handlers: dict[str, Callable[[Any], Any]]
    capacity: int | None = None


@dataclass(slots=True)
class Offer:
    """One registration: a name, its routes and its queues, with what answers each."""

    name: str
    max_concurrent: int | None
    instance: str | None = None
    routes: list[tuple[str, str, str | None, bool, bool]] = field(default_factory=list)
    handlers: list[Callable[[Any], Any] | Stream] = field(default_factory=list)
    queues: dict[str, Taken] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """The name and the instance with a dot between them, or the name alone."""
        return self.name if self.instance is None else f"{self.name}.{self.instance}"

    def offered(self) -> Offered:
        """As the layer below wants it."""
        queues = [(name, list(of.handlers), of.capacity) for name, of in self.queues.items()]
        return self.name, self.routes, self.max_concurrent, queues, self.instance

    def answering(self) -> list[tuple[str, Callable[[Any], Any] | Stream]]:
        """Each route and activity, for people, with what answers it, in the hub's order."""
        return [
            *(
                (f"{route[0]} {route[1]}", handler)
                for route, handler in zip(self.routes, self.handlers, strict=True)
            ),
            *(
                (f"{queue} {activity}", handler)
                for queue, taken in self.queues.items()
                for activity, handler in taken.handlers.items()
            ),
        ]


class Offering:
    """What routes and activities are added to."""

    def _offer(self) -> Offer:
        """What the next one is added to."""
        raise NotImplementedError

    @property
    def events(self) -> Events:
        """What publishes and receives events."""
        raise NotImplementedError

    def route(
        self,
        method: str,
        pattern: str,
        *,
        host: str | None = None,
        idempotent: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Adds a route: a method, or ``*`` for every method that no other route of the
        pattern names, and a pattern.

        ``host`` limits it to one host (``api.example``) or all below a domain
        (``*.example``). A request of an ``idempotent`` route may be sent to another worker
        when this one dies with it.
        """

        def add(handler: Handler) -> Handler:
            if not callable(handler):
                raise TypeError(f"what answers {method} {pattern} is a function, not {handler!r}")
            offer = self._offer()
            offer.routes.append((method, pattern, host, idempotent, False))
            offer.handlers.append(handler)
            return handler

        return add

    def any(
        self, pattern: str, *, host: str | None = None, idempotent: bool = False
    ) -> Callable[[Handler], Handler]:
        """Adds a route for every method that no other route of the pattern names."""
        return self.route("*", pattern, host=host, idempotent=idempotent)

    def get(
        self, pattern: str, *, host: str | None = None, idempotent: bool = False
    ) -> Callable[[Handler], Handler]:
        """Adds a route for GET."""
        return self.route("GET", pattern, host=host, idempotent=idempotent)

    def head(
        self, pattern: str, *, host: str | None = None, idempotent: bool = False
    ) -> Callable[[Handler], Handler]:
        """Adds a route for HEAD."""
        return self.route("HEAD", pattern, host=host, idempotent=idempotent)

    def post(
        self, pattern: str, *, host: str | None = None, idempotent: bool = False
    ) -> Callable[[Handler], Handler]:
        """Adds a route for POST."""
        return self.route("POST", pattern, host=host, idempotent=idempotent)

    def put(
        self, pattern: str, *, host: str | None = None, idempotent: bool = False
    ) -> Callable[[Handler], Handler]:
        """Adds a route for PUT."""
        return self.route("PUT", pattern, host=host, idempotent=idempotent)

    def patch(
        self, pattern: str, *, host: str | None = None, idempotent: bool = False
    ) -> Callable[[Handler], Handler]:
        """Adds a route for PATCH."""
        return self.route("PATCH", pattern, host=host, idempotent=idempotent)

    def delete(
        self, pattern: str, *, host: str | None = None, idempotent: bool = False
    ) -> Callable[[Handler], Handler]:
        """Adds a route for DELETE."""
        return self.route("DELETE", pattern, host=host, idempotent=idempotent)

    def sse(self, pattern: str, *, host: str | None = None) -> Stream:
        """Adds a route whose clients stay, as browsers' ``EventSource`` does, and get the
        events that this worker pushes. The hub holds them; ``Stream`` says who may come."""
        offer = self._offer()
        stream = Stream(self, offer.identity, pattern)
        offer.routes.append(("GET", pattern, host, False, True))
        offer.handlers.append(stream)
        return stream

    def activity(self, queue: str, type: str) -> Callable[[Handler], Handler]:
        """Takes activities of one type from a queue, ``namespace/queue``: whoever calls such a
        one (``Caller.call``, ``POST /queues/namespace/queue/type``) gets what the function
        gives back. ``request.activity`` says which it is, the body is the caller's payload.

        ``slotway.Response.busy()`` says "not now": the activity goes to another worker, or
        waits.
        """

        def add(handler: Handler) -> Handler:
            if not callable(handler):
                raise TypeError(f"what does {type} of {queue} is a function, not {handler!r}")
            taken = self._offer().queues.setdefault(queue, Taken({}))
            if type in taken.handlers:
                raise InvalidArgument(f"of the queue {queue!r} {type!r} is taken twice")
            taken.handlers[type] = handler
            return handler

        return add

    def capacity(self, queue: str, activities: int) -> None:
        """Has the worker take so many activities of a queue at a time at most; without it
        ``max_concurrent``. The rest waits in the hub."""
        self._offer().queues.setdefault(queue, Taken({})).capacity = activities
