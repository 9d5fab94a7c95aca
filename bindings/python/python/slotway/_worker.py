"""A worker: routes, what answers them, and how to reach the hub."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from slotway._running import Running, run_here

Handler = TypeVar("Handler", bound=Callable[[Any], Any])


@dataclass(slots=True)
class Offer:
    """One registration: a name and its routes, with what answers each."""

    name: str
    max_concurrent: int | None
    routes: list[tuple[str, str, str | None, bool]]
    handlers: list[Callable[[Any], Any]]


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
        """``hub`` is the path of its control socket; without it ``$SLOTWAY_HUB``, else
        the usual places. ``threads`` is for plain functions; by default twice the
        processors, and 4 at least. ``max_concurrent`` is how many requests at a time are sent
        here. The rest is as for ``Core``.
        """
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
        self.offers: list[Offer] = [Offer(name, max_concurrent, [], [])]

    def also(self, name: str, *, max_concurrent: int | None = None) -> None:
        """Begins a further registration: routes that follow belong to it."""
        self.offers.append(Offer(name, max_concurrent, [], []))

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
            offer.routes.append((method, pattern, host, idempotent))
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

    def start(self) -> Running:
        """Connects and serves on threads of its own, and returns once the hub sends
        requests here. Use it in a ``with``, or end it with ``shutdown``."""
        running = Running(self)
        running.start()
        return running

    def run(self) -> None:
        """Connects and serves until SIGTERM or SIGINT, then drains; a second signal does not
        wait for the drain. From the main thread."""
        run_here(self)


def is_async(handler: Callable[[Any], Any]) -> bool:
    """Whether calling it gives a coroutine; also for objects with ``async def __call__``."""
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(
        getattr(handler, "__call__", None)  # noqa: B004 - the method is what is asked about
    )
