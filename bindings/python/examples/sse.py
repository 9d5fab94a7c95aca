"""Tokens to browsers: the hub holds the clients, and this pushes to them.

    slotway hub
    python sse.py
    curl -N localhost:8080/answers/7
    curl -d 'why is the sky blue' localhost:8080/answers/7
"""

import asyncio
from collections.abc import AsyncIterator

from slotway import AsyncRequest, AsyncStreamRequest, Response, Worker

worker = Worker("answers")

# Clients of this path stay. They may be many, and stay when this program is started again.
answers = worker.sse("/answers/{id}")


@answers.connect
async def come(request: AsyncStreamRequest) -> Response | None:
    if not request.params["id"].isdigit():
        return Response("an answer has a number\n", status=400)
    # Nothing to say against it: it stays, under a number of its own.
    print(request.connection, request.stage, flush=True)
    return None


@worker.post("/answers/{id}")
async def ask(request: AsyncRequest) -> dict[str, int]:
    count = 0
    async for token in tokens(await request.text()):
        # To everybody who waits for this answer; it costs no request.
        await answers.push_only_async(token, {"id": request.params["id"]}, event="token")
        count += 1
    status = await answers.push_async("", {"id": request.params["id"]}, event="done", close=True)
    return {"tokens": count, "status": status}


async def tokens(question: str) -> AsyncIterator[str]:
    """What a model would say."""
    for word in question.split():
        yield word.upper()
        await asyncio.sleep(0)


if __name__ == "__main__":
    worker.run()
