"""The examples do what they say."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub import PATIENCE, Hub, eventually
from slotway import Caller, CallFailed
from streams import Client
from takers import QUEUE, STRICT, Taker

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@contextmanager
def example(hub: Hub, name: str, probe: str) -> Iterator[None]:
    """Runs one until the block ends; it ends well then."""
    process = subprocess.Popen(
        [sys.executable, *STRICT, EXAMPLES / name],
        env=os.environ | {"SLOTWAY_HUB": str(hub.control)},
        stderr=subprocess.PIPE,
    )
    try:
        eventually(lambda: process.poll() is not None or hub.get(probe).status != 404, name)
        yield
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=PATIENCE)
        assert (process.returncode, errors) == (0, b"")
    finally:
        process.kill()
        process.communicate()


def test_hello(hub: Hub) -> None:
    with example(hub, "hello.py", "/hello/x"):
        assert hub.get("/hello/w%C3%B6rld").text == "Hello, wörld!\n"
        assert hub.post("/sum", b"AAAA").text == '{"bytes":4,"sum":260}'


def test_hello_async(hub: Hub) -> None:
    with example(hub, "hello_async.py", "/hello/x"):
        assert hub.get("/hello/x").text == "Hello, x!\n"
        assert hub.get("/wait/0.01").text == '{"waited":0.01}'
        assert hub.get("/blocking").text == "on a thread\n"


def test_streaming(hub: Hub) -> None:
    large = b"abc" * 500_000
    with example(hub, "streaming.py", "/ticks"):
        assert hub.get("/ticks").text == "".join(f"data: {n}\n\n" for n in range(10))
        assert hub.fetch("PUT", "/upper", large).body == large.upper()
        expected = hashlib.sha256(large).hexdigest()
        assert hub.fetch("PUT", "/digest", large).text == f'{{"sha256":"{expected}"}}'


def test_events(hub: Hub) -> None:
    """One listens, another one speaks; SIGINT ends the first."""

    def run(*arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *STRICT, EXAMPLES / "events.py", *arguments],
            env=os.environ | {"SLOTWAY_HUB": str(hub.control)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    listener = run("listen", "news.*")
    try:
        assert listener.stdout is not None
        assert listener.stdout.readline() == "listening\n"
        speaker = run("say", "news.sport", "a goal", "another")
        assert speaker.communicate(timeout=PATIENCE) == ("", "")
        assert listener.stdout.readline() == "news.sport a goal\n"
        assert listener.stdout.readline() == "news.sport another\n"
        listener.send_signal(signal.SIGINT)
        assert listener.communicate(timeout=PATIENCE) == ("", "")
        assert listener.returncode == 0
    finally:
        listener.kill()
        listener.communicate()


def test_queue(hub: Hub) -> None:
    """Takes what a program calls."""
    with Taker(hub, capacity=2) as taker, Caller(hub=hub.control) as caller:
        assert caller.call(QUEUE, "echo", "hello").text() == "hello"
        assert caller.call(QUEUE, "sleep", "5").text() == "slept"
        assert caller.call(QUEUE, "fail").status == 500
        assert [caller.call(QUEUE, "count").text() for _ in "ab"] == ["1", "2"]
        assert taker.end() == (0, "")
    with Taker(hub) as taker, Caller(hub=hub.control) as caller:
        with pytest.raises(CallFailed):
            caller.call(QUEUE, "crash")
        assert taker.process.wait(PATIENCE) == 1


def test_sse(hub: Hub) -> None:
    """Every client of a path gets the tokens, and an end."""
    with example(hub, "sse.py", "/answers/x"):
        assert hub.get("/answers/x").text == "an answer has a number\n"
        clients = [Client(hub, "/answers/7") for _ in range(2)]
        answer = hub.post("/answers/7", b"why is the sky blue")
        assert answer.text == '{"tokens":5,"status":200}'
        for client in clients:
            said = [client.next() for _ in range(6)]
            assert [(m.event, m.text) for m in said if m] == [
                *(("token", word) for word in "WHY IS THE SKY BLUE".split()),
                ("done", ""),
            ]
            client.close()
