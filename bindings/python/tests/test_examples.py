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

from hub import PATIENCE, Hub, eventually

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@contextmanager
def example(hub: Hub, name: str, probe: str) -> Iterator[None]:
    """Runs one until the block ends; it ends well then."""
    process = subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", EXAMPLES / name],
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
