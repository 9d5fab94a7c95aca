"""Handlers on threads."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from typing import Any, TypeAlias

from slotway._errors import Closed
from slotway._problem import handler_failed, not_sent
from slotway._request import Request
from slotway._response import JSON, TEXT, dumps, nonsense, pieces, whole
from slotway._slotway import Core, Exchange

Ends: TypeAlias = tuple[type[BaseException], ...]

#: What is to end the worker, and not one request alone.
ENDS: Ends = (KeyboardInterrupt, SystemExit)

#: Serves one request, whatever happens.
Serve: TypeAlias = Callable[[Exchange], None]


def serving(
    route: str,
    handler: Callable[[Any], Any],
    request: type[Request] = Request,
    ends: Ends = ENDS,
) -> Serve:
    """What serves a route by a plain function; ``ends`` come out of it."""

    def serve(exchange: Exchange) -> None:
        try:
            answer = handler(request(exchange))
        except BaseException as error:
            handler_failed(exchange, route, error)
            if isinstance(error, ends):
                raise
            return
        try:
            kind = type(answer)
            if kind is str:
                exchange.respond(200, TEXT, answer)
            elif kind is dict:
                exchange.respond(200, JSON, dumps(answer))
            else:
                send(exchange, answer)
        except Exception as error:
            not_sent(exchange, route, error)

    return serve


def send(exchange: Exchange, answer: Any) -> None:
    """Answers with what a handler gave back."""
    if exchange.answered or exchange.started:
        if answer is not None:
            raise TypeError("the handler has answered by itself, and gave back an answer too")
        return
    complete = whole(answer)
    if complete is not None:
        exchange.respond(*complete)
        return
    status, headers, body = pieces(answer)
    if isinstance(body, AsyncIterable):
        raise TypeError(f"an asynchronous body needs an `async def` handler; {nonsense(body)}")
    try:
        stream(exchange, status, headers, body)
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()


def stream(exchange: Exchange, status: int, headers: Any, body: Iterable[Any]) -> None:
    """Sends pieces as they come."""
    pieces = iter(body)
    exchange.start(status, headers)
    # So that a client sees the head of an answer whose first piece takes its time.
    exchange.flush()
    write = exchange.write
    for piece in pieces:
        write(piece)
    exchange.finish()


def work(core: Core, serves: Mapping[int, Serve]) -> None:
    """A thread's whole life: one request after the other."""
    take = core.next
    while True:
        try:
            exchange = take()
        except Closed:
            return
        if exchange is not None:
            serves[exchange.key](exchange)
            # Whoever is dropped unanswered is answered, and not when the next one comes.
            del exchange
