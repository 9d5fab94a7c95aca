"""A FastAPI application that publishes and receives events from its handlers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

import slotway

heard: list[str] = []


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    # The worker connects when this is over; what begins here has events of its own.
    try:
        slotway.current()
    except slotway.OutOfOrder:
        pass
    else:
        raise AssertionError("there is no worker yet")
    async with slotway.Events() as events:
        await events.publish_async("lifespan", "begins")
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/say/{topic}")
async def say(topic: str, request: Request) -> str:
    await slotway.current().publish_async(topic, await request.body())
    return "said"


@app.post("/say-on-a-thread/{topic}")
def say_on_a_thread(topic: str) -> str:
    slotway.current().publish(topic, "from a thread")
    return "said"


@app.get("/hear/{topic}")
async def hear(topic: str) -> StreamingResponse:
    async def lines() -> AsyncIterator[str]:
        async with slotway.current().subscribe(topic) as subscription:
            yield "listening\n"
            async for event in subscription:
                if isinstance(event, slotway.Event):
                    yield event.text() + "\n"
                    if event.type == "last":
                        return

    return StreamingResponse(lines())
