"""Streams that a worker owns, and whose clients the hub holds."""

from __future__ import annotations

import asyncio
import queue
import threading
from typing import Any

import pytest

import slotway
from hub import PATIENCE, Hub, eventually
from slotway import AsyncStreamRequest, Response, Stream, StreamRequest, Worker
from streams import Client, Message


class Room:
    """A worker with a stream; what its handlers have been told is in `told`."""

    def __init__(self, hub: Hub, kind: str, name: str = "rooms") -> None:
        self.told: queue.SimpleQueue[tuple[str, str, str]] = queue.SimpleQueue()
        self.heads: list[dict[str, Any]] = []
        self.worker = Worker(name, hub=hub.control)
        self.stream: Stream = self.worker.sse("/rooms/{room}/events")

        def come(request: StreamRequest | AsyncStreamRequest) -> Response | None:
            self.heads.append(
                {
                    "params": request.params,
                    "query": request.query,
                    "header": request.headers.get("x-who"),
                    "path": request.path,
                }
            )
            if request.params["room"] == "closed":
                return Response("members only\n", status=403, headers={"x-why": "closed"})
            self.told.put((request.stage, request.connection, request.params["room"]))
            return Response(status=204, headers={"x-room": request.params["room"]})

        def gone(request: StreamRequest | AsyncStreamRequest) -> None:
            self.told.put((request.stage, request.connection, request.params["room"]))

        if kind == "plain":

            @self.stream.connect
            def plain_come(request: StreamRequest) -> Response | None:
                return come(request)

            @self.stream.disconnect
            def plain_gone(request: StreamRequest) -> None:
                gone(request)
        else:

            @self.stream.connect
            async def async_come(request: AsyncStreamRequest) -> Response | None:
                await asyncio.sleep(0)
                return come(request)

            # The two may be of different kinds.
            if kind == "mixed":
                self.stream.disconnect(gone)
            else:

                @self.stream.disconnect
                async def async_gone(request: AsyncStreamRequest) -> None:
                    await asyncio.sleep(0)
                    gone(request)

    def hears(self) -> tuple[str, str, str]:
        return self.told.get(timeout=PATIENCE)


KINDS = ["plain", "async", "mixed"]


@pytest.mark.parametrize("kind", KINDS)
def test_clients_come_get_what_is_pushed_and_go(hub: Hub, kind: str) -> None:
    room = Room(hub, kind)
    with room.worker.start() as running:
        one = Client(hub, "/rooms/k%C3%BCche/events?a=1&a=2", **{"x-who": "ann"})
        assert room.hears() == ("connect", one.number, "küche")
        assert one.response.getheader("x-room") == "küche"
        assert room.heads[0] == {
            "params": {"room": "küche"},
            "query": {"a": ["1", "2"]},
            "header": "ann",
            "path": "/rooms/küche/events",
        }
        two = Client(hub, "/rooms/k%C3%BCche/events")
        other = Client(hub, "/rooms/7/events")
        assert {room.hears()[1], room.hears()[1]} == {two.number, other.number}
        push = running.events.push
        # By path, by pattern and parameters, by connection; to all of the pattern.
        assert push("to the path", path="/rooms/7/events", event="note", id="n1") == 200
        assert room.stream.push("two\nlines", {"room": "küche"}) == 200
        assert push(b"to one", connection=two.number) == 200
        assert push({"to": "all"}, pattern=room.stream.pattern, name="rooms") == 200
        note, everybody = other.next(), other.next()
        assert note == Message("note", ["to the path"], "n1")
        assert everybody is not None and everybody.text == '{"to":"all"}'
        texts = [message.text for message in (one.next(), one.next()) if message]
        assert texts == ["two\nlines", '{"to":"all"}']
        texts = [message.text for message in (two.next(), two.next(), two.next()) if message]
        assert texts == ["two\nlines", "to one", '{"to":"all"}']
        # What cannot be pushed says so.
        assert push("x", path="/rooms/none/events") == 404
        assert push("x", connection="1") == 404
        assert push("x", pattern="/rooms/{", params={}) == 400
        with pytest.raises(slotway.InvalidArgument, match="type"):
            push("x", path="/rooms/7/events", event="a\nb")
        with pytest.raises(TypeError, match="whom"):
            push("x")
        with pytest.raises(TypeError, match="pattern"):
            push("x", path="/", params={"a": "b"})
        with pytest.raises(slotway.InvalidArgument, match="'rooms'"):
            push("x", path="/", name="nobody")
        # One goes, once; another is sent away.
        two.close()
        assert room.hears() == ("disconnect", two.number, "küche")
        assert push(None, connection=other.number, close=True) == 200
        end = other.next()
        assert end is not None and end.event == "end"
        assert other.next() is None
        assert room.hears() == ("disconnect", other.number, "7")
        assert room.stream.push("bye", {"room": "küche"}, event="bye", close=True) == 200
        assert [m.event for m in (one.next(), one.next()) if m] == ["bye", "end"]
        assert one.next() is None
        assert room.hears() == ("disconnect", one.number, "küche")
        assert push("x", connection=one.number) in (404, 410)
        for client in (one, other):
            client.close()
    assert room.told.empty()


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_that_is_refused_gets_the_answer(hub: Hub, kind: str) -> None:
    room = Room(hub, kind)
    with room.worker.start():
        answer = hub.get("/rooms/closed/events")
        assert (answer.status, answer.text) == (403, "members only\n")
        assert answer.headers["x-why"] == "closed"
        # Whoever asks for the head alone does not stay.
        assert hub.fetch("HEAD", "/rooms/open/events").status == 200
    assert room.told.empty()


def test_everybody_may_come_where_nobody_says_otherwise(hub: Hub) -> None:
    """No function at all; and one that fails keeps clients out."""
    worker = Worker("open", hub=hub.control)
    stream = worker.sse("/open/{*path}")
    fails = worker.sse("/fails")

    @fails.connect
    def fail(request: StreamRequest) -> None:
        raise ValueError("not today")

    with pytest.raises(ValueError, match="already"):
        fails.connect(fail)
    with pytest.raises(TypeError):
        fails.disconnect(7)  # type: ignore[type-var]
    with worker.start():
        client = Client(hub, "/open/a/b")
        assert stream.push("x", {"path": "a/b"}) == 200
        assert client.next() == Message("message", ["x"])
        client.close()
        assert hub.get("/fails").status == 500


@pytest.mark.parametrize("kind", KINDS)
def test_s06_clients_stay_when_the_worker_restarts(hub: Hub, kind: str) -> None:
    """The next one is asked about each of them, and pushes to them."""
    first = Room(hub, kind)
    with first.worker.start():
        clients = [Client(hub, f"/rooms/{n % 5}/events") for n in range(20)]
        numbers = {first.hears()[1] for _ in clients}
        assert numbers == {client.number for client in clients}
    second = Room(hub, kind)
    with second.worker.start():
        told = [second.hears() for _ in clients]
        assert {stage for stage, _, _ in told} == {"reconnect"}
        assert {number for _, number, _ in told} == numbers
        assert second.stream.push("again") == 200
        for client in clients:
            message = client.next()
            assert message is not None and message.text == "again"
            client.close()
        gone = {second.hears()[:2] for _ in clients}
        assert gone == {("disconnect", number) for number in numbers}


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_a_crowd_of_events_reaches_every_client_in_order(hub: Hub, kind: str) -> None:
    """10,000 pushes without an answer, from a thread or a loop."""
    worker = Worker("crowd", hub=hub.control)
    stream = worker.sse("/crowd")
    count = 10_000
    window = 500

    if kind == "plain":

        @worker.post("/go")
        def go(request: slotway.Request) -> dict[str, int]:
            statuses = set()
            for number in range(count):
                # What the hub has taken it has given on: clients that read are not overrun.
                if number % window == window - 1:
                    statuses.add(stream.push(str(number)))
                else:
                    stream.push_only(str(number))
            return {"status": max(statuses)}
    else:

        @worker.post("/go")
        async def go_async(request: slotway.AsyncRequest) -> dict[str, int]:
            statuses = set()
            for number in range(count):
                if number % window == window - 1:
                    statuses.add(await stream.push_async(str(number)))
                else:
                    await stream.push_only_async(str(number))
            return {"status": max(statuses)}

    with worker.start():
        clients = [Client(hub, "/crowd") for _ in range(2)]
        read: list[list[int]] = [[] for _ in clients]

        def listen(client: Client, into: list[int]) -> None:
            while len(into) < count and (message := client.next()):
                into.append(int(message.text))

        threads = [
            threading.Thread(target=listen, args=pair) for pair in zip(clients, read, strict=True)
        ]
        for thread in threads:
            thread.start()
        assert hub.post("/go", b"").text == '{"status":200}'
        for thread in threads:
            thread.join(PATIENCE)
        assert all(numbers == list(range(count)) for numbers in read)
        for client in clients:
            client.close()


def test_streams_of_several_names(hub: Hub) -> None:
    """Each stream pushes to its own name's clients."""
    worker = Worker("first", hub=hub.control)
    one = worker.sse("/one")
    worker.also("second")
    two = worker.sse("/two")
    with worker.start() as running:
        client, other = Client(hub, "/one"), Client(hub, "/two")
        assert (one.push("1"), two.push("2")) == (200, 200)
        assert running.events.push("x", path="/two") == 404
        assert running.events.push("3", path="/two", name="second") == 200
        first, second, third = client.next(), other.next(), other.next()
        assert first and second and third
        assert (first.text, second.text, third.text) == ("1", "2", "3")
        client.close()
        other.close()


def test_a_push_that_the_hub_goes_away_with(hub: Hub) -> None:
    """On a thread and on a loop, the push says so or is answered by the next hub."""
    worker = Worker("away", hub=hub.control)
    stream = worker.sse("/away")

    @worker.get("/push")
    async def push(request: slotway.AsyncRequest) -> str:
        return str(await stream.push_async("x"))

    with worker.start() as running:
        assert hub.get("/push").text == "404"
        hub.kill()
        eventually(lambda: not running.core.connected, "the hub's end")
        with pytest.raises(slotway.Timeout):
            stream.push("x", timeout=0.05)
        hub.start()
        eventually(lambda: hub.get("/push").text == "404", "the next hub's answer")
