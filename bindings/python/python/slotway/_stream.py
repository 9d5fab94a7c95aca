"""Streams of events that a worker owns, and whose clients the hub holds."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from slotway._request import AsyncRequest, Request
from slotway._slotway import Exchange

if TYPE_CHECKING:
    from slotway._events import Payload
    from slotway._offer import Offering
    from slotway._threads import Serve

Handler = TypeVar("Handler", bound=Callable[[Any], Any])

Stage = Literal["connect", "reconnect", "disconnect"]

_HEAD = ((b"content-type", b"text/event-stream"),)


class StreamRequest(Request):
    """What a plain handler of a stream is told: who has come, or gone."""

    __slots__ = ()

    @property
    def connection(self) -> str:
        """The client's number, for as long as it is connected; no two have the same, in
        another run of the hub neither."""
        return self.exchange.header("slotway-connection") or ""

    @property
    def stage(self) -> Stage:
        """``connect``; ``reconnect`` for a client that was there before this worker was;
        ``disconnect``."""
        return cast("Stage", self.exchange.header("slotway-sse"))


class AsyncStreamRequest(AsyncRequest):
    """What an ``async def`` handler of a stream is told: who has come, or gone."""

    __slots__ = ()

    @property
    def connection(self) -> str:
        """The client's number, for as long as it is connected; no two have the same, in
        another run of the hub neither."""
        return self.exchange.header("slotway-connection") or ""

    @property
    def stage(self) -> Stage:
        """``connect``; ``reconnect`` for a client that was there before this worker was;
        ``disconnect``."""
        return cast("Stage", self.exchange.header("slotway-sse"))


class Stream:
    """A route whose clients stay, and get what is pushed to them; ``Worker.sse`` gives it.

    ::

        room = worker.sse("/rooms/{room}")

        @room.connect
        def come(request):
            if request.headers.get("authorization") is None:
                return Response("who are you?", status=401)

        @room.disconnect
        def gone(request):
            print(request.connection, "has left", request.params["room"])

        room.push("hello", {"room": "7"})

    The hub holds the clients. They stay when the worker restarts, and the new one is asked
    about each of them again.
    """

    def __init__(self, worker: Offering, name: str, pattern: str) -> None:
        self._worker = worker
        self._name = name
        #: Its route.
        self.pattern: str = pattern
        self.handlers: dict[str, Callable[[Any], Any]] = {}

    def connect(self, handler: Handler) -> Handler:
        """Has a function say who may stay. A status below 300, so ``None`` too, lets the client
        in, with the answer's headers; anything else is what the client gets. Without such a
        function everybody may."""
        return self._add("connect", handler)

    def disconnect(self, handler: Handler) -> Handler:
        """Has a function hear who has gone, once for each that was let in."""
        return self._add("disconnect", handler)

    def _add(self, what: str, handler: Handler) -> Handler:
        if not callable(handler):
            raise TypeError(f"what hears {what} of {self.pattern} is a function, not {handler!r}")
        if what in self.handlers:
            raise ValueError(f"{self.pattern} has a function for {what} already")
        self.handlers[what] = handler
        return handler

    def push(
        self,
        data: Payload = None,
        params: Mapping[str, str] | None = None,
        *,
        path: str | None = None,
        connection: str | None = None,
        event: str | None = None,
        id: str | None = None,
        close: bool = False,
        timeout: float | None = None,
    ) -> int:
        """Gives an event to all clients whose parameters are these, of a ``path``, or to one
        ``connection``. See ``Events.push``."""
        return self._worker.events.push(
            data,
            **self._target(params, path, connection),
            event=event,
            id=id,
            close=close,
            timeout=timeout,
        )

    def push_only(
        self,
        data: Payload = None,
        params: Mapping[str, str] | None = None,
        *,
        path: str | None = None,
        connection: str | None = None,
        event: str | None = None,
        id: str | None = None,
        close: bool = False,
        timeout: float | None = None,
    ) -> None:
        """The same without waiting for what becomes of it."""
        self._worker.events.push_only(
            data,
            **self._target(params, path, connection),
            event=event,
            id=id,
            close=close,
            timeout=timeout,
        )

    async def push_async(
        self,
        data: Payload = None,
        params: Mapping[str, str] | None = None,
        *,
        path: str | None = None,
        connection: str | None = None,
        event: str | None = None,
        id: str | None = None,
        close: bool = False,
    ) -> int:
        """As ``push``, on an event loop."""
        return await self._worker.events.push_async(
            data,
            **self._target(params, path, connection),
            event=event,
            id=id,
            close=close,
        )

    async def push_only_async(
        self,
        data: Payload = None,
        params: Mapping[str, str] | None = None,
        *,
        path: str | None = None,
        connection: str | None = None,
        event: str | None = None,
        id: str | None = None,
        close: bool = False,
    ) -> None:
        """As ``push_only``, on an event loop."""
        await self._worker.events.push_only_async(
            data,
            **self._target(params, path, connection),
            event=event,
            id=id,
            close=close,
        )

    def _target(
        self, params: Mapping[str, str] | None, path: str | None, connection: str | None
    ) -> dict[str, Any]:
        target: dict[str, Any] = {"name": self._name}
        if path is None and connection is None:
            target |= {"pattern": self.pattern, "params": params}
        elif params is not None:
            raise TypeError("parameters go without a path and a connection")
        else:
            target |= {"path": path, "connection": connection}
        return target


def each(handler: Callable[[Any], Any] | Stream) -> list[Callable[[Any], Any]]:
    """The functions of a route."""
    return list(handler.handlers.values()) if isinstance(handler, Stream) else [handler]


def is_async(handler: Callable[[Any], Any]) -> bool:
    """Whether calling it gives a coroutine; also for objects with ``async def __call__``."""
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(
        getattr(handler, "__call__", None)  # noqa: B004 - the method is what is asked about
    )


def serving(stream: Stream, make: Callable[[str, Callable[[Any], Any]], Serve]) -> Serve:
    """What serves a stream's route; ``make`` gives what serves by one of its functions."""
    serves = {what: make(what, handler) for what, handler in stream.handlers.items()}
    connect = serves.get("connect", accept)
    stages: dict[str | None, Serve] = {
        "connect": connect,
        "reconnect": connect,
        "disconnect": serves.get("disconnect", accept),
        # Whoever asks for the head alone does not stay.
        None: head,
    }

    def serve(exchange: Exchange) -> None:
        stages.get(exchange.header("slotway-sse"), accept)(exchange)

    return serve


def head(exchange: Exchange) -> None:
    """Says what there would be."""
    exchange.respond(200, _HEAD)


def accept(exchange: Exchange) -> None:
    """Lets a client in, or takes note that it is gone."""
    exchange.respond(204)
