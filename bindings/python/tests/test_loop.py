"""`async def` handlers, alone and beside plain functions."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

import slotway
from crowd import crowd
from hub import Hub, eventually
from slotway import AsyncRequest, Request, Response, Worker


def test_both_kinds_in_one_worker(hub: Hub) -> None:
    """Coroutines run on one loop, plain functions on threads beside it."""
    worker = Worker("both", hub=hub.control, threads=2)
    threads: dict[str, set[str]] = {"plain": set(), "async": set()}

    @worker.get("/plain/{n}")
    def plain(request: Request) -> str:
        threads["plain"].add(threading.current_thread().name)
        return f"plain {request.params['n']}"

    @worker.get("/async/{n}")
    async def coroutine(request: AsyncRequest) -> str:
        threads["async"].add(threading.current_thread().name)
        return f"async {request.params['n']}"

    with worker.start():
        for n in range(20):
            assert hub.get(f"/plain/{n}").text == f"plain {n}"
            assert hub.get(f"/async/{n}").text == f"async {n}"
    assert threads["async"] == {"slotway-loop"}
    assert threads["plain"] and threads["plain"] <= {"slotway-0", "slotway-1"}


def test_handlers_that_wait_do_not_hold_each_other_up(hub: Hub) -> None:
    """A hundred at a time wait for the last of them."""
    worker = Worker("waits", hub=hub.control)
    here = 0
    all_here: asyncio.Event | None = None

    @worker.get("/")
    async def wait(request: AsyncRequest) -> dict[str, bool]:
        nonlocal here, all_here
        all_here = all_here or asyncio.Event()
        here += 1
        if here == 100:
            all_here.set()
        await asyncio.wait_for(all_here.wait(), 30)
        return {"all": True}

    with worker.start():
        assert crowd(hub.port, "/", clients=100, requests=1) == {(200, b'{"all":true}'): 100}


def test_answers_and_failures(hub: Hub) -> None:
    """As for plain functions; a handler that fails after it waited as well."""
    worker = Worker("fails", hub=hub.control)

    @worker.get("/boom/{when}")
    async def boom(request: AsyncRequest) -> str:
        if request.params["when"] == "later":
            await asyncio.sleep(0)
        raise RuntimeError("a secret")

    @worker.get("/nonsense")
    async def nonsense(request: AsyncRequest) -> object:
        return object()

    @worker.get("/none")
    async def none(request: AsyncRequest) -> None:
        await asyncio.sleep(0)

    @worker.get("/response")
    async def response(request: AsyncRequest) -> Response:
        return Response("x" * 1_000_000, 201, {"x-a": "b"})

    @worker.post("/json")
    async def parsed(request: AsyncRequest) -> Any:
        return await request.json()

    @worker.post("/text")
    async def text(request: AsyncRequest) -> str:
        return await request.text()

    with worker.start():
        for when in ("now", "later"):
            answer = hub.get(f"/boom/{when}")
            assert (answer.status, json.loads(answer.body)["code"]) == (500, "handler_failed")
            assert b"secret" not in answer.body
        assert hub.get("/nonsense").status == 502
        assert hub.get("/none").status == 204
        large = hub.get("/response")
        assert (large.status, large.headers["x-a"]) == (201, "b")
        assert large.headers["content-length"] == "1000000"
        assert large.body == b"x" * 1_000_000
        assert hub.post("/json", b'{"a":1}').text == '{"a":1}'
        assert hub.post("/json", b"nonsense").status == 400
        assert hub.post("/text", "ü".encode()).text == "ü"
        assert hub.post("/text", b"\xff").status == 400


def test_streaming_both_ways(hub: Hub) -> None:
    """Bodies in pieces, and answers in pieces of asynchronous and plain generators."""
    worker = Worker("streams", hub=hub.control)
    large = bytes(range(256)) * 20_000

    @worker.post("/whole")
    async def whole(request: AsyncRequest) -> bytes:
        return bytes(await request.body())

    @worker.post("/view")
    async def view(request: AsyncRequest) -> memoryview:
        return await request.body()

    @worker.post("/stream")
    async def stream(request: AsyncRequest) -> AsyncIterator[bytes]:
        return request.stream()

    @worker.get("/plain")
    async def plain(request: AsyncRequest) -> Iterator[str]:
        return (f"{n}ü\n" for n in range(3))

    with worker.start():
        for target in ("/whole", "/view", "/stream"):
            for size in (0, 1, 4096, 65536, 65537, len(large)):
                assert hub.post(target, large[:size]).body == large[:size], (target, size)
        assert hub.get("/plain").text == "0ü\n1ü\n2ü\n"


def test_others_go_on_while_a_client_does_not_read(hub: Hub) -> None:
    """A stream without end waits for its client, and nobody waits for it."""
    worker = Worker("stalls", hub=hub.control)
    written = 0
    closed = threading.Event()

    @worker.get("/endless")
    async def endless(request: AsyncRequest) -> AsyncIterator[bytes]:
        async def pieces() -> AsyncIterator[bytes]:
            nonlocal written
            try:
                while True:
                    yield b"x" * 65536
                    written += 1
            finally:
                closed.set()

        return pieces()

    @worker.get("/other")
    async def other(request: AsyncRequest) -> str:
        return "there"

    with worker.start():
        with hub.connect() as client:
            client.sendall(b"GET /endless HTTP/1.1\r\nhost: h\r\n\r\n")
            assert client.recv(10)
            for _ in range(20):
                assert hub.get("/other").text == "there"
        assert closed.wait(30), "a client that goes away ends the generator"


def test_a_client_that_goes_away_cancels(hub: Hub) -> None:
    """The handler sees CancelledError, as it does when its task is cancelled."""
    worker = Worker("cancels", hub=hub.control)
    seen: list[str] = []
    began = threading.Event()

    @worker.get("/wait")
    async def wait(request: AsyncRequest) -> None:
        began.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            seen.append("cancelled" if request.cancelled else "not")
            raise

    @worker.get("/there")
    async def there(request: AsyncRequest) -> str:
        return "there"

    with worker.start():
        for n in range(3):
            began.clear()
            with hub.connect() as client:
                client.sendall(b"GET /wait HTTP/1.1\r\nhost: h\r\n\r\n")
                assert began.wait(30)
            eventually(lambda: len(seen) == n + 1, "the cancellation")  # noqa: B023
        assert hub.get("/there").text == "there"
    assert seen == ["cancelled"] * 3


def test_a_body_used_after_the_answer(hub: Hub) -> None:
    """The view ends with the answer here as well."""
    worker = Worker("late", hub=hub.control)
    kept: list[memoryview] = []

    @worker.post("/")
    async def keep(request: AsyncRequest) -> str:
        kept.append(await request.body())
        return "kept"

    with worker.start():
        assert hub.post("/", b"abc").text == "kept"
    with pytest.raises(ValueError, match="released"):
        bytes(kept[0])


def test_an_upload_that_stalls(hub: Hub) -> None:
    """It is waited for without holding anybody up, and a broken one is an error."""
    worker = Worker("stalls", hub=hub.control)
    learned: list[BaseException] = []
    began = threading.Event()

    @worker.post("/up")
    async def upload(request: AsyncRequest) -> dict[str, int]:
        size = 0
        try:
            async for piece in request.stream():
                size += len(piece)
                began.set()
        except (slotway.Error, asyncio.CancelledError) as error:
            learned.append(error)
            raise
        return {"bytes": size}

    head = b"POST /up HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: 400000\r\n\r\n"
    with worker.start():
        with hub.connect() as client:
            client.sendall(head + b"x" * 300_000)
            assert began.wait(30)
            assert hub.post("/up", b"abc").text == '{"bytes":3}'
            client.sendall(b"x" * 100_000)
            answer = b"".join(iter(lambda: client.recv(65536), b""))
            assert answer.endswith(b'{"bytes":400000}')
        began.clear()
        with hub.connect() as client:
            client.sendall(head + b"x" * 300_000)
            assert began.wait(30)
        eventually(lambda: learned, "the upload's end")


def test_thousands_at_a_time(hub: Hub) -> None:
    """Each of many requests gets its own answer, whether its handler waits or not."""
    worker = Worker("crowd", hub=hub.control)

    @worker.get("/now/{n}")
    async def now(request: AsyncRequest) -> str:
        return request.params["n"]

    @worker.get("/later/{n}")
    async def later(request: AsyncRequest) -> str:
        await asyncio.sleep(0)
        return request.params["n"]

    with worker.start():
        assert crowd(hub.port, "/now/1", clients=500, requests=10) == {(200, b"1"): 5000}
        assert crowd(hub.port, "/later/2", clients=500, requests=10) == {(200, b"2"): 5000}
