"""A worker: routes, what answers them, and how to reach the hub."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Literal

from slotway._calls import Caller
from slotway._errors import OutOfOrder
from slotway._events import Events
from slotway._offer import Offer, Offering
from slotway._running import Running, run_here

class Worker(Offering):
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

    def _offer(self) -> Offer:
        return self.offers[-1]

    @property
    def events(self) -> Events:
        """What publishes and receives events while the worker runs."""
        return self._connected("events").events

    @property
    def caller(self) -> Caller:
        """What calls activities while the worker runs, its own included."""
        return self._connected("caller").caller

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
