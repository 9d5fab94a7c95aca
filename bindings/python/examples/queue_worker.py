"""A worker that takes activities from the queue demo/work, as many at a time as CAPACITY says.

    slotway hub
    python queue_worker.py
    slotway call demo/work echo hello

Whoever calls is another worker, of any language, or a program::

    with slotway.Caller() as caller:
        print(caller.call("demo/work", "sleep", "250", timeout=5).text())
"""

import asyncio
import itertools
import os
from typing import NoReturn

from slotway import AsyncRequest, Response, Worker

QUEUE = "demo/work"

worker = Worker("demo-queue")
counted = itertools.count(1)


@worker.activity(QUEUE, "echo")
async def echo(request: AsyncRequest) -> bytes:
    return bytes(await request.body())


@worker.activity(QUEUE, "sleep")
async def sleep(request: AsyncRequest) -> str:
    # A caller that hangs up cancels this.
    await asyncio.sleep(int(await request.text()) / 1000)
    return "slept"


@worker.activity(QUEUE, "fail")
async def fail(request: AsyncRequest) -> Response:
    return Response("it failed", status=500)


@worker.activity(QUEUE, "crash")
async def crash(request: AsyncRequest) -> NoReturn:
    # Its caller is told at once, or another worker tries, if the caller allows that.
    os._exit(1)


@worker.activity(QUEUE, "count")
async def count(request: AsyncRequest) -> str:
    return str(next(counted))


worker.capacity(QUEUE, int(os.environ.get("CAPACITY", "4")))


if __name__ == "__main__":
    worker.run(live=lambda: print("ready", flush=True))
