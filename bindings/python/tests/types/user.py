"""What somebody writes who checks types strictly: `mypy --strict` and pyright read it, and
nobody runs it. A line that is to be an error says so, and is one when it is none."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, assert_type

import slotway
import slotway.asgi
import slotway.wsgi
from slotway import (
    SYSTEM,
    Answer,
    AsyncRequest,
    AsyncStreamRequest,
    Core,
    Draft,
    Event,
    Events,
    Exchange,
    Gap,
    Request,
    Response,
    StreamRequest,
    Worker,
)

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


feed = worker.sse("/feeds/{id}", host="*.example")


@feed.connect
async def come(request: AsyncStreamRequest) -> Response | None:
    assert_type(request.connection, str)
    status = await feed.push_async("hello", connection=request.connection, event="hi")
    assert_type(status, int)
    return Response(status=403) if request.stage == "reconnect" else None


@feed.disconnect
def gone(request: StreamRequest) -> None:
    assert_type(feed.push(b"x", {"id": "7"}, id="1", timeout=1), int)
    feed.push_only({"left": request.connection}, path="/feeds/7")


def publishing() -> None:
    with Events(hub="/run/hub.sock") as events:
        events.publish("a.b", "text", type="t", principal=SYSTEM, must_deliver=True, timeout=0.5)
        events.publish("a.b", {"json": [1, 2]})
        assert_type(events.publish_many([("a", "b"), Draft("c", b"d", id="1")]), int)
        for refusal in events.take_refusals():
            assert_type(refusal.reason, str)
        with events.subscribe("a.*", "b", mode="routed", principal="ann") as subscription:
            assert_type(subscription.next(timeout=1), Event | Gap | None)
            for found in subscription:
                if isinstance(found, Event):
                    assert_type(found.payload, bytes)
                    assert_type(found.principal, str | None)
                else:
                    assert_type(found.missed, int)
    try:
        slotway.current().try_publish("a", memoryview(b"x"))
    except slotway.Full as full:
        assert_type(full.code, int)


async def receiving(events: Events) -> None:
    async with events.subscribe("#", after=7, overflow="newest") as subscription:
        await events.publish_async("a", "b")
        async for found in subscription:
            assert_type(found, Event | Gap)


@worker.activity("media/images", "resize")
def resize(request: Request) -> Response:
    activity = request.activity
    assert_type(activity, slotway.Activity | None)
    if activity is None or activity.attempt > 1:
        return Response.busy()
    assert_type(activity.key, str | None)
    return Response(request.body, content_type="image/png")


@worker.activity("media/images", "crop")
async def crop(request: AsyncRequest) -> str:
    reply = await worker.caller.call_async("media/images", "resize", {"w": 1}, timeout=5)
    return (await slotway.caller().call_async("a/b", "c", reply.body)).text()


worker.capacity("media/images", 8)


def calling() -> None:
    with slotway.Caller(hub="/run/hub.sock") as caller:
        reply = caller.call(
            "media/images", "resize", b"x", attempts=3, backoff=0.1, idempotent=True, key="k"
        )
        assert_type(reply, slotway.Reply)
        assert_type(reply.body, bytes)
        assert_type(reply.delay_hint, float | None)
        begun = caller.begin("media/images", "resize", "text", content_type="text/plain")
        assert_type(begun.wait(timeout=1), slotway.Reply | None)
        begun.hang_up()
    try:
        slotway.caller().call("a/b", "c")
    except slotway.CallFailed as failed:
        assert_type(failed.end, str)
        assert_type(failed.retry_after, float | None)


many = slotway.Unit("acme.many", instance="a", max_concurrent=2)


@many.get("/many")
async def answer(request: AsyncRequest) -> str:
    return "many"


def running_many() -> None:
    runner = slotway.Runner([many], hub="/run/hub.sock", hot_add=True, heartbeat=(5, 10))
    runner.add(slotway.Unit("acme.more"))
    assert_type(runner.withdraw("acme.more").backoff, float | None)
    report = runner.run(live=lambda: print("live"))
    ended = report.of(many.identity)
    assert_type(ended, slotway.Ended | None)
    assert_type([metrics.received for metrics in runner.metrics()], list[int])
    slotway.Runner(["acme"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]


def wrong_calls(caller: slotway.Caller) -> None:
    caller.call("a/b")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    caller.call("a/b", "c", 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    worker.activity("a/b", "c")(7)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]


def more_mistakes(events: Events) -> None:
    events.publish("a", 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    events.publish("a", "b", "c")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    events.subscribe("a", mode="fair")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    events.push("x", to="y")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    feed.connect(17)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
