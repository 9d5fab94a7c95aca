"""Many clients at a time, each with a connection that it keeps.

They are a process of their own: in the test's own they would keep the interpreter from the
handlers for 5 ms at a time.
"""

from __future__ import annotations

import ast
import asyncio
import subprocess
import sys
from collections import Counter

import uvloop

from hub import PATIENCE


class _Client(asyncio.Protocol):
    """One connection, and one request on it after the other.

    No streams and no coroutines: the client is not what is to be waited for.
    """

    def __init__(self, request: bytes, requests: int, answers: Counter[tuple[int, bytes]]) -> None:
        self.request = request
        self.left = requests
        self.answers = answers
        self.got = b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        got = self.got = self.got + data
        head, found, body = got.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if len(body) < length:
            return
        assert len(body) == length, "more came than was asked for"
        self.answers[int(head[9:12]), body] += 1
        self.got = b""
        self.left -= 1
        if self.left:
            self.transport.write(self.request)
        else:
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if self.left and not self.done.done():
            self.done.set_exception(error or EOFError(f"closed after {self.got!r}"))
        elif not self.done.done():
            self.done.set_result(None)


async def _crowd(port: int, target: str, clients: int, requests: int) -> Counter[tuple[int, bytes]]:
    answers: Counter[tuple[int, bytes]] = Counter()
    request = f"GET {target} HTTP/1.1\r\nhost: test\r\n\r\n".encode()

    async def client() -> None:
        _, protocol = await asyncio.get_running_loop().create_connection(
            lambda: _Client(request, requests, answers), "127.0.0.1", port
        )
        await protocol.done

    # What is stuck is noticed by the caller, who limits the whole of it.
    await asyncio.gather(*(client() for _ in range(clients)))
    return answers


def crowd(
    port: int, target: str, clients: int, requests: int, *, patience: float = 10 * PATIENCE
) -> dict[tuple[int, bytes], int]:
    """How often which answer came, of ``clients`` with so many requests each."""
    arguments = [sys.executable, __file__, str(port), target, str(clients), str(requests)]
    done = subprocess.run(
        arguments, stdout=subprocess.PIPE, text=True, check=True, timeout=patience
    )
    answers: dict[tuple[int, bytes], int] = ast.literal_eval(done.stdout)
    return answers


if __name__ == "__main__":
    port, target, clients, requests = sys.argv[1:]
    print(dict(uvloop.run(_crowd(int(port), target, int(clients), int(requests)))))
