"""A worker: routes, what answers them, and how to reach the hub."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar

from slotway._calls import Caller
from slotway._errors import InvalidArgument, OutOfOrder
from slotway._events import Events
from slotway._running import Running, run_here
from slotway._stream import Stream

Handler = TypeVar("Handler", bound=Callable[[Any], Any])

#: A name, routes, how many requests at a time, queues.
Registration: TypeAlias = tuple[
    str,
    list[tuple[str, str, str | None, bool, bool]],
    int | None,
    list[tuple[str, list[str], int | None]],
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
    routes: list[tuple[str, str, str | None, bool, bool]] = field(default_factory=list)
    handlers: list[Callable[[Any], Any] | Stream] = field(default_factory=list)
    queues: dict[str, Taken] = field(default_factory=dict)

    def registration(self) -> Registration:
        """As the layer below wants it."""
        queues = [(name, list(of.handlers), of.capacity) for name, of in self.queues.items()]
        return self.name, self.routes, self.max_concurrent, queues

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


class Worker:
    """Answers requests that the hub hands over.

    ::

        from slotway import Worker

        worker = Worker("greeter")

        @worker.get("/hello/{name}")
        def hello(request):
            return f"hello, {request.params['name']}"

        worker.run()

    A plain function runs on one of ``threads`` threads and gets a ``Request``; an ``async
    def`` runs on the one event loop and gets an ``AsyncRequest``. Both may be in one worker.
    A handler gives back ``str``, ``bytes``, ``dict`` or ``list`` (as JSON), ``None`` (204), a
    generator (a streamed body), or a ``Response``. One that raises answers with 500; the
    traceback goes to the log alone.

    A pattern is a path in which ``{name}`` stands for one segment and a closing ``{*name}``
    for the rest. Workers of one name share its load.

    :param name: under which the worker registers: letters, digits, ``.``, ``_`` and ``-``.
    :param hub: the path of the hub's control socket; without it what ``$SLOTWAY_HUB`` names,
        else ``$XDG_RUNTIME_DIR/slotway/hub.sock``, else ``/tmp/slotway-$UID/hub.sock``.
    :param threads: for plain functions; by default twice the processors, and 4 at least.
    :param max_concurrent: requests in hand at most; more wait in the hub.
    :param slots: places for requests in the memory that is shared with the hub.
    :param head_bytes: place for a request's head, and for a response's, in each slot.
    :param request_bytes: bytes of a request's body that a slot holds at once, a power of two;
        longer bodies flow through it.
    :param response_bytes: the same for a response's body.
    :param spin: how often a thread looks for a request before it sleeps, at most; 0 never.
        By default as often as takes some 50 µs.
    :param drain_deadline: seconds that requests in hand have when the worker ends; 30.
    :param generation: the number of this deployment. When it is ready the hub retires the
        workers of its names with lower ones. By default what ``$SLOTWAY_GENERATION`` says,
        else 0, which replaces nobody.
    :param connect: what ``start`` and ``run`` wait for: ``None`` for the hub, however long it
        takes; a number of seconds; or "once" for one attempt.

    The sizes that are not given are the hub's to choose.
    """

    def __init__(
        self,
        name: str,
        *,
        hub: str | os.PathLike[str] | None = None,
        threads: int | None = None,
        max_concurrent: int | None = None,
        slots: int | None = None,
        head_bytes: int | None = None,
        request_bytes: int | None = None,
        response_bytes: int | None = None,
        spin: int | None = None,
        drain_deadline: float | None = None,
        generation: int | None = None,
        connect: float | Literal["once"] | None = None,
    ) -> None:
        if threads is not None and threads < 1:
            raise ValueError(f"threads is {threads}; plain functions need 1 at least")
        self.threads: int = threads or max(4, 2 * (os.cpu_count() or 1))
        self.options: dict[str, Any] = {
            "hub": hub,
            "slots": slots,
            "head_bytes": head_bytes,
            "request_bytes": request_bytes,
            "response_bytes": response_bytes,
            "spin": spin,
            "drain_deadline": drain_deadline,
            "generation": generation,
            "connect": connect,
        }
        self.offers: list[Offer] = [Offer(name, max_concurrent)]
        self._running: Running | None = None

    def also(self, name: str, *, max_concurrent: int | None = None) -> None:
        """Begins a further name: routes that follow are registered under it.

        Each name has its own place in the hub's dashboard, and its own ``max_concurrent``.
        """
        self.offers.append(Offer(name, max_concurrent))

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
            offer = self.offers[-1]
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
        offer = self.offers[-1]
        stream = Stream(self, offer.name, pattern)
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
            taken = self.offers[-1].queues.setdefault(queue, Taken({}))
            if type in taken.handlers:
                raise InvalidArgument(f"of the queue {queue!r} {type!r} is taken twice")
            taken.handlers[type] = handler
            return handler

        return add

    def capacity(self, queue: str, activities: int) -> None:
        """Has the worker take so many activities of a queue at a time at most; without it
        ``max_concurrent``. The rest waits in the hub."""
        self.offers[-1].queues.setdefault(queue, Taken({})).capacity = activities

    @property
    def events(self) -> Events:
        """What publishes and receives events while the worker runs."""
        return self._connected("events").current.events

    @property
    def caller(self) -> Caller:
        """What calls activities while the worker runs, its own included."""
        return self._connected("caller").current.caller

    def _connected(self, what: str) -> Running:
        if self._running is None:
            raise OutOfOrder(
                f"the worker does not run yet, and has no connection; use its {what} from "
                "handlers, or after start()"
            )
        return self._running

    def start(self) -> Running:
        """Connects and serves on threads of its own, and returns once the hub sends
        requests here. Use it in a ``with``, or end it with ``shutdown``."""
        running = Running(self)
        running.start()
        return running

    def run(self, *, live: Callable[[], object] | None = None) -> None:
        """Connects and serves until SIGTERM or SIGINT, then drains; a second signal does not
        wait for the drain. From the main thread.

        :param live: is called, on a thread of its own, once the hub sends requests here.
        """
        run_here(self, live)
