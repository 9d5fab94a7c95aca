"""A FastAPI application that calls activities from its handlers."""

from fastapi import FastAPI

import slotway

app = FastAPI()


@app.get("/call/{text}")
async def call(text: str) -> str:
    reply = await slotway.caller().call_async("demo/work", "echo", text)
    return reply.text()


@app.get("/call-on-a-thread/{text}")
def call_on_a_thread(text: str) -> str:
    return slotway.caller().call("demo/work", "echo", text).text()


@app.get("/fail")
async def fail() -> str:
    try:
        await slotway.caller().call_async("demo/work", "crash")
    except slotway.CallFailed as failed:
        return failed.end
    return "not at all"
