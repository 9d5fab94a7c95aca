"""Serve an ASGI application as a worker of the hub.

The command line does this for an application that is there already::

    python -m slotway main:app

and ``run`` does it from a program of one's own. Everything of ASGI 3 that is about HTTP
works: streams both ways, disconnects, lifespan, and, if asked for, files by the extension
``http.response.pathsend``. WebSockets, trailers and early hints do not get through the hub.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

from slotway._asgi_request import Application, AsgiRequest
from slotway._child import Parent, parent
from slotway._current import Current
from slotway._eager import Runner
from slotway._errors import Closed, Error
from slotway._lifespan import Lifespan, LifespanMode, StartupFailed
from slotway._load import not_while_loading
from slotway._loop import Waits
from slotway._register import ROUTES, connect
from slotway._running import only_in_main_thread
from slotway._slotway import Core, fill_scope

__all__ = ["ROUTES", "StartupFailed", "run"]

log: logging.Logger = logging.getLogger("slotway.asgi")

#: Requests that are taken at a time, and how often before the rest of the loop has a turn.
#: Mostly the second look finds nothing, and the loop sleeps with no turn in between.
BATCH, LOOKS = 32, 3

LoopName = Literal["auto", "asyncio", "uvloop"]


def run(
    app: Application,
    *,
    name: str = "app",
    routes: Sequence[str] = ROUTES,
    hub: str | os.PathLike[str] | None = None,
    root_path: str = "",
    lifespan: LifespanMode = "auto",
    loop: LoopName = "auto",
    pathsend: bool = False,
    limit_concurrency: int | None = None,
    graceful_timeout: float = 30.0,
) -> None:
    """Serves until SIGTERM or SIGINT, or until a newer deployment has this one's place.

    The application's lifespan begins before anything is registered and ends when the last
    request is answered. A second signal ends without waiting for requests. From the main
    thread.

    :param name: under which the worker registers; workers of one name share the load.
    :param routes: patterns, each for all methods.
    :param hub: the path of the hub's control socket; without it what ``$SLOTWAY_HUB`` names,
        else the usual place.
    :param root_path: the path that the application is mounted at.
    :param lifespan: ``auto``, ``on`` or ``off``.
    :param loop: ``uvloop``, ``asyncio``, or ``auto`` for uvloop where it is installed.
    :param pathsend: offer ``http.response.pathsend``. Files then go with fewer steps, and
        past middleware that would look at their bytes, such as Starlette's GZipMiddleware.
    :param limit_concurrency: requests in flight at most; more wait in the hub.
    :param graceful_timeout: seconds that requests in flight have at the end.
    :raises StartupFailed: the application's lifespan says so.
    :raises slotway.Error: the hub refuses the worker.
    """
    not_while_loading("slotway.asgi.run()")
    only_in_main_thread("slotway.asgi.run() hears signals", "it cannot be used")
    with asyncio.Runner(loop_factory=_loop_factory(loop)) as runner:

        async def main() -> None:
            server = _Server(app, Lifespan(app, lifespan), root_path, pathsend)
            await server.serve(
                lambda: connect(name, routes, hub, limit_concurrency, graceful_timeout),
                name,
                graceful_timeout,
                parent(),
            )

        runner.run(main())


def _loop_factory(name: LoopName) -> Callable[[], asyncio.AbstractEventLoop] | None:
    if name == "asyncio":
        return None
    try:
        import uvloop
    except ModuleNotFoundError:
        if name == "uvloop":
            raise
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


class _Server:
    """One application on one event loop."""

    def __init__(
        self, app: Application, lifespan: Lifespan, root_path: str, pathsend: bool
    ) -> None:
        self.app = app
        self.lifespan = lifespan
        self.loop = asyncio.get_running_loop()
        self.runner = Runner(self.loop)
        self.waits = Waits(self.loop)
        self.closed: asyncio.Future[Error] = self.loop.create_future()
        #: What every scope begins with.
        self.scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "root_path": root_path,
            "extensions": {"http.response.pathsend": {}} if pathsend else {},
        }
        self.core: Core
        #: Looking again is due already, so that a busy loop looks once a turn.
        self.again = False
        self.asked = 0
        #: Seconds for what is in hand at the end, and when they are over.
        self.patience = 0.0
        self.until: float | None = None

    async def serve(
        self,
        open_core: Callable[[], Core],
        name: str,
        graceful_timeout: float,
        supervisor: Parent | None,
    ) -> None:
        """The application's whole life."""
        self.patience = graceful_timeout
        await self.lifespan.startup()
        current: Current | None = None
        try:
            self.core = open_core()
            current = Current(self.core, {name: 0})
            current.serve_on(self.waits)
            current.enter()
            for number in (signal.SIGTERM, signal.SIGINT):
                self.loop.add_signal_handler(number, self._asked_to_end)
            if supervisor is not None:
                supervisor.watch(self._supervisor_gone)
            self._begin()
            live = self.loop.create_task(self._live(name, supervisor))
            ended = await self.closed
            self.loop.remove_reader(self.core.fileno())
            await self._finish()
            await live
        finally:
            if current is not None:
                current.leave()
            await self.lifespan.shutdown()
        self._why(ended)

    def _begin(self) -> None:
        """Listens to the hub from here on."""
        self.loop.add_reader(self.core.fileno(), self._ready)
        # Not right here: requests do not begin within a task.
        self.loop.call_soon(self._ready)

    async def _live(self, name: str, supervisor: Parent | None) -> None:
        """Says it once requests come here."""
        try:
            await self.loop.run_in_executor(None, self.core.wait_live)
        except Error:
            # It was closed before, and whoever takes requests learns why.
            return
        log.info("serving as %r (ASGI, %s)", name, type(self.loop).__module__.partition(".")[0])
        if supervisor is not None:
            supervisor.ready()

    def _ready(self) -> None:
        """There are requests, or notices, or the end."""
        if self.again:
            return
        core, app, waits, start = self.core, self.app, self.waits, self.runner.start
        template, state = self.scope, self.lifespan.state
        try:
            for _ in range(LOOKS):
                exchanges = core.take(BATCH)
                for exchange in exchanges:
                    scope = template.copy()
                    scope["state"] = state.copy()
                    fill_scope(exchange, scope)
                    start(AsgiRequest(exchange, scope, waits).run(app))
                if not exchanges:
                    break
            else:
                # There may be more, which nobody will say; but first others have their turn.
                self.again = True
                self.loop.call_soon(self._ready_again)
        except Error as error:
            # Whoever still waits for something looks up, and finds it over.
            waits.hear(core.take_notices())
            waits.hear_all()
            if not self.closed.done():
                self.closed.set_result(error)
            return
        tokens = core.take_notices()
        if tokens:
            waits.hear(tokens)
        waits.turn()

    def _ready_again(self) -> None:
        self.again = False
        self._ready()

    def _supervisor_gone(self) -> None:
        """Called from another thread."""
        try:
            self.loop.call_soon_threadsafe(self._asked_to_end)
        except RuntimeError:
            # The loop has ended before.
            pass

    def _asked_to_end(self) -> None:
        self.asked += 1
        if self.asked == 1:
            log.info("draining")
            self.until = time.monotonic() + self.patience
            self.core.begin_shutdown()
        else:
            self.core.begin_close()
            for carrier in list(self.runner.busy):
                carrier.task.cancel()

    async def _finish(self) -> None:
        """Waits for what runs on after its answer, background tasks above all."""
        # A newer deployment may have ended it, and not a signal.
        until = self.until or time.monotonic() + self.patience
        tasks = [carrier.task for carrier in self.runner.busy]
        self.runner.close()
        for carrier in self.runner.busy:
            carrier.retired = True
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=max(0.0, until - time.monotonic()))
        for task in late:
            task.cancel()
        if late:
            log.warning("cancelled, because the time was over: %d", len(late))
            await asyncio.wait(late, timeout=5)

    @staticmethod
    def _why(ended: Error) -> None:
        """Being closed is how it is to end; anything else is told."""
        if not isinstance(ended, Closed):
            raise ended
