"""A Starlette application with sessions and static files."""

import json
import os

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

STATIC = os.environ["SITE_STATIC"]


async def count(request: Request) -> Response:
    request.session["visits"] = request.session.get("visits", 0) + 1
    return JSONResponse(request.session)


async def scope(request: Request) -> Response:
    shown = {
        "method": request.method,
        "path": request.url.path,
        "query": request.url.query,
        "raw_path": request.scope["raw_path"].decode("latin-1"),
        "http_version": request.scope["http_version"],
        "scheme": request.scope["scheme"],
        "client": bool(request.client and request.client.host),
        "args": list(request.query_params.multi_items()),
        "host": request.headers.get("host"),
        "many": request.headers.getlist("x-many"),
        "type": request.headers.get("content-type"),
        "length": request.headers.get("content-length"),
    }
    return PlainTextResponse(json.dumps(shown, indent=1))


async def echo(request: Request) -> Response:
    return Response(await request.body(), media_type=request.headers.get("content-type"))


async def status(request: Request) -> Response:
    return Response(status_code=request.path_params["code"])


async def away(request: Request) -> Response:
    return RedirectResponse("/count?from=away")


async def file(request: Request) -> Response:
    return FileResponse(os.path.join(STATIC, "large.bin"), filename="große.bin")


async def stamp(request: Request, call_next) -> Response:
    response = await call_next(request)
    response.headers["x-stamp"] = request.url.path
    return response


app = Starlette(
    routes=[
        Route("/count", count, methods=["GET", "POST"]),
        Route("/scope/{rest:path}", scope, methods=["GET", "PUT", "DELETE", "PATCH", "OPTIONS"]),
        Route("/echo", echo, methods=["POST"]),
        Route("/status/{code:int}", status),
        Route("/away", away),
        Route("/file", file),
        Mount("/static", StaticFiles(directory=STATIC, html=True)),
    ],
    middleware=[
        Middleware(SessionMiddleware, secret_key="of the test"),
        Middleware(GZipMiddleware, minimum_size=2000),
        Middleware(BaseHTTPMiddleware, dispatch=stamp),
    ],
)
