"""Handlers on an event loop: its turn for a wake of the hub's, and waiting in between."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterable, Callable, Coroutine, Mapping
from typing import Any, Protocol

from slotway._eager import Carrier, Runner
from slotway._errors import Closed, Error
from slotway._problem import handler_cancelled, handler_failed, not_sent
from slotway._request import AsyncRequest
from slotway._response import JSON, TEXT, dumps, pieces, whole
from slotway._slotway import Core, Exchange
from slotway._threads import ENDS, Ends, Serve

log = logging.getLogger("slotway")

#: Looks for requests in one turn of the loop; the rest of the loop wants its turn too.
_LOOKS = 4


class Told(Protocol):
    """A request, a subscription, or what else ``Core.take_notices`` tells of."""

    @property
    def token(self) -> int:
        """What it is told by."""


class Waits:
    """Who waits for a notice of which request, or of events."""

    __slots__ = ("_changes", "_waiters", "_watched", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop: asyncio.AbstractEventLoop = loop
        self._waiters: dict[int, list[asyncio.Future[None]]] = {}
        self._watched: dict[int, Callable[[], bool]] = {}
        self._changes: list[asyncio.Future[None]] = []

    async def notice(self, told: Told) -> None:
        """Waits for the next notice of it; it may come without cause."""
        waiter = self.loop.create_future()
        waiters = self._waiters.setdefault(told.token, [])
        waiters.append(waiter)
        try:
            await waiter
        finally:
            if waiter in waiters:
                waiters.remove(waiter)

    async def change(self) -> None:
        """Waits until the hub has come or gone, or something else has happened."""
        waiter = self.loop.create_future()
        self._changes.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._changes:
                self._changes.remove(waiter)

    def watch(self, exchange: Exchange, look: Callable[[], bool]) -> None:
        """Calls ``look`` for each notice of a request, until it gives ``False``."""
        self._watched[exchange.token] = look

    def unwatch(self, exchange: Exchange, look: Callable[[], bool]) -> None:
        """Ends ``watch``, unless the slot's next request has begun one."""
        if self._watched.get(exchange.token) is look:
            del self._watched[exchange.token]

    def hear(self, tokens: list[int]) -> None:
        """Wakes who waits for one of the notices."""
        for token in tokens:
            look = self._watched.get(token)
            if look is not None and not look() and self._watched.get(token) is look:
                del self._watched[token]
            for waiter in self._waiters.pop(token, ()):
                if not waiter.done():
                    waiter.set_result(None)

    def turn(self) -> None:
        """Wakes who waits for a change."""
        if self._changes:
            changes, self._changes = self._changes, []
            for waiter in changes:
                if not waiter.done():
                    waiter.set_result(None)

    def hear_all(self) -> None:
        """Everybody looks up: it is over."""
        self.hear(list(self._waiters))
        self.turn()


class Service:
    """One connection's requests on one event loop."""

    def __init__(self, core: Core, serves: Mapping[int, Serve], waits: Waits) -> None:
        self.core = core
        self.serves = serves
        self.waits = waits
        self.loop = waits.loop
        #: Looking again is due already, so that a busy loop looks once a turn.
        self.again = False
        #: Done when the connection is closed; holds the error if there was one.
        self.closed: asyncio.Future[None] = self.loop.create_future()

    def begin(self) -> None:
        """Listens to the hub from here on."""
        self.loop.add_reader(self.core.fileno(), self.wake)
        self.loop.call_soon(self.wake)

    def end(self) -> None:
        """Listens no more."""
        self.loop.remove_reader(self.core.fileno())

    def wake(self) -> None:
        """One turn of the loop: serves what is here."""
        if self.again:
            return
        serves = self.serves
        try:
            for _ in range(_LOOKS):
                taken = self.core.take()
                if not taken:
                    break
                for exchange in taken:
                    serves[exchange.key](exchange)
            else:
                self.again = True
                self.loop.call_soon(self._wake_again)
            # Also when requests come without end: who waits does not wait for that.
            tokens = self.core.take_notices()
            if tokens:
                self.waits.hear(tokens)
            self.waits.turn()
        except Closed:
            self._over(None)
        except Error as error:
            self._over(error)

    def _wake_again(self) -> None:
        self.again = False
        self.wake()

    def _over(self, error: Error | None) -> None:
        self.end()
        # Whoever still waits for something looks up, and finds it over.
        self.waits.hear(self.core.take_notices())
        self.waits.hear_all()
        if self.closed.done():
            return
        if error is None:
            self.closed.set_result(None)
        else:
            self.closed.set_exception(error)


def serving(
    route: str,
    handler: Callable[[AsyncRequest], Coroutine[Any, Any, Any]],
    runner: Runner,
    waits: Waits,
    request: type[AsyncRequest] = AsyncRequest,
    ends: Ends = ENDS,
) -> Serve:
    """What serves a route by a coroutine function; ``ends`` come out of it."""

    async def run(exchange: Exchange) -> None:
        try:
            try:
                answer = await handler(request(exchange, waits))
            except asyncio.CancelledError:
                raise
            except BaseException as error:
                handler_failed(exchange, route, error)
                if isinstance(error, ends):
                    raise
                return
            try:
                kind = type(answer)
                if kind is str:
                    body, headers = answer, TEXT
                elif kind is dict:
                    body, headers = dumps(answer), JSON
                else:
                    await send(exchange, answer, waits)
                    return
                if not exchange.try_respond(200, headers, body):
                    await send(exchange, answer, waits)
            except Exception as error:
                not_sent(exchange, route, error)
        except asyncio.CancelledError:
            # Here and not when the exchange is dropped: a traceback may keep it.
            if not exchange.answered:
                handler_cancelled(exchange, route)
            raise

    def serve(exchange: Exchange) -> None:
        coroutine = run(exchange)
        carrier = runner.start(coroutine)
        # It waits. From here on it is to hear when nobody wants its answer any more.
        if carrier is not None:
            cancel_with(exchange, carrier, coroutine, waits)

    return serve


def cancel_with(
    exchange: Exchange, carrier: Carrier, coroutine: Coroutine[Any, Any, None], waits: Waits
) -> None:
    """Cancels a coroutine when its request is cancelled."""

    def look() -> bool:
        if exchange.answered:
            return False
        if not exchange.poll_cancelled():
            return True
        carrier.cancel(coroutine)
        return False

    if look():
        waits.watch(exchange, look)


async def send(exchange: Exchange, answer: Any, waits: Waits) -> None:
    """Answers with what a handler gave back."""
    if exchange.answered or exchange.started:
        if answer is not None:
            raise TypeError("the handler has answered by itself, and gave back an answer too")
        return
    complete = whole(answer)
    if complete is not None:
        if not exchange.try_respond(*complete):
            await send_large(exchange, *complete, waits)
        return
    status, headers, body = pieces(answer)
    try:
        steps = body if isinstance(body, AsyncIterable) else one_by_one(body)
        steps = aiter(steps)
        exchange.start(status, headers)
        # So that a client sees the head of an answer whose first piece takes its time.
        exchange.flush()
        async for piece in steps:
            await write(exchange, piece, waits)
        exchange.finish()
    finally:
        if hasattr(body, "aclose"):
            await body.aclose()
        elif hasattr(body, "close"):
            body.close()


async def one_by_one(pieces: Any) -> Any:
    """The pieces of a plain iterable."""
    for piece in pieces:
        yield piece


async def send_large(
    exchange: Exchange, status: int, headers: Any, body: Any, waits: Waits
) -> None:
    """Answers with a body that the slot does not hold at once."""
    body = memoryview(body.encode() if isinstance(body, str) else body).cast("B")
    length = (b"content-length", str(len(body)).encode())
    exchange.start(status, [length, *headers])
    await write(exchange, body, waits)
    exchange.finish()


async def write(exchange: Exchange, data: Any, waits: Waits) -> None:
    """Adds to a streamed answer, waiting for room without holding up the loop."""
    count = exchange.try_write(data)
    if count == len(data) and not isinstance(data, str):
        return
    rest = memoryview(data.encode() if isinstance(data, str) else data).cast("B")
    while True:
        if count is None:
            await waits.notice(exchange)
        else:
            rest = rest[count:]
            if not rest:
                return
        count = exchange.try_write(rest)
