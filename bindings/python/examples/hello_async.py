"""Coroutines: many requests on one event loop, beside plain functions on threads.

    slotway hub
    python hello_async.py
    curl localhost:8080/wait/0.5
"""

import asyncio

from slotway import AsyncRequest, Request, Worker

worker = Worker("hello-async")


@worker.get("/hello/{name}")
async def hello(request: AsyncRequest) -> str:
    return f"Hello, {request.params['name']}!\n"


@worker.get("/wait/{seconds}")
async def wait(request: AsyncRequest) -> dict[str, float]:
    seconds = float(request.params["seconds"])
    # A client that goes away cancels this.
    await asyncio.sleep(seconds)
    return {"waited": seconds}


@worker.get("/blocking")
def blocking(request: Request) -> str:
    # A plain function runs on a thread and may take its time.
    return "on a thread\n"


if __name__ == "__main__":
    worker.run()
