"""Applications behind a hub, and on the server that they usually run on, as processes."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from hub import PATIENCE

APPS = Path(__file__).parent / "apps"


class Process:
    """A process whose output is read line by line, and which never outlives its test."""

    def __init__(self, command: list[str], **environment: str) -> None:
        env = {k: v for k, v in os.environ.items() if not k.startswith("SLOTWAY_")}
        env |= {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", **environment}
        self.lines: list[str] = []
        self._rest = b""
        self.process = subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)

    @property
    def pid(self) -> int:
        return self.process.pid

    def read(self, wait: float = 0.0) -> bool:
        """Takes the lines that have come; whether there may be more."""
        assert self.process.stdout is not None
        out = self.process.stdout.fileno()
        select.select([out], [], [], wait)
        try:
            data = os.read(out, 1 << 16)
        except BlockingIOError:
            return True
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.lines += [line.decode(errors="replace") for line in lines]
        return bool(data)

    def wait_line(self, pattern: str, count: int = 1) -> re.Match[str]:
        """Waits until so many lines match; gives the last one's match."""
        until = time.monotonic() + PATIENCE
        while True:
            found = [m for line in self.lines if (m := re.search(pattern, line))]
            if len(found) >= count:
                return found[count - 1]
            more = self.read(0.1)
            assert more and time.monotonic() < until, self.said(f"no line like {pattern!r}")

    def said(self, what: str) -> str:
        return "\n  ".join([f"{what}; it said:", *self.lines])

    def wait(self) -> int:
        """Waits for its end; gives its exit code."""
        until = time.monotonic() + PATIENCE
        while self.read(0.05) or self.process.poll() is None:
            assert time.monotonic() < until, self.said("it does not end")
        return self.process.wait()

    def terminate(self) -> int:
        """Asks it to end, and waits."""
        self.process.terminate()
        return self.wait()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def slotway(hub: Path, app: str, *args: str, ready: bool = True, **environment: str) -> Process:
    """``python -m slotway`` with what gives warnings switched on."""
    command = [sys.executable, "-X", "dev", "-W", "error::ResourceWarning", "-m", "slotway"]
    command += [app, "--hub", str(hub), "--app-dir", str(APPS), "--timeout-graceful-shutdown", "10"]
    process = Process([*command, *args], **environment)
    if ready:
        try:
            process.wait_line("serving as")
        except BaseException:
            process.__exit__()
            raise
    return process


@contextlib.contextmanager
def usual_server(kind: str, app: str, **environment: str) -> Iterator[int]:
    """uvicorn or gunicorn on a port of its own; gives the port."""
    if kind == "uvicorn":
        command = ["uvicorn", app, "--port", "0", "--no-access-log", "--app-dir", str(APPS)]
        line = r"running on http://127\.0\.0\.1:(\d+)"
    else:
        command = ["gunicorn", app, "--bind", "127.0.0.1:0", "--threads", "2"]
        command += ["--chdir", str(APPS), "--no-control-socket"]
        line = r"Listening at: http://127\.0\.0\.1:(\d+)"
    with Process([sys.executable, "-m", *command], **environment) as process:
        port = int(process.wait_line(line)[1])
        if kind == "gunicorn":
            process.wait_line("Booting worker")
        yield port


class Answer:
    """A response as it came."""

    def __init__(self, response: http.client.HTTPResponse, body: bytes) -> None:
        self.status = response.status
        self.headers = [(n.lower(), v) for n, v in response.getheaders()]
        self.body = body

    def header(self, name: str) -> str | None:
        return next((v for n, v in self.headers if n == name), None)

    @property
    def text(self) -> str:
        return self.body.decode()


def fetch(
    port: int,
    method: str,
    target: str,
    headers: list[tuple[str, str]] | dict[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    """One request on a connection of its own."""
    pairs = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    # Targets go as they are written here, also strange ones.
    connection._validate_path = lambda path: None  # type: ignore[attr-defined]
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        if not any(name.lower() == "host" for name, _ in pairs):
            pairs.insert(0, ("Host", "site.example"))
        chunked = any(name.lower() == "transfer-encoding" for name, _ in pairs)
        if body is not None and not chunked:
            pairs.append(("Content-Length", str(len(body))))
        for name, value in pairs:
            connection.putheader(name, value)
        if chunked and body is not None:
            connection.endheaders()
            third = max(1, len(body) // 3)
            for start in range(0, len(body), third):
                part = body[start : start + third]
                connection.send(b"%x\r\n%s\r\n" % (len(part), part))
            connection.send(b"0\r\n\r\n")
        else:
            connection.endheaders(body)
        response = connection.getresponse()
        return Answer(response, response.read())
    finally:
        connection.close()


def raw(port: int, request: bytes) -> socket.socket:
    """A connection on which a request was begun."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    connection.sendall(request)
    return connection


def children(pid: int) -> list[int]:
    """The processes that a process has started and that still live."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[1]) == pid and fields[0] != "Z":
                    found.append(int(entry.name))
    return found


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
