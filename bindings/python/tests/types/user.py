"""What somebody writes who checks types strictly: `mypy --strict` and pyright read it, and
nobody runs it. A line that is to be an error says so, and is one when it is none."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, assert_type

import slotway
import slotway.asgi
import slotway.wsgi
from slotway import Answer, AsyncRequest, Core, Exchange, Request, Response, Worker

worker = Worker("typed", threads=2, generation=3, connect="once", drain_deadline=1.5)


@worker.get("/items/{id}", host="*.example", idempotent=True)
def item(request: Request) -> dict[str, Any]:
    assert_type(request.params, dict[str, str])
    assert_type(request.query, dict[str, list[str]])
    assert_type(request.headers.get("accept"), str | None)
    assert_type(request.headers.get_all("accept"), list[str])
    assert_type(request.body, memoryview)
    assert_type(request.peer, tuple[str, int] | None)
    assert_type(request.time_left, float | None)
    assert_type(request.exchange, Exchange)
    return {"id": request.params["id"]}


# Decorating changes nothing.
found: Callable[[Request], dict[str, Any]] = item


@worker.post("/items")
async def create(request: AsyncRequest) -> Response:
    assert_type(await request.body(), memoryview)
    assert_type(await request.text(), str)
    async for piece in request.stream():
        assert_type(piece, bytes)
    return Response.json({"made": True}, status=201, headers={"location": "/items/1"})


@worker.route("PURGE", "/items")
def everything(request: Request) -> Iterator[bytes]:
    yield from request.stream()


@worker.any("/events")
async def events(request: AsyncRequest) -> Response:
    async def pieces() -> AsyncIterator[str]:
        yield "data: 1\n\n"

    return Response(pieces(), content_type="text/event-stream")


@worker.put("/any")
def anything(request: Request) -> Answer:
    if request.content_length == 0:
        return None
    return [1, "two"] if request.cancelled else "text"


def main() -> None:
    worker.also("more", max_concurrent=4)
    with worker.start() as running:
        assert_type(running, slotway.Running)
        assert_type(running.core, Core)
        assert_type(running.core.states, list[str])
        running.wait(timeout=1)
    try:
        worker.run()
    except slotway.Refused as error:
        assert_type(error.code, int)
        assert_type(error.name, str)


def mistakes(request: Request) -> None:
    Worker()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Worker("x", connect="always")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Worker("x", port=80)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    worker.get("/")(17)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
    Response(17)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    request.body = memoryview(b"")  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204})


def wsgi_app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("204 No Content", [])
    return []


def applications() -> None:
    slotway.asgi.run(asgi_app, name="a", routes=["/a/{*rest}"], lifespan="off", loop="asyncio")
    slotway.wsgi.run(wsgi_app, threads=4)
    slotway.asgi.run(wsgi_app)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
