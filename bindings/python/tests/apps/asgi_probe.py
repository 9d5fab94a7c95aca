"""An ASGI application that does what frameworks rarely do."""

import asyncio
import contextvars
import json
import os

events: dict[str, asyncio.Event] = {}
seen: list[str] = []
inside = contextvars.ContextVar("inside", default="nothing")


def event(name: str) -> asyncio.Event:
    return events.setdefault(name, asyncio.Event())


async def start(send, status=200, headers=()):
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def reply(send, text, status=200, headers=()):
    await start(send, status, headers)
    await send({"type": "http.response.body", "body": text.encode()})


async def body_of(receive):
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message["body"])
        if not message["more_body"]:
            return b"".join(parts)


async def scope_(scope, receive, send):
    shown = {k: repr(v) for k, v in scope.items()}
    await reply(send, json.dumps(shown))


async def echo(scope, receive, send):
    body = await body_of(receive)
    await start(send)
    await send({"type": "http.response.body", "body": body})


async def through(scope, receive, send):
    await start(send)
    while True:
        message = await receive()
        more = message["more_body"]
        part = {"type": "http.response.body", "body": message["body"].upper(), "more_body": more}
        await send(part)
        if not more:
            return


async def count(scope, receive, send):
    total = 0
    while True:
        message = await receive()
        total += len(message["body"])
        if not message["more_body"]:
            return await reply(send, str(total))


async def large(scope, receive, send):
    size = int(scope["query_string"])
    await start(send)
    await send({"type": "http.response.body", "body": b"x" * size})


async def hold(scope, receive, send):
    """Answers once it is told to by another request."""
    name = scope["query_string"].decode()
    token = inside.set(name)
    seen.append(f"held {name}")
    print(f"holding {name}", flush=True)
    await event(name).wait()
    assert inside.get() == name
    inside.reset(token)
    await reply(send, name)


async def context(scope, receive, send):
    before = inside.get()
    inside.set("left behind")
    await reply(send, before)


async def let_go(scope, receive, send):
    event(scope["query_string"].decode()).set()
    await reply(send, "ok")


async def seen_(scope, receive, send):
    await reply(send, json.dumps(seen))


async def disconnect(scope, receive, send):
    """Waits for the client to go, before its body, or within, or after a first part."""
    how = scope["query_string"].decode()
    seen.append(f"{how} began")
    if how.startswith("streaming"):
        await start(send)
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
    body = await body_of(receive)
    message = await receive()
    seen.append(f"{how} {message['type']} {body!r}")
    # Nobody is there to take it, which is no error.
    if not how.startswith("streaming"):
        await reply(send, "to nobody")
    for _ in range(3):
        await send({"type": "http.response.body", "body": b"more", "more_body": True})
    seen.append(f"{how} went on")


async def after(scope, receive, send):
    """``receive`` after the answer is a disconnect, also for who waits for it already."""
    await body_of(receive)
    waiting = asyncio.create_task(receive())
    await asyncio.sleep(0)
    await reply(send, "done")
    seen.append("after " + (await waiting)["type"] + " " + (await receive())["type"])


async def endless(scope, receive, send):
    await start(send)
    while True:
        message = {"type": "http.response.body", "body": b"z" * 30_000, "more_body": True}
        await send(message)
        if send.__self__.gone:
            break
    seen.append("endless ended")


async def background(scope, receive, send):
    await reply(send, "soon")
    await asyncio.sleep(0.3)
    with open(os.environ["PROBE_FILE"], "a") as file:
        file.write("background\n")


async def raises(scope, receive, send):
    raise ValueError("on purpose")


async def raises_later(scope, receive, send):
    await start(send)
    await send({"type": "http.response.body", "body": b"first", "more_body": True})
    raise ValueError("on purpose, later")


async def nothing(scope, receive, send):
    pass


async def head_alone(scope, receive, send):
    await start(send)


async def body_first(scope, receive, send):
    await send({"type": "http.response.body", "body": b"x"})


async def twice(scope, receive, send):
    await reply(send, "once")
    try:
        await send({"type": "http.response.body", "body": b"x"})
    except RuntimeError as error:
        seen.append(f"twice: {error}")


async def headers_as_lists(scope, receive, send):
    await reply(send, "x", headers=[[b"x-a", b"b"]])


async def headers_once(scope, receive, send):
    await start(send, headers=((name, b"b") for name in (b"x-a",)))
    await send({"type": "http.response.body", "body": b"y" * 500_000})


async def too_long(scope, receive, send):
    await reply(send, "12345", headers=[(b"content-length", b"3")])


async def too_short(scope, receive, send):
    await start(send, headers=[(b"content-length", b"9")])
    await send({"type": "http.response.body", "body": b"12345", "more_body": True})
    await send({"type": "http.response.body"})


async def framing(scope, receive, send):
    await reply(send, "framed", headers=[(b"Transfer-Encoding", b"chunked"), (b"x-a", b"b")])


async def bad_header(scope, receive, send):
    await reply(send, "x", headers=[(b"x-a", b"b\r\nx-evil: 1")])


async def cancels_itself(scope, receive, send):
    asyncio.current_task().cancel()
    await asyncio.sleep(1)


async def file(scope, receive, send):
    assert "http.response.pathsend" in scope["extensions"]
    await start(send, headers=[(b"content-type", b"application/octet-stream")])
    await send({"type": "http.response.pathsend", "path": os.environ["PROBE_FILE"]})


async def no_file(scope, receive, send):
    await start(send)
    await send({"type": "http.response.pathsend", "path": "/nowhere/at/all"})


HANDLERS = {
    name.strip("_").replace("_", "-"): value
    for name, value in list(globals().items())
    if asyncio.iscoroutinefunction(value)
}


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return await life(scope, receive, send)
    handler = HANDLERS.get(scope["path"].strip("/"))
    if handler is None:
        return await reply(send, "no such probe", 404)
    await handler(scope, receive, send)


async def life(scope, receive, send):
    assert (await receive())["type"] == "lifespan.startup"
    how = os.environ.get("PROBE_LIFESPAN", "")
    if how == "raises":
        raise ValueError("no database")
    if how == "fails":
        return await send({"type": "lifespan.startup.failed", "message": "no database today"})
    scope["state"]["shared"] = ["from the lifespan"]
    await send({"type": "lifespan.startup.complete"})
    assert (await receive())["type"] == "lifespan.shutdown"
    print("shut down", flush=True)
    if how == "fails late":
        return await send({"type": "lifespan.shutdown.failed", "message": "too late"})
    await send({"type": "lifespan.shutdown.complete"})


async def without_lifespan(scope, receive, send):
    assert scope["type"] == "http"
    await reply(send, "without")


def plain(scope, receive, send):
    """A function that is none of asyncio's but gives what one gives."""
    return app(scope, receive, send)


def make():
    return app
