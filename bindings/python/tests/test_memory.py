"""What a worker keeps: nothing that grows with the number of its requests.

Together these are more than 200,000 requests; `SLOTWAY_REQUESTS=200000` makes it so many for
each kind of worker.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from crowd import crowd
from hub import Hub, eventually
from serving import Process, slotway

#: Requests to each kind of worker.
REQUESTS = int(os.environ.get("SLOTWAY_REQUESTS", "30000"))
CLIENTS = 32
ROUNDS = 4

NATIVE = """
import asyncio, sys
from slotway import Worker

worker = Worker("memory", hub=sys.argv[1])

if sys.argv[2] == "plain":
    @worker.get("/")
    def answer(request):
        return {"body": bytes(request.body).decode(), "host": request.headers["host"]}
else:
    @worker.get("/")
    async def answer(request):
        body = await request.body()
        if sys.argv[2] == "waits":
            await asyncio.sleep(0)
        return {"body": bytes(body).decode(), "host": request.headers["host"]}

worker.run()
"""


def native(hub: Hub, kind: str) -> Process:
    """A worker with a handler of its own."""
    process = Process([sys.executable, "-X", "dev", "-c", NATIVE, str(hub.control), kind])
    try:
        eventually(lambda: hub.get("/").status == 200, "the worker's start")
    except BaseException:
        process.__exit__()
        raise
    return process


Begin = Callable[[Hub], Process]

WORKERS: dict[str, tuple[Begin, str]] = {
    "native, plain": (lambda hub: native(hub, "plain"), "/"),
    "native, async": (lambda hub: native(hub, "async"), "/"),
    "native, async, waits": (lambda hub: native(hub, "waits"), "/"),
    "ASGI": (lambda hub: slotway(hub.control, "asgi_probe:app"), "/seen"),
    # What a request leaves behind in its context costs its task.
    "ASGI, context": (lambda hub: slotway(hub.control, "asgi_probe:app"), "/context"),
    "ASGI, large": (lambda hub: slotway(hub.control, "asgi_probe:app"), "/large?30000"),
    "WSGI": (lambda hub: slotway(hub.control, "wsgi_probe:app", "--threads", "2"), "/plain"),
}


def resident_kib(pid: int) -> int:
    """Resident memory that is the process's own; the region's is the hub's to bound."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0])


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", WORKERS)
def test_memory_does_not_grow(hub: Hub, kind: str) -> None:
    """After a tenth of the requests a worker has what it needs.

    More waiting at once than ever before makes it larger once or twice; a leak makes it
    larger in every round.
    """
    begin, target = WORKERS[kind]
    each = REQUESTS * 9 // 10 // ROUNDS // CLIENTS

    def ask(requests: int) -> None:
        answers = crowd(hub.port, target, CLIENTS, requests, patience=3600)
        assert sum(answers.values()) == CLIENTS * requests
        assert {status for status, _ in answers} == {200}

    with begin(hub) as worker:
        ask(REQUESTS // 10 // CLIENTS)
        sizes = [resident_kib(worker.pid)]
        for _ in range(ROUNDS):
            ask(each)
            sizes.append(resident_kib(worker.pid))
        print(f"{kind}: {sizes} KiB after rounds of {each * CLIENTS} requests")
        # One object of fifty bytes for each request would be several times this.
        allowed = max(100, each * CLIENTS * 12 // 1024)
        grown = [after - before for before, after in zip(sizes, sizes[1:], strict=False)]
        assert min(grown) <= allowed, f"{sizes} KiB after rounds of {each * CLIENTS} requests"
        assert worker.terminate() == 0, worker.said("it did not end well")
