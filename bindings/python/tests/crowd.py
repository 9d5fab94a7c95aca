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

from hub import PATIENCE


async def _client(
    port: int, target: str, requests: int, answers: Counter[tuple[int, bytes]]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {target} HTTP/1.1\r\nhost: test\r\n\r\n".encode()
    try:
        for _ in range(requests):
            writer.write(request)
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            body = await asyncio.wait_for(reader.readexactly(length), PATIENCE)
            answers[int(head[9:12]), body] += 1
    finally:
        writer.close()
        await writer.wait_closed()


async def _crowd(port: int, target: str, clients: int, requests: int) -> Counter[tuple[int, bytes]]:
    answers: Counter[tuple[int, bytes]] = Counter()
    await asyncio.gather(*(_client(port, target, requests, answers) for _ in range(clients)))
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
    print(dict(asyncio.run(_crowd(int(port), target, int(clients), int(requests)))))
