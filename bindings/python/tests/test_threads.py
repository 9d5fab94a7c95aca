"""Plain functions as handlers."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import slotway
from crowd import crowd
from hub import Hub, eventually
from slotway import Request, Response, Worker


def test_answers_of_every_kind(hub: Hub) -> None:
    """What a handler gives back becomes the answer that it looks like."""
    worker = Worker("kinds", hub=hub.control)
    answers: dict[str, Any] = {
        "text": "grüße",
        "bytes": b"\x00\xff",
        "bytearray": bytearray(b"ab"),
        "dict": {"a": [1, "ü"]},
        "list": [1, None],
        "none": None,
        "response": Response("gone", status=410, headers={"x-why": "sold"}),
        "json": Response.json({"ok": False}, status=422),
        "redirect": Response(status=303, headers=[("location", "/text"), ("x-a", b"1")]),
        "html": Response("<p>", content_type="text/html"),
    }

    @worker.get("/{kind}")
    def answer(request: Request) -> Any:
        return answers[request.params["kind"]]

    with worker.start():
        text = hub.get("/text")
        assert (text.status, text.text) == (200, "grüße")
        assert text.headers["content-type"] == "text/plain; charset=utf-8"
        raw = hub.get("/bytes")
        assert (raw.body, raw.headers["content-type"]) == (b"\x00\xff", "application/octet-stream")
        assert hub.get("/bytearray").body == b"ab"
        found = hub.get("/dict")
        assert (json.loads(found.body), found.headers["content-type"]) == (
            answers["dict"],
            "application/json",
        )
        assert json.loads(hub.get("/list").body) == [1, None]
        assert (hub.get("/none").status, hub.get("/none").body) == (204, b"")
        gone = hub.get("/response")
        assert (gone.status, gone.text, gone.headers["x-why"]) == (410, "gone", "sold")
        assert (hub.get("/json").status, hub.get("/json").text) == (422, '{"ok":false}')
        redirect = hub.get("/redirect")
        assert (redirect.status, redirect.headers["location"]) == (303, "/text")
        assert "content-type" not in redirect.headers
        assert hub.get("/html").headers["content-type"] == "text/html"
        head = hub.fetch("HEAD", "/text")
        assert (head.status, head.body) == (200, b"")
        assert head.headers["content-length"] == "7"


def test_what_a_request_says(hub: Hub) -> None:
    """Everything about a request comes as it was sent."""
    worker = Worker("looks", hub=hub.control)

    @worker.any("/look/{first}/{*rest}")
    def look(request: Request) -> dict[str, Any]:
        assert request.peer is not None
        with pytest.raises(KeyError):
            request.headers["x-none"]
        return {
            "method": request.method,
            "path": request.path,
            "raw": request.exchange.raw_path.decode(),
            "route": request.route,
            "params": request.params,
            "query_string": request.query_string,
            "query": request.query,
            "length": request.content_length,
            "agent": request.headers["User-Agent"],
            "twice": request.headers.get_all("X-Twice"),
            "first": request.headers["x-twice"],
            "has": ["x-twice" in request.headers, "x-none" in request.headers],
            "count": len(request.headers) == len(list(request.headers)),
            "version": request.exchange.http_version,
            "body": request.text(),
            "peer": request.peer[0],
            "cancelled": request.cancelled,
        }

    with worker.start(), hub.connect() as client:
        client.sendall(
            b"PUT /look/a%20b/x/y?q=1&q=2&r&s=%C3%BC HTTP/1.1\r\nhost: h\r\nuser-agent: me\r\n"
            b"x-twice: 1\r\nX-Twice: \xfc\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc"
        )
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    found = json.loads(answer.split(b"\r\n\r\n", 1)[1])
    assert found == {
        "method": "PUT",
        "path": "/look/a b/x/y",
        "raw": "/look/a%20b/x/y",
        "route": "/look/{first}/{*rest}",
        "params": {"first": "a b", "rest": "x/y"},
        "query_string": "q=1&q=2&r&s=%C3%BC",
        "query": {"q": ["1", "2"], "r": [""], "s": ["ü"]},
        "length": 3,
        "agent": "me",
        "twice": ["1", "ü"],
        "first": "1",
        "has": [True, False],
        "count": True,
        "version": "1.1",
        "body": "abc",
        "peer": "127.0.0.1",
        "cancelled": False,
    }


def test_a_handler_that_raises(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    """The client gets a problem, the log the traceback; the worker goes on."""
    worker = Worker("raises", hub=hub.control, threads=1)

    @worker.get("/boom")
    def boom(request: Request) -> str:
        raise RuntimeError("a secret")

    @worker.post("/json")
    def parsed(request: Request) -> Any:
        return request.json()

    with worker.start():
        for _ in range(3):
            answer = hub.get("/boom")
            assert answer.status == 500
            assert answer.headers["content-type"] == "application/problem+json"
            assert json.loads(answer.body)["code"] == "handler_failed"
            assert b"secret" not in answer.body and b"Traceback" not in answer.body
        assert hub.post("/json", b"[1]").text == "[1]"
        bad = hub.post("/json", b"{")
        assert (bad.status, json.loads(bad.body)["code"]) == (400, "bad_body")
    failed = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(failed) == 3
    assert "GET /boom" in failed[0].getMessage()
    assert failed[0].exc_info is not None and "a secret" in str(failed[0].exc_info[1])


def test_answers_that_cannot_be_sent(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    """Nonsense is answered with 502, and the log says what was wrong with it."""
    worker = Worker("nonsense", hub=hub.control, threads=1)
    answers: dict[str, Any] = {
        "object": object(),
        "number": 17,
        "unserialisable": {"a": object()},
        "status": Response("x", status=1000),
        "header": Response("x", headers={"x": "a\r\nb: c"}),
        "name": Response("x", headers={"a b": "c"}),
        "wide": Response("x", headers={"x": "\u20ac"}),
        "length": Response("x", headers={"content-length": "7"}),
        "surrogate": "\ud800",
    }

    @worker.get("/{kind}")
    def answer(request: Request) -> Any:
        return answers[request.params["kind"]]

    with worker.start():
        for kind in answers:
            found = hub.get(f"/{kind}")
            assert (kind, found.status) == (kind, 502)
            assert json.loads(found.body)["code"] == "bad_answer", kind
    said = "\n".join(record.getMessage() for record in caplog.records)
    for what in ["builtins.object", "builtins.int", "1000", "0x0d", "ISO 8859-1", "content-length"]:
        assert what in said, what


def test_a_generator_is_streamed(hub: Hub) -> None:
    """Pieces go out as they come, and a generator that fails breaks the answer off."""
    worker = Worker("streams", hub=hub.control)
    go = threading.Event()
    seen_first, closed = threading.Event(), threading.Event()

    @worker.get("/slow")
    def slow(request: Request) -> Iterator[str]:
        yield "first\n"
        assert go.wait(30)
        yield "second\n"

    @worker.get("/breaks")
    def breaks(request: Request) -> Iterator[bytes]:
        yield b"x" * 10
        # What breaks off before its client saw anything is a 502.
        assert seen_first.wait(30)
        raise RuntimeError("broken")

    @worker.get("/endless")
    def endless(request: Request) -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 65536
        finally:
            closed.set()

    with worker.start():
        with hub.connect() as client:
            client.sendall(b"GET /slow HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
            seen = b""
            while b"first\n" not in seen:
                seen += client.recv(65536)
            assert b"second" not in seen
            go.set()
            while piece := client.recv(65536):
                seen += piece
            assert b"second\n" in seen
        with hub.connect() as client:
            client.sendall(b"GET /breaks HTTP/1.1\r\nhost: h\r\n\r\n")
            seen = b""
            while b"xxxxxxxxxx" not in seen:
                seen += client.recv(65536)
            seen_first.set()
            while piece := client.recv(65536):
                seen += piece
            assert b"200 OK" in seen and not seen.endswith(b"0\r\n\r\n")
        with hub.connect() as client:
            client.sendall(b"GET /endless HTTP/1.1\r\nhost: h\r\n\r\n")
            assert client.recv(65536)
        assert closed.wait(30), "a client that goes away ends the generator"


def test_large_bodies(hub: Hub) -> None:
    """Bodies that no slot holds go there and back, with a length and in chunks."""
    worker = Worker("large", hub=hub.control)
    large = bytes(range(256)) * 20_000

    @worker.post("/whole")
    def whole(request: Request) -> bytes:
        return bytes(request.body)

    @worker.post("/view")
    def view(request: Request) -> memoryview:
        return request.body

    @worker.post("/stream")
    def stream(request: Request) -> Iterator[bytes]:
        return request.stream()

    @worker.post("/count")
    def count(request: Request) -> dict[str, int]:
        return {"bytes": sum(map(len, request.stream()))}

    with worker.start():
        for target in ("/whole", "/view", "/stream"):
            for size in (0, 1, 4096, 65536, 65537, len(large)):
                assert hub.post(target, large[:size]).body == large[:size], (target, size)
        with hub.connect() as client:
            client.sendall(
                b"POST /count HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n"
                b"connection: close\r\n\r\n"
            )
            for _ in range(100):
                client.sendall(b"2710\r\n" + large[:10_000] + b"\r\n")
            client.sendall(b"0\r\n\r\n")
            answer = b"".join(iter(lambda: client.recv(65536), b""))
        assert answer.endswith(b'{"bytes":1000000}')


def test_a_client_that_breaks_its_upload_off(hub: Hub) -> None:
    """A handler that reads learns of it, at once."""
    worker = Worker("broken", hub=hub.control)
    learned: list[BaseException] = []
    began = threading.Event()

    @worker.post("/up")
    def upload(request: Request) -> str:
        try:
            for _ in request.stream():
                began.set()
        except slotway.Error as error:
            learned.append(error)
            raise
        return "whole"

    with worker.start():
        with hub.connect() as client:
            client.sendall(b"POST /up HTTP/1.1\r\nhost: h\r\ncontent-length: 1000000\r\n\r\n")
            # More than the hub collects before it hands a request over.
            client.sendall(b"x" * 300_000)
            assert began.wait(30)
        eventually(lambda: learned, "the upload's end")
    assert isinstance(learned[0], slotway.BodyAborted | slotway.Cancelled)


def test_cancellation_is_seen(hub: Hub) -> None:
    """A handler that works on learns that its client has gone."""
    worker = Worker("cancelled", hub=hub.control)
    began, seen = threading.Event(), threading.Event()

    @worker.get("/work")
    def work(request: Request) -> str:
        began.set()
        assert request.wait_cancelled(30)
        assert request.cancelled
        seen.set()
        return "for nobody"

    with worker.start():
        with hub.connect() as client:
            client.sendall(b"GET /work HTTP/1.1\r\nhost: h\r\n\r\n")
            assert began.wait(30)
        assert seen.wait(30)


def test_handlers_that_wait_hold_up_nobody(hub: Hub) -> None:
    """As long as there is a thread left; and all of them wait at a time."""
    worker = Worker("holds", hub=hub.control, threads=4)
    gate = threading.Barrier(4)
    go = threading.Event()
    waiting = threading.Semaphore(0)

    @worker.get("/wait")
    def wait(request: Request) -> str:
        waiting.release()
        assert go.wait(30)
        return "waited"

    @worker.get("/meet")
    def meet(request: Request) -> str:
        gate.wait(30)
        return "met"

    @worker.get("/now")
    def now(request: Request) -> str:
        return "now"

    with worker.start(), ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            assert hub.get("/now").text == "now"
        for _ in range(5):
            met = pool.map(lambda _: hub.get("/meet").text, range(4))
            assert list(met) == ["met"] * 4
        waits = [pool.submit(hub.get, "/wait") for _ in range(3)]
        for _ in waits:
            assert waiting.acquire(timeout=30)
        for _ in range(50):
            assert hub.get("/now").text == "now"
        go.set()
        assert [wait.result(30).text for wait in waits] == ["waited"] * 3


def test_thousands_at_a_time(hub: Hub) -> None:
    """Each of many requests gets its own answer."""
    worker = Worker("crowd", hub=hub.control)

    @worker.get("/n/{n}")
    def number(request: Request) -> str:
        return request.params["n"]

    with worker.start():
        assert crowd(hub.port, "/n/7", clients=500, requests=10) == {(200, b"7"): 5000}
