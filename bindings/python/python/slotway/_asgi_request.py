"""One HTTP request of an ASGI application: what ``receive`` and ``send`` do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from slotway._errors import AlreadyAnswered, BodyAborted, Cancelled, Error, HubGone, InvalidHead
from slotway._loop import Waits
from slotway._pathsend import send_path
from slotway._problem import answer_problem
from slotway._slotway import Exchange
from slotway._threads import ENDS

__all__ = ["Application", "AsgiRequest"]

#: An ASGI 3 application.
Application = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[dict[str, Any]]],
        Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ],
    # Nothing, by rights; what else comes is told.
    Awaitable[object],
]

log = logging.getLogger("slotway.asgi")

#: Bytes of a body that one ``http.request`` message brings at most.
CHUNK_BYTES = 256 << 10

#: Nobody waits for the answer any more.
NOBODY_WAITS = (AlreadyAnswered, Cancelled, HubGone)

#: The rest of the request's body will not come.
BODY_LOST = (*NOBODY_WAITS, BodyAborted)

# How far the answer is.
_NEW, _HEAD, _STREAM, _DONE = range(4)


class AsgiRequest:
    """A request on its way through an application.

    The answer's head is kept until the first part of the body is there: mostly that is the
    whole body, and then everything is written in one call.
    """

    # What most requests never change is the class's, and costs them nothing.
    phase = _NEW
    gone = False
    waiting = False
    body_done = False
    #: Bytes of the body that are still to come, once somebody has asked; -1: not known.
    left: int | None = None
    token: int
    status: int
    headers: Iterable[Any]

    def __init__(self, exchange: Exchange, scope: MutableMapping[str, Any], waits: Waits) -> None:
        self.exchange = exchange
        self.scope = scope
        self.waits = waits

    async def run(self, app: Application) -> None:
        """Calls the application, and answers for it if it does not."""
        try:
            result = await app(self.scope, self.receive, self.send)
        except BaseException as error:
            self._raised(error)
            if isinstance(error, ENDS):
                raise
            return
        if self.phase != _DONE:
            self._unanswered()
        if result is not None:
            log.error("the application returned %r; an ASGI application returns None", result)

    async def receive(self) -> dict[str, Any]:
        """ASGI's ``receive``: the next part of the body, or that the client has gone."""
        if not self.body_done and self.phase != _DONE:
            if self.left is None:
                length = self.exchange.content_length
                self.left = -1 if length is None else length
            if self.left == 0:
                self.body_done = True
                return {"type": "http.request", "body": b"", "more_body": False}
            data = await self._read()
            if data is not None:
                return {"type": "http.request", "body": data, "more_body": not self.body_done}
        while self.phase != _DONE and not self.gone:
            if self.exchange.poll_cancelled():
                self._nobody_waits()
            elif self.phase != _DONE:
                await self._wait()
        return {"type": "http.disconnect"}

    async def _read(self) -> bytes | None:
        """Some of the body; ``None`` if no more of it will come although more was to."""
        left = -1 if self.left is None else self.left
        while self.phase != _DONE and not self.gone:
            try:
                # At least this much of it is to come, or it is not known.
                data = self.exchange.try_read(min(left, CHUNK_BYTES) if left > 0 else CHUNK_BYTES)
            except BODY_LOST:
                self._nobody_waits()
                return None
            if data is None:
                await self._wait()
                continue
            if left > 0:
                left = self.left = left - len(data)
            if not data or left == 0:
                self.body_done = True
            return data
        return None

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """ASGI's ``send``."""
        phase = self.phase
        kind = message["type"]
        if phase == _NEW:
            if kind != "http.response.start":
                raise _unexpected(kind, "http.response.start")
            self.status = message["status"]
            headers = message.get("headers", ())
            # They may be looked at twice, and may be an iterator.
            self.headers = headers if headers.__class__ is list else list(headers)
            self.phase = _HEAD
        elif phase == _DONE:
            if not self.gone:
                raise RuntimeError(f"the application sent {kind!r} after its response was complete")
            # Whoever streams without end to somebody who has gone lets others run.
            await asyncio.sleep(0)
        elif kind == "http.response.body":
            more = message.get("more_body", False)
            data = message.get("body", b"")
            if phase != _HEAD or more or not self._respond(data):
                await self._stream(data, more)
        elif kind == "http.response.pathsend":
            await send_path(self, message["path"])
        else:
            raise _unexpected(kind, "http.response.body")

    def _respond(self, data: bytes) -> bool:
        """The whole answer in one call, unless it would have to wait for the client; gives
        whether it is done."""
        if not data and self.scope["method"] == "HEAD":
            # No body because none was asked for says nothing of its length.
            return False
        try:
            if not self.exchange.try_respond(self.status, self.headers, data):
                return False
        except Error as error:
            if isinstance(error, InvalidHead) and self._without_framing():
                return self._respond(data)
            self._failed(error)
        self.over()
        return True

    async def _stream(self, data: bytes, more: bool) -> None:
        if self.begin() and data:
            await self.write(data)
        elif more and self.phase == _STREAM:
            self._try(self.exchange.flush)
        if not more and self.phase == _STREAM:
            self._try(self.exchange.finish)
            self.over()

    def begin(self) -> bool:
        """Sends the head on its way, if that was not done; gives whether the body may follow."""
        if self.phase == _HEAD:
            try:
                self.exchange.start(self.status, self.headers)
            except Error as error:
                if isinstance(error, InvalidHead) and self._without_framing():
                    return self.begin()
                self._failed(error)
                return False
            self.phase = _STREAM
        return self.phase == _STREAM

    async def write(self, data: bytes | memoryview) -> None:
        """Adds to a body that was begun, as the client takes it."""
        while self.phase == _STREAM:
            try:
                count = self.exchange.try_write(data)
            except Error as error:
                self._failed(error)
                return
            if count is None:
                await self._wait()
            elif count == len(data):
                return
            else:
                data = memoryview(data)[count:]

    def over(self) -> None:
        """The answer is complete, or nobody wants it: whoever still waits learns of it."""
        self.phase = _DONE
        if self.waiting:
            self.waits.hear([self.token])

    async def _wait(self) -> None:
        if not self.waiting:
            self.token = self.exchange.token
            self.waiting = True
        await self.waits.notice(self.exchange)

    def _try(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Error as error:
            self._failed(error)

    def _failed(self, error: Error) -> None:
        """Nobody waiting is no error to an application; that it sent what cannot be is."""
        if isinstance(error, NOBODY_WAITS):
            self._nobody_waits()
        else:
            raise RuntimeError(str(error)) from error

    def _nobody_waits(self) -> None:
        """Gives the slot back now, however long the application goes on."""
        if self.phase != _DONE:
            self.gone = True
            self.over()
            self._abort()

    def _abort(self) -> None:
        try:
            self.exchange.abort()
        except Error:
            # It was answered or ended already, which is all that was wanted.
            pass

    def _without_framing(self) -> bool:
        """Leaves out ``transfer-encoding``, which some applications state and which is the
        hub's to choose; gives whether there was one."""
        headers = list(self.headers)
        kept = [(n, v) for n, v in headers if bytes(n).lower() != b"transfer-encoding"]
        self.headers = kept
        return len(kept) < len(headers)

    def _raised(self, error: BaseException) -> None:
        if self.phase == _DONE and self.gone and isinstance(error, OSError):
            # What some frameworks make of a client that has gone.
            log.debug("the application raised after its client had gone", exc_info=error)
            return
        scope = self.scope
        if isinstance(error, asyncio.CancelledError):
            log.warning("%s %s was cancelled by the worker's end", scope["method"], scope["path"])
        else:
            log.error(
                "%s %s: the application raised", scope["method"], scope["path"], exc_info=error
            )
        if self.phase != _DONE:
            self._answer("handler_failed", "The application raised an exception.")

    def _unanswered(self) -> None:
        scope = self.scope
        log.error(
            "%s %s: the application returned without completing its response",
            scope["method"],
            scope["path"],
        )
        self._answer("no_answer", "The application returned without a response.")

    def _answer(self, code: str, detail: str) -> None:
        """Answers with a problem, or breaks off what was begun."""
        answer_problem(self.exchange, code, detail)
        self.over()


def _unexpected(found: str, wanted: str) -> RuntimeError:
    return RuntimeError(f"the application sent {found!r} where {wanted!r} is to come")
