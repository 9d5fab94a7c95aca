"""A FastAPI application; nothing in it knows of Slotway.

python -m slotway fastapi_app:app
"""

import asyncio
from collections.abc import AsyncIterator

from fastapi import FastAPI, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

app = FastAPI(title="Items")


class Item(BaseModel):
    """What clients send and get."""

    name: str
    price: float


@app.get("/items/{item_id}")
async def read(item_id: int, q: str | None = None) -> dict[str, object]:
    """A path parameter that is checked, and a query parameter that may be there."""
    return {"item_id": item_id, "q": q}


@app.post("/items", status_code=201)
async def create(item: Item) -> Item:
    """A body that is checked."""
    return item


@app.post("/upload")
async def upload(file: UploadFile) -> dict[str, object]:
    """A file of a form (needs python-multipart)."""
    return {"name": file.filename, "bytes": len(await file.read())}


@app.get("/ticks")
async def ticks(count: int = 3) -> StreamingResponse:
    """An answer that is sent while it is made."""

    async def lines() -> AsyncIterator[str]:
        for number in range(count):
            yield f"tick {number}\n"
            await asyncio.sleep(0.01)

    return StreamingResponse(lines(), media_type="text/plain")
