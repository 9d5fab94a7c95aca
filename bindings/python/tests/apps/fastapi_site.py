"""A FastAPI application of the usual kind: validation, background tasks, streams, uploads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import BackgroundTasks, Cookie, Depends, FastAPI, File, Form, HTTPException, UploadFile
from fastapi.responses import PlainTextResponse, StreamingResponse
from pydantic import BaseModel, Field

done: list[str] = []


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, str]]:
    yield {"greeting": "hello"}


app = FastAPI(lifespan=lifespan)


class Item(BaseModel):
    name: str = Field(min_length=2)
    price: float = Field(gt=0)
    tags: list[str] = []


async def page(skip: int = 0, limit: int = 10) -> dict[str, int]:
    return {"skip": skip, "limit": limit}


@app.get("/items/{item_id}")
async def read(item_id: int, where: Annotated[dict[str, int], Depends(page)]) -> dict[str, object]:
    return {"item_id": item_id, **where}


@app.get("/sync/{word}")
def in_a_thread(word: str) -> dict[str, str]:
    return {"word": word}


@app.post("/items", status_code=201)
async def create(item: Item) -> Item:
    return item


@app.post("/form")
async def form(name: Annotated[str, Form()], age: Annotated[int, Form()]) -> dict[str, object]:
    return {"name": name, "age": age}


@app.post("/upload")
async def upload(
    files: Annotated[list[UploadFile], File()], note: Annotated[str, Form()] = ""
) -> dict[str, object]:
    read = [(file.filename, file.content_type, sum(await file.read())) for file in files]
    return {"files": read, "note": note}


@app.post("/later/{word}")
async def later(word: str, tasks: BackgroundTasks) -> dict[str, str]:
    tasks.add_task(done.append, word)
    return {"word": word}


@app.get("/done/{word}")
async def is_done(word: str) -> dict[str, int]:
    # A background task may still be to come.
    for _ in range(500):
        if word in done:
            break
        await asyncio.sleep(0.01)
    return {"done": done.count(word)}


@app.get("/stream")
async def stream(parts: int = 5) -> StreamingResponse:
    async def lines() -> AsyncIterator[bytes]:
        for number in range(parts):
            yield b"%d\n" % number * 1000
            await asyncio.sleep(0)

    return StreamingResponse(lines(), media_type="text/plain", headers={"x-parts": str(parts)})


@app.get("/teapot")
async def teapot() -> None:
    raise HTTPException(418, "short and stout", {"x-tea": "green"})


@app.get("/wrong")
async def wrong() -> None:
    raise ValueError("on purpose")


@app.get("/cookie")
async def cookie(flavour: Annotated[str | None, Cookie()] = None) -> PlainTextResponse:
    response = PlainTextResponse(flavour or "none")
    response.set_cookie("flavour", "oat", httponly=True)
    response.set_cookie("second", "1")
    return response
