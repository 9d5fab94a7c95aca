"""Publishing and receiving, on threads and on event loops."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import slotway
from hub import PATIENCE, Hub, eventually, program
from slotway import SYSTEM, AsyncRequest, Draft, Event, Events, Gap, Request, Subscription, Worker


@contextmanager
def listening(events: Events, *patterns: str, **options: object) -> Iterator[Subscription]:
    """A subscription whose events come."""
    with events.subscribe(*patterns, **options) as subscription:  # type: ignore[arg-type]
        assert subscription.wait_live(PATIENCE)
        yield subscription


def received(subscription: Subscription, count: int) -> list[Event]:
    """So many events, without a gap."""
    found: list[Event] = []
    while len(found) < count:
        batch = subscription.take(timeout=PATIENCE)
        assert batch, f"{len(found)} of {count} have come"
        for event in batch:
            assert isinstance(event, Event), event
            found.append(event)
    return found


@contextmanager
def stopped(hub: Hub) -> Iterator[None]:
    """The hub takes nothing meanwhile."""
    assert hub.process is not None
    hub.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        hub.process.send_signal(signal.SIGCONT)


def test_an_event_arrives_as_it_was_published(hub: Hub) -> None:
    """Every field, each kind of payload, in order."""
    with Events(hub=hub.control) as events, listening(events, "chat.*") as subscription:
        before = time.time()
        events.publish("chat.1", b"\0\r\n\xff", type="raw", id="a-1", principal="ann")
        events.publish("chat.2", "häl")
        events.publish("chat.3", {"n": [1, None]}, principal=SYSTEM)
        events.try_publish("chat.4", bytearray(b"four"), must_deliver=True)
        events.publish("other.1", "not for here")
        count = events.publish_many(
            [("chat.5", "five"), Draft("chat.6", memoryview(b"six"), type="t", id="i")]
        )
        assert count == 2
        found = received(subscription, 6)
    first, second, third, *rest = found
    assert (first.topic, first.type, first.id, first.principal) == ("chat.1", "raw", "a-1", "ann")
    assert first.payload == b"\0\r\n\xff"
    assert before - 5 < first.time < time.time() + 5
    with pytest.raises(UnicodeDecodeError):
        first.text()
    with pytest.raises(ValueError):
        first.json()
    assert (second.text(), second.type, second.id) == ("häl", "message", str(second.seq))
    assert (third.json(), third.principal) == ({"n": [1, None]}, None)
    assert [event.payload for event in rest] == [b"four", b"five", b"six"]
    assert (rest[2].type, rest[2].id) == ("t", "i")
    sequence = [event.seq for event in found]
    assert sequence == sorted(set(sequence))
    assert "chat.1" in repr(first)


def test_what_cannot_be_published_is_said(hub: Hub) -> None:
    """Before anything is written, and by what is wrong with it."""
    with Events(hub=hub.control) as events, listening(events, "#") as subscription:
        for topic in ["", "a..b", "a.*", "with space", "x" * 256, ".".join("a" * 21)]:
            with pytest.raises(slotway.InvalidArgument, match="topic"):
                events.publish(topic)
        with pytest.raises(slotway.InvalidArgument, match="type"):
            events.publish("a", type="two\nlines")
        with pytest.raises(slotway.InvalidArgument, match="id"):
            events.publish("a", id="\r")
        with pytest.raises(slotway.InvalidArgument, match="key"):
            events.publish("a", terminal=True)
        with pytest.raises(slotway.TooLarge, match="payload"):
            events.publish("a", bytes((5 << 20) + 1))
        with pytest.raises(TypeError):
            events.publish("a", 7)  # type: ignore[arg-type]
        with pytest.raises(slotway.InvalidArgument):
            events.publish_many([("good", "x"), ("not good", "x")])
        with pytest.raises(TypeError, match="event 1"):
            events.publish_many([("good", "x"), "bad"])  # type: ignore[list-item]
        with pytest.raises(slotway.InvalidArgument, match="pattern"):
            events.subscribe("a.#.b")
        with pytest.raises(slotway.InvalidArgument, match="pattern"):
            events.subscribe()
        with pytest.raises(slotway.InvalidArgument, match="routed"):
            events.subscribe("a", principal="ann")
        with pytest.raises(ValueError, match="mode"):
            events.subscribe("a", mode="fair")  # type: ignore[arg-type]
        events.publish("the.end")
        assert [event.topic for event in received(subscription, 1)] == ["the.end"]


def test_what_is_published_is_seen_by_tail(tmp_path: Path) -> None:
    """Order and bytes, through the hub's own command."""
    hub = Hub(tmp_path, admin=str(tmp_path / "admin.sock")).start()
    try:
        tail = subprocess.Popen(
            [program(), "tail", "--json", "-n", "1000", "tail.*", "--admin", hub.admin],
            stdout=subprocess.PIPE,
            text=True,
        )
        with Events(hub=hub.control) as events:
            # It says nothing when it begins: so it hears of this until it is there.
            lines: list[str] = []
            assert tail.stdout is not None
            reader = threading.Thread(target=lambda out: lines.extend(out), args=(tail.stdout,))
            reader.start()
            events.publish_many([("tail.x", f"line {n}") for n in range(1000)])
            number = 1000
            while tail.poll() is None and reader.is_alive():
                events.publish("tail.x", f"line {number}")
                number += 1
                time.sleep(0.001)
            reader.join(PATIENCE)
        assert tail.wait(PATIENCE) == 0
        tail.stdout.close()
        said = [int(json.loads(line)["data"].removeprefix("line ")) for line in lines]
        assert said == list(range(said[0], said[0] + 1000))
    finally:
        tail.kill()
        tail.wait()
        hub.stop()


def test_a_crowd_arrives_in_order(hub: Hub) -> None:
    """10,000 events, must-deliver and one by one, from two threads at once."""
    with Events(hub=hub.control) as events, Events(hub=hub.control) as others:
        with listening(others, "crowd.*", capacity=20_000, queue=20_000) as subscription:

            def publish(name: str) -> None:
                for number in range(5000):
                    events.publish(f"crowd.{name}", str(number), must_deliver=True)

            threads = [threading.Thread(target=publish, args=(name,)) for name in "ab"]
            for thread in threads:
                thread.start()
            found = received(subscription, 10_000)
            for thread in threads:
                thread.join()
    for name in "ab":
        numbers = [int(event.text()) for event in found if event.topic == f"crowd.{name}"]
        assert numbers == list(range(5000))


def test_a_full_outbox_is_seen_and_recovers(hub: Hub) -> None:
    """Each form says so in its way; nothing of what was accepted is lost."""
    with Events(hub=hub.control) as events, Events(hub=hub.control) as others:
        with listening(others, "#", capacity=50_000, queue=50_000) as subscription:
            accepted = 0
            eventually(lambda: events.core.connected, "the publisher's hub")
            with stopped(hub):
                with pytest.raises(slotway.Full) as caught:
                    for _ in range(1_000_000):
                        events.try_publish("full", str(accepted))
                        accepted += 1
                assert (caught.value.code, caught.value.name) == (-4, "again")
                assert events.try_publish_many([("full", "x" * 100)]) == 0
                with pytest.raises(slotway.Timeout):
                    events.publish("full", "too late", timeout=0.05)
                assert events.publish_many([("full", "x"), ("full", "y")], timeout=0.05) == 0

                async def from_a_loop() -> None:
                    async with Events(hub=hub.control) as own:
                        await asyncio.wait_for(own.publish_async("other", "x"), PATIENCE)

                later = threading.Thread(
                    target=lambda: events.publish_many(
                        [("full", str(accepted)), ("full", str(accepted + 1))]
                    )
                )
                later.start()
            later.join(PATIENCE)
            asyncio.run(from_a_loop())
            found = received(subscription, accepted + 3)
    numbers = [int(event.text()) for event in found if event.topic == "full"]
    assert numbers == list(range(accepted + 2))


def test_a_loop_waits_for_room(hub: Hub) -> None:
    """A task that publishes more than there is room for waits, and the loop goes on."""

    async def main() -> int:
        async with Events(hub=hub.control) as events, Events(hub=hub.control) as others:
            subscription = others.subscribe("flood", capacity=50_000, queue=50_000)
            await asyncio.wait_for(subscription.live(), PATIENCE)
            payload = b"x" * 200
            assert hub.process is not None
            hub.process.send_signal(signal.SIGSTOP)
            try:
                flood = asyncio.create_task(
                    events.publish_many_async([("flood", payload)] * 20_000)
                )
                # Others have their turn while it waits.
                for _ in range(20):
                    await asyncio.sleep(0.005)
                assert not flood.done()
            finally:
                hub.process.send_signal(signal.SIGCONT)
            count = 0
            async for event in subscription:
                assert isinstance(event, Event), event
                count += 1
                if count == 20_000:
                    break
            await flood
            return count

    assert asyncio.run(asyncio.wait_for(main(), 2 * PATIENCE)) == 20_000


def test_a_subscription_that_nobody_reads_holds_up_no_other(hub: Hub) -> None:
    """Both of one worker. What the unread one has lost is a gap at its place."""
    with Events(hub=hub.control) as events, Events(hub=hub.control) as others:
        unread = others.subscribe("both", queue=10)
        newest = others.subscribe("both", queue=10, overflow="newest")
        assert unread.wait_live(PATIENCE) and newest.wait_live(PATIENCE)
        with listening(others, "both", capacity=20_000, queue=20_000) as subscription:
            for number in range(2000):
                events.publish("both", str(number), must_deliver=True)
            found = received(subscription, 2000)
            assert [int(event.text()) for event in found] == list(range(2000))
            # Those of the others may come behind them; this reads for all.
            for other in (unread, newest):
                eventually(
                    lambda other=other: subscription.next(0) is None and other.lost_here == 1990,
                    "the loss",
                )
        gap, *rest = unread.take(timeout=PATIENCE)
        assert isinstance(gap, Gap) and (gap.missed, gap.principal) == (1990, None)
        assert [int(e.text()) for e in rest if isinstance(e, Event)] == list(range(1990, 2000))
        assert unread.lost_here == 1990
        *rest, gap = newest.take(timeout=PATIENCE)
        assert isinstance(gap, Gap) and gap.missed == 1990 and "1990" in repr(gap)
        assert [int(e.text()) for e in rest if isinstance(e, Event)] == list(range(10))


def test_a_routed_subscription(hub: Hub) -> None:
    """Scoped to one principal, or to nobody's events; all take turns."""
    with Events(hub=hub.control) as events:
        ann = events.subscribe("#", mode="routed", principal="ann")
        nobody = events.subscribe("#", mode="routed", principal=SYSTEM)
        everybody = events.subscribe("#", mode="routed")
        for subscription in (ann, nobody, everybody):
            assert subscription.wait_live(PATIENCE)
        drafts = [("r", str(n), "", "", who) for n, who in enumerate(["ann", "bob", SYSTEM] * 5)]
        events.publish_many(drafts)
        assert {event.principal for event in received(ann, 5)} == {"ann"}
        assert {event.principal for event in received(nobody, 5)} == {None}
        assert {event.principal for event in received(everybody, 15)} == {"ann", "bob", None}


def test_what_was_missed_is_replayed(hub: Hub) -> None:
    """After a sequence number, what the hub still holds."""
    with Events(hub=hub.control) as events:
        with listening(events, "old.*") as subscription:
            events.publish_many([(f"old.{n}", str(n)) for n in range(10)])
            found = received(subscription, 10)
        with events.subscribe("old.*", after=found[3].seq) as again:
            assert [event.seq for event in received(again, 6)] == [e.seq for e in found[4:]]


def test_a_hub_that_comes_back(hub: Hub) -> None:
    """Publishing and receiving go on with the next hub; what is for now says so."""
    with Events(hub=hub.control) as events, listening(events, "on.*") as subscription:
        events.publish("on.1", "before")
        assert received(subscription, 1)[0].text() == "before"
        hub.kill()
        eventually(lambda: not events.core.connected, "the hub's end")
        with pytest.raises(slotway.HubGone):
            events.try_publish("on.2")
        with pytest.raises(slotway.Timeout):
            events.publish("on.2", timeout=0.05)
        later = threading.Thread(target=lambda: events.publish("on.3", "waited"))
        later.start()
        hub.start()
        later.join(PATIENCE)
        assert subscription.wait_live(PATIENCE)
        events.publish("on.4", "after")
        texts: list[str] = []
        while "after" not in texts:
            found = subscription.next(PATIENCE)
            assert found is not None
            if isinstance(found, Event):
                texts.append(found.text())


def test_a_loop_goes_on_with_the_next_hub(hub: Hub) -> None:
    """The same on an event loop, which waits for it without a thread."""

    async def main() -> None:
        async with Events(hub=hub.control) as events, events.subscribe("on.*") as subscription:
            await events.publish_async("on.1", "before")
            first = await anext(subscription)
            assert isinstance(first, Event) and first.text() == "before"
            hub.kill()
            while events.core.connected:
                await asyncio.sleep(0.01)
            waits = asyncio.create_task(events.publish_async("on.2", "waited"))
            await asyncio.sleep(0.01)
            assert not waits.done()
            hub.start()
            await waits
            await subscription.live()
            await events.publish_async("on.3", "after")
            async for found in subscription:
                if isinstance(found, Event) and found.text() == "after":
                    return

    asyncio.run(asyncio.wait_for(main(), 2 * PATIENCE))


PUBLISHER = """
import sys
from slotway import Events

events = Events(hub=sys.argv[1])
print("there", flush=True)
number = 0
while True:
    # Longer than the outbox, so most of the time one is under way.
    events.publish("torn", bytes([number % 256]) * 700_000)
    number += 1
"""


def test_a_publisher_that_is_killed_mid_event(hub: Hub) -> None:
    """Subscribers see whole events only."""
    with Events(hub=hub.control) as events, listening(events, "torn", "end") as subscription:
        for _ in range(3):
            process = subprocess.Popen(
                [sys.executable, "-c", PUBLISHER, str(hub.control)], stdout=subprocess.PIPE
            )
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == b"there\n"
                first = subscription.next(PATIENCE)
                assert first is not None
            finally:
                process.kill()
                process.communicate()
            events.publish("end")
            while True:
                found = subscription.next(PATIENCE)
                assert found is not None
                if isinstance(found, Gap):
                    continue
                if found.topic == "end":
                    break
                assert len(found.payload) == 700_000
                assert found.payload == found.payload[:1] * 700_000


def test_closing_ends_who_waits(hub: Hub) -> None:
    """On a thread and on a loop; the subscription's own close, and the connection's."""
    events = Events(hub=hub.control)
    for end in [Subscription.close, lambda _: events.close()]:
        subscription = events.subscribe("never")
        assert subscription.wait_live(PATIENCE)
        ended = threading.Event()

        def iterate(subscription: Subscription = subscription) -> None:
            for _ in subscription:
                raise AssertionError("nothing was published")
            ended.set()

        thread = threading.Thread(target=iterate)
        thread.start()
        end(subscription)
        thread.join(PATIENCE)
        assert ended.is_set()
        with pytest.raises(slotway.Closed):
            subscription.next()
        ended.clear()
    with pytest.raises(slotway.Closed):
        events.publish("x")

    async def main(own: bool) -> None:
        events = Events(hub=hub.control)
        subscription = events.subscribe("never")
        await subscription.live()
        task = asyncio.create_task(drain(subscription))
        await asyncio.sleep(0)
        if own:
            subscription.close()
        else:
            events.close()
        await asyncio.wait_for(task, PATIENCE)
        events.close()

    async def drain(subscription: Subscription) -> None:
        async for _ in subscription:
            raise AssertionError("nothing was published")

    for own in (True, False):
        asyncio.run(main(own))


WAITS = """
import sys
from slotway import Events

with Events(hub=sys.argv[1]) as events, events.subscribe("never") as subscription:
    subscription.wait_live()
    try:
        print("there", flush=True)
        WAIT
    except KeyboardInterrupt:
        print("heard", flush=True)
"""


@pytest.mark.parametrize(
    "wait",
    [
        "next(subscription)",
        "subscription.take(timeout=1000)",
        "while True: events.publish('x', bytes(50_000))",
    ],
)
def test_the_main_thread_hears_signals_while_it_waits(hub: Hub, wait: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", "-c", WAITS.replace("WAIT", wait), hub.control],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        with stopped(hub):
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline() == "heard\n"
        output, errors = process.communicate(timeout=PATIENCE)
        assert (output, errors, process.returncode) == ("", "", 0)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_handlers_publish_and_receive(hub: Hub, kind: str) -> None:
    """A worker's own events; `current` gives the same ones."""
    worker = Worker("speaks", hub=hub.control)

    with pytest.raises(slotway.OutOfOrder):
        _ = worker.events

    if kind == "plain":

        @worker.post("/say/{topic}")
        def say(request: Request) -> str:
            assert slotway.current() is worker.events
            worker.events.publish(request.params["topic"], bytes(request.body))
            return "said"

        @worker.get("/hear/{topic}")
        def hear(request: Request) -> str:
            with worker.events.subscribe(request.params["topic"]) as subscription:
                subscription.wait_live()
                worker.events.publish("ready", request.params["topic"])
                for event in subscription:
                    assert isinstance(event, Event)
                    return f"{event.text()} by {event.principal}"
            return "nothing"
    else:

        @worker.post("/say/{topic}")
        async def say_async(request: AsyncRequest) -> str:
            assert slotway.current() is worker.events
            await worker.events.publish_async(request.params["topic"], await request.body())
            return "said"

        @worker.get("/hear/{topic}")
        async def hear_async(request: AsyncRequest) -> str:
            async with worker.events.subscribe(request.params["topic"]) as subscription:
                await worker.events.publish_async("ready", request.params["topic"])
                async for event in subscription:
                    assert isinstance(event, Event)
                    return f"{event.text()} by {event.principal}"
            return "nothing"

    with worker.start() as running, listening(running.events, "ready") as ready:
        for number in range(3):
            answers: list[str] = []
            thread = threading.Thread(
                target=lambda n=number, a=answers: a.append(hub.get(f"/hear/t{n}").text)
            )
            thread.start()
            assert received(ready, 1)[0].text() == f"t{number}"
            assert hub.post(f"/say/t{number}", b"hello").text == "said"
            thread.join(PATIENCE)
            assert answers == ["hello by speaks"]
    with pytest.raises(slotway.OutOfOrder):
        slotway.current()


def test_a_loop_that_is_not_the_workers_is_told_so(hub: Hub) -> None:
    worker = Worker("threads", hub=hub.control)

    @worker.get("/")
    def answer(request: Request) -> str:
        return "there"

    async def main(running: slotway.Running) -> None:
        with pytest.raises(slotway.OutOfOrder, match="slotway.Events"):
            await running.events.publish_async("x")

    with worker.start() as running:
        asyncio.run(main(running))
        with pytest.raises(slotway.OutOfOrder):
            running.events.close()


def test_a_child_leaves_its_parents_subscription_alone(hub: Hub) -> None:
    with Events(hub=hub.control) as events, listening(events, "x") as subscription:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                for use in (lambda: events.publish("x"), subscription.next, subscription.close):
                    try:
                        use()
                    except slotway.OutOfOrder:
                        continue
                    os._exit(2)
                del subscription
                status = 0
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        events.publish("x", "still")
        assert received(subscription, 1)[0].text() == "still"


def test_what_the_hub_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the event's ticket."""
    monkeypatch.setenv("SLOTWAY_EVENTS_PAYLOAD_BYTES", "64K")
    hub = Hub(tmp_path).start()
    try:
        with Events(hub=hub.control) as events:
            events.publish("big", bytes(1 << 20), ticket=7)
            refusals: list[slotway.Refusal] = []
            eventually(lambda: refusals.extend(events.take_refusals()) or refusals, "the refusal")
            assert refusals == [slotway.Refusal(7, "too_large", 1)]
    finally:
        hub.stop()
