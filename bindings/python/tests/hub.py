"""A hub of a test's own, and requests to it as a browser's neighbour would send them."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

#: What is limited by it is the failure; nothing is expected to take so long.
PATIENCE = 30.0


def program() -> Path:
    """The hub's program: `SLOTWAY_PROGRAM`, else what `cargo build` leaves behind."""
    named = os.environ.get("SLOTWAY_PROGRAM")
    if named:
        return Path(named)
    return Path(__file__).resolve().parents[3] / "target" / "debug" / "slotway"


def eventually(condition: Callable[[], object], what: str = "it") -> None:
    """Waits until a condition holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"{what} has not come about in {PATIENCE} s"
        time.sleep(0.01)


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Hub:
    """A hub on a port that is free, with its socket in a directory of its own."""

    def __init__(self, directory: Path, *arguments: str, admin: str = "none") -> None:
        self.directory = directory
        self.arguments = arguments
        self.admin = admin
        self.control = directory / "hub.sock"
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Hub:
        """Starts it, at the port that it had before if there was one."""
        ready = self.directory / "ready"
        ready.unlink(missing_ok=True)
        with open(self.directory / "hub.log", "ab") as log:
            self.process = subprocess.Popen(
                [
                    program(),
                    "hub",
                    f"--listen=127.0.0.1:{self.port}",
                    f"--control={self.control}",
                    f"--admin={self.admin}",
                    f"--ready-file={ready}",
                    *self.arguments,
                ],
                # Who asks for room for many events shall have it, however large they are.
                env={**os.environ, "SLOTWAY_EVENTS_SUBSCRIPTION_BYTES": "64M"},
                stdout=log,
                stderr=log,
            )
        eventually(lambda: self._found_ready(ready), "the hub's start")
        return self

    def _found_ready(self, ready: Path) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log()
        found = ready.exists() and re.search(r"127\.0\.0\.1:(\d+)", ready.read_text())
        if not found:
            return False
        self.port = int(found[1])
        return True

    def log(self) -> str:
        """What it has said."""
        return (self.directory / "hub.log").read_text()

    def kill(self) -> None:
        """Ends it without a chance to say anything."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Asks it to end."""
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(PATIENCE)
        finally:
            process.kill()
            process.wait()

    def connect(self) -> socket.socket:
        """A connection, for what no client library sends."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def fetch(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, target, body, headers or {})
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    def get(self, target: str, **headers: str) -> Answer:
        """A GET."""
        return self.fetch("GET", target, headers=headers)

    def post(self, target: str, body: bytes) -> Answer:
        """A POST with a length."""
        return self.fetch("POST", target, body)
