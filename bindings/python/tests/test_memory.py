"""What a worker keeps: nothing that grows with the number of its requests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from crowd import crowd
from hub import PATIENCE, Hub, eventually

#: `SLOTWAY_REQUESTS=200000` for the long run.
REQUESTS = int(os.environ.get("SLOTWAY_REQUESTS", "12000"))

PROGRAM = """
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
        await asyncio.sleep(0)
        return {"body": bytes(body).decode(), "host": request.headers["host"]}

worker.run()
"""


def resident_kib(pid: int) -> int:
    """Resident memory that is the process's own; the region's pages count once."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0])


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", ["plain", "async"])
def test_memory_does_not_grow(hub: Hub, kind: str) -> None:
    """After a third of the requests it has what it needs."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(hub.control), kind])
    try:
        eventually(lambda: hub.get("/").status == 200, "the worker's start")
        each = REQUESTS // 3 // 40
        crowd(hub.port, "/", clients=40, requests=each, patience=3600)
        before = resident_kib(process.pid)
        crowd(hub.port, "/", clients=40, requests=2 * each, patience=3600)
        after = resident_kib(process.pid)
        # One object of a hundred bytes for each request would be several times this.
        allowed = max(600, 2 * each * 40 * 25 // 1024)
        assert after - before <= allowed, f"{before} KiB became {after} KiB"
        print(f"{kind}: {before} KiB, after {3 * each * 40} requests {after} KiB")
        process.terminate()
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
