"""Views of a request's body after its answer: never another's bytes, never a delay."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import slotway
from hub import PATIENCE, Hub, eventually
from slotway import Core, Exchange, Request, Worker


def served(hub: Hub, **options: int) -> Core:
    core = Core([("body", [("POST", "/", None, False)], None)], hub=hub.control, **options)
    core.wait_live()
    return core


def test_a_view_ends_with_the_answer(hub: Hub) -> None:
    """Using the body late raises; what was kept by copying stays."""
    worker = Worker("late", hub=hub.control, slots=1)
    kept: list[tuple[Request, memoryview]] = []

    @worker.post("/")
    def keep(request: Request) -> bytes:
        kept.append((request, request.body))
        assert request.body.readonly and request.body is kept[-1][1]
        return bytes(request.body)

    with worker.start():
        for n in range(5):
            assert hub.post("/", b"number %d" % n).body == b"number %d" % n
    for request, view in kept:
        with pytest.raises(ValueError, match="released"):
            bytes(view)
        with pytest.raises(slotway.AlreadyAnswered):
            request.body  # noqa: B018 - the lookup is what raises


def test_slices_that_live_on_keep_their_bytes(hub: Hub) -> None:
    """The client has its answer at once; the slot waits until the last slice is gone."""
    worker = Worker("slices", hub=hub.control, slots=2)
    kept: list[memoryview] = []

    @worker.post("/keep")
    def keep(request: Request) -> str:
        kept.append(request.body[3:])
        return "kept"

    @worker.post("/echo")
    def echo(request: Request) -> memoryview:
        return request.body[1:3]

    with worker.start() as running:
        assert hub.post("/keep", b"mine alone").text == "kept"
        for _ in range(50):
            assert hub.post("/echo", b"xxxxxxxxxxxxxx").body == b"xx"
        assert bytes(kept[0]) == b"e alone"
        kept.clear()
        # Both slots are there again, or this would wait for ever.
        for _ in range(2):
            hub.post("/keep", b"mine alone")
        kept.clear()
        running.shutdown()


def test_a_buffer_that_somebody_looks_through(hub: Hub) -> None:
    """A consumer of the buffer protocol keeps the slot as a slice does."""
    core = served(hub, slots=4)
    try:
        results: list[bytes] = []

        def post(body: bytes) -> Exchange:
            thread = threading.Thread(target=lambda: results.append(hub.post("/", body).body))
            thread.start()
            exchange = core.next(30)
            assert exchange is not None
            threads.append(thread)
            return exchange

        threads: list[threading.Thread] = []
        exchange = post(b"abcdef")
        view = exchange.body()
        cast = view.cast("H")
        exchange.respond(200, [], "done")
        eventually(lambda: results == [b"done"], "the answer")
        assert cast.tobytes() == b"abcdef"
        body = cast.obj
        with pytest.raises(BufferError):
            memoryview(body)
        del cast, view, body
        gc.collect()
        # A streamed answer, and one that is broken off.
        exchange = post(b"ghi")
        part = exchange.body()[1:]
        exchange.start(200, [("content-length", "2")])
        exchange.write(b"ok")
        exchange.finish()
        eventually(lambda: results == [b"done", b"ok"], "the streamed answer")
        assert bytes(part) == b"hi"
        del part
        exchange = post(b"jkl")
        part = exchange.body()[1:]
        del exchange
        eventually(lambda: len(results) == 3, "the answer to who gave none")
        assert bytes(part) == b"kl"
        del part
        core.begin_shutdown()
        assert core.wait_closed(30)
    finally:
        core.close()


def test_the_body_is_read_one_way(hub: Hub) -> None:
    """Whole or in pieces: what was taken whole is not there to be read in pieces."""
    worker = Worker("ways", hub=hub.control)

    @worker.post("/")
    def both(request: Request) -> str:
        assert bytes(request.body) == b"abc"
        with pytest.raises(slotway.OutOfOrder):
            request.exchange.read()
        return "ok"

    with worker.start():
        assert hub.post("/", b"abc").text == "ok"


def test_what_is_dropped_is_answered(hub: Hub) -> None:
    """An exchange that nobody can answer any more is answered with 500."""
    core = served(hub)
    try:
        answers: list[int] = []
        thread = threading.Thread(target=lambda: answers.append(hub.post("/", b"x").status))
        thread.start()
        exchange = core.next(30)
        assert exchange is not None
        exchange.body()
        del exchange
        thread.join(30)
        assert answers == [500]
    finally:
        core.close()


WAITS: dict[str, Callable[[Exchange], Any]] = {
    "read": lambda exchange: b"".join(iter(exchange.read, b"")),
    "body": lambda exchange: bytes(exchange.body()),
    "read_all": lambda exchange: exchange.read_all(),
}


@pytest.mark.parametrize("look", ["at_end", "try_body"])
@pytest.mark.parametrize("wait", WAITS)
def test_looking_at_a_body_that_somebody_waits_for(hub: Hub, wait: str, look: str) -> None:
    """It says that somebody is at it, and does not hold up the interpreter."""
    core = Core([("looks", [("POST", "/", None, False)], None)], hub=hub.control)
    core.wait_live()
    with hub.connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 300000\r\n\r\n")
        client.sendall(b"x" * 200_000)
        exchange = core.next(30)
        assert exchange is not None
        found: list[bytes] = []
        thread = threading.Thread(target=lambda: found.append(WAITS[wait](exchange)))
        thread.start()
        # What holds up the interpreter holds up whoever would notice it.
        watch = subprocess.Popen(
            ["sh", "-c", f"sleep {PATIENCE} && kill -ABRT {os.getpid()}"], start_new_session=True
        )
        try:
            for _ in range(200):
                try:
                    value = getattr(exchange, look)
                    assert not (value() if callable(value) else value)
                except slotway.OutOfOrder:
                    break
                time.sleep(0.01)
            else:
                pytest.fail("nobody waits")
        finally:
            os.killpg(watch.pid, signal.SIGKILL)
            watch.wait()
        client.sendall(b"x" * 100_000)
        thread.join(PATIENCE)
        assert found == [b"x" * 300_000]
        exchange.respond(204)
    core.close()


def test_nothing_is_written_behind_an_answer_that_waits_for_a_slice(hub: Hub) -> None:
    """It is over for whoever writes, although the slot is not given back yet."""
    core = served(hub)
    answers: list[bytes] = []
    thread = threading.Thread(target=lambda: answers.append(hub.post("/", b"abc").body))
    thread.start()
    exchange = core.next(30)
    assert exchange is not None
    part = exchange.body()[1:]
    exchange.start(200)
    exchange.write(b"whole")
    exchange.finish()
    for late in (
        lambda: exchange.write(b"late"),
        lambda: exchange.try_write(b"late"),
        exchange.flush,
        exchange.finish,
        lambda: exchange.respond(200),
    ):
        with pytest.raises(slotway.AlreadyAnswered):
            late()
    assert bytes(part) == b"bc"
    del part
    thread.join(PATIENCE)
    assert answers == [b"whole"]
    core.close()
