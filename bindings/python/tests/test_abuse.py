"""Handlers that do what nobody should, and what becomes of everybody else."""

from __future__ import annotations

import asyncio
import http
import http.client
import json
from collections.abc import Callable
from typing import Any

import pytest

from hub import Hub
from slotway import AsyncRequest, Request, Response, Worker


def told(answer: Any) -> tuple[int, str]:
    """Status and code of a problem."""
    return answer.status, json.loads(answer.body)["code"]


NONSENSE: dict[str, Callable[[], Any]] = {
    "status-str": lambda: Response("x", status="200"),  # type: ignore[arg-type]
    "status-float": lambda: Response("x", status=200.0),  # type: ignore[arg-type]
    "status-true": lambda: Response("x", status=True),
    "status-huge": lambda: Response("x", status=1 << 70),
    "status-negative": lambda: Response("x", status=-200),
    "status-zero": lambda: Response("x", status=0),
    "status-interim": lambda: Response("x", status=103),
    "status-1000": lambda: Response("x", status=1000),
    "header-int": lambda: Response("x", headers=[("x-a", 1)]),  # type: ignore[list-item]
    "header-triple": lambda: Response("x", headers=[("a", "b", "c")]),  # type: ignore[list-item]
    "header-snowman": lambda: Response("x", headers={"x-a": "\u2603"}),
    "header-surrogate": lambda: Response("x", headers={"x-a": "\ud800"}),
    "header-newline": lambda: Response("x", headers={"x-a": "b\r\nx-evil: 1"}),
    "header-empty": lambda: Response("x", headers={"": "b"}),
    "headers-many": lambda: Response("x", headers=[(f"x-{n}", "y" * 50) for n in range(100_000)]),
    "length-word": lambda: Response("x", headers={"content-length": "one"}),
    "length-wrong": lambda: Response("x", headers={"content-length": "7"}),
    "text-surrogate": lambda: "\ud800",
    "nan": lambda: {"a": float("nan")},
    "infinity": lambda: [float("inf")],
    "date": lambda: {"a": object()},
    "view-strided": lambda: memoryview(b"abcdef")[::2],
    "object": lambda: object(),
    "set": lambda: Response({"a", 1}),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_answers_that_cannot_be_sent(hub: Hub, kind: str) -> None:
    """Each is answered with a problem, and the worker goes on."""
    worker = Worker("nonsense", hub=hub.control, threads=1)
    if kind == "plain":

        @worker.get("/{which}")
        def plain(request: Request) -> Any:
            return NONSENSE[request.params["which"]]()
    else:

        @worker.get("/{which}")
        async def coroutine(request: AsyncRequest) -> Any:
            return NONSENSE[request.params["which"]]()

    with worker.start():
        for which in NONSENSE:
            try:
                answer = hub.get(f"/{which}")
            except (ConnectionError, http.client.IncompleteRead):
                # Its answer had begun.
                assert which == "set"
                continue
            assert "x-evil" not in answer.headers
            if which == "set":
                assert answer.status == 502
            else:
                assert told(answer) in ((502, "bad_answer"), (500, "handler_failed")), which


def test_answers_that_look_odd_and_are_fine(hub: Hub) -> None:
    """What means something is sent."""
    worker = Worker("odd", hub=hub.control)
    odd: dict[str, Any] = {
        "enum": lambda: Response("x", status=http.HTTPStatus.IM_A_TEAPOT),
        "latin": lambda: Response("x", headers={"x-a": "ü"}),
        "lists": lambda: Response("x", headers=[["x-a", "b"]]),  # type: ignore[list-item]
        "once": lambda: Response(b"y" * 500_000, headers=((n, "b") for n in ("x-a",))),
        "bytearray": lambda: Response(bytearray(b"x")),
    }

    @worker.get("/{which}")
    def plain(request: Request) -> Any:
        return odd[request.params["which"]]()

    with worker.start():
        assert hub.get("/enum").status == 418
        assert hub.get("/latin").headers["x-a"] == "ü"
        assert hub.get("/lists").headers["x-a"] == "b"
        once = hub.get("/once")
        assert (once.headers["x-a"], len(once.body)) == ("b", 500_000)
        assert hub.get("/bytearray").body == b"x"


class Odd(BaseException):
    """What is no Exception, and no end of the process either."""


@pytest.mark.parametrize("kind", ["plain", "async", "later"])
@pytest.mark.parametrize("error", [Odd, GeneratorExit, asyncio.CancelledError])
def test_what_a_handler_raises_is_its_own_affair(
    hub: Hub, kind: str, error: type[BaseException]
) -> None:
    """Neither the worker ends by it nor another request."""
    worker = Worker("raises", hub=hub.control, threads=1)
    if kind == "plain":

        @worker.get("/raise")
        def plain(request: Request) -> Any:
            raise error
    else:

        @worker.get("/raise")
        async def coroutine(request: AsyncRequest) -> Any:
            if kind == "later":
                await asyncio.sleep(0)
            raise error

    @worker.get("/fine")
    async def fine(request: AsyncRequest) -> str:
        return "fine"

    with worker.start():
        for _ in range(3):
            assert hub.get("/raise").status == 500
            assert hub.get("/fine").text == "fine"
