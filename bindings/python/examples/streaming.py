"""Bodies in pieces, both ways.

    slotway hub
    python streaming.py
    curl -N localhost:8080/ticks
    curl -T large-file localhost:8080/upper
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator

from slotway import AsyncRequest, Request, Response, Worker

worker = Worker("streaming")


@worker.get("/ticks")
async def ticks(request: AsyncRequest) -> Response:
    async def events() -> AsyncIterator[str]:
        for n in range(10):
            yield f"data: {n}\n\n"
            await asyncio.sleep(0.1)

    return Response(events(), content_type="text/event-stream")


@worker.put("/upper")
def upper(request: Request) -> Iterator[bytes]:
    # Each piece goes back before the next one has come.
    for piece in request.stream():
        yield piece.upper()


@worker.put("/digest")
async def digest(request: AsyncRequest) -> dict[str, str]:
    sha = hashlib.sha256()
    async for piece in request.stream():
        sha.update(piece)
    return {"sha256": sha.hexdigest()}


if __name__ == "__main__":
    worker.run()
