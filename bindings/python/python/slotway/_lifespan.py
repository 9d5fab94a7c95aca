"""The ASGI lifespan protocol: an application starts before it serves, and ends afterwards."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import MutableMapping
from typing import Any, Literal

from slotway._asgi_request import Application

__all__ = ["Lifespan", "LifespanMode", "StartupFailed"]

log = logging.getLogger("slotway.asgi")

#: ``auto``: an application that does not know the protocol is served without; ``on``: it
#: is not served; ``off``: it is not asked.
LifespanMode = Literal["auto", "on", "off"]


class StartupFailed(Exception):
    """The application did not start; the text says why."""

    # Where it is to be imported from.
    __module__ = "slotway.asgi"


class Lifespan:
    """One application's life."""

    def __init__(self, app: Application, mode: LifespanMode = "auto") -> None:
        self.app = app
        self.mode = mode
        #: What the application put there at its start; each request gets a copy.
        self.state: dict[str, Any] = {}
        self._task: asyncio.Task[None] | None = None
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._started: asyncio.Future[None] | None = None
        self._ended: asyncio.Future[None] | None = None

    async def startup(self) -> None:
        """Waits until the application has started.

        :raises StartupFailed: it said that it cannot, or raised where that is not allowed.
        """
        if self.mode == "off":
            return
        loop = asyncio.get_running_loop()
        self._started, self._ended = loop.create_future(), loop.create_future()
        # Whoever is not there to hear of a failure is not warned about either.
        self._ended.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        self._messages.put_nowait({"type": "lifespan.startup"})
        self._task = loop.create_task(self._run(), name="slotway-lifespan")
        await self._started

    async def shutdown(self) -> None:
        """Waits until the application has ended, if it ever started."""
        if self._task is None or self._ended is None or self._task.done():
            return
        self._messages.put_nowait({"type": "lifespan.shutdown"})
        try:
            await self._ended
        except StartupFailed as failed:
            log.error("the application's shutdown failed: %s", failed)
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        scope: MutableMapping[str, Any] = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        error: BaseException | None = None
        try:
            await self.app(scope, self._messages.get, self._send)
        except BaseException as raised:
            error = raised
        started, ended = self._started, self._ended
        assert started is not None and ended is not None
        if not started.done():
            self._over_before_it_began(started, error)
        elif error is not None and not ended.done() and not started.exception():
            log.error("the application raised in its lifespan", exc_info=error)
        if not ended.done():
            ended.set_result(None)

    def _over_before_it_began(
        self, started: asyncio.Future[None], error: BaseException | None
    ) -> None:
        """The application left the protocol, by an exception or not, without a word."""
        if self.mode == "auto":
            log.info("the application does not take part in the lifespan protocol (%r)", error)
            started.set_result(None)
            return
        if error is not None:
            log.error("the application raised in its lifespan", exc_info=error)
            why = f"it raised {type(error).__name__}: {error}"
        else:
            why = "it returned without lifespan.startup.complete"
        failed = StartupFailed(f"{why}; with --lifespan auto it is served all the same")
        failed.__cause__ = error
        started.set_exception(failed)

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        kind = message["type"]
        future = self._started if kind.startswith("lifespan.startup.") else self._ended
        if future is None or future.done():
            raise RuntimeError(f"the application sent {kind!r} where that had been said")
        if kind.endswith(".complete"):
            future.set_result(None)
        elif kind.endswith(".failed"):
            future.set_exception(
                StartupFailed(message.get("message") or "the application gave no reason")
            )
        else:
            raise RuntimeError(f"{kind!r} is no message of the lifespan protocol")
