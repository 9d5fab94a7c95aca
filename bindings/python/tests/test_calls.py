"""Calling activities, on threads and on event loops, and what becomes of calls.

A name that begins with q and a number is that line of the behaviours of task queues.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import slotway
from hub import PATIENCE, Hub, eventually
from slotway import AsyncRequest, Caller, Reply, Request, Response, Runner, Unit, Worker
from serving import APPS, Process
from takers import QUEUE, Taker


def test_two_processes(hub: Hub) -> None:
    """Every kind of payload there, every part of a reply back."""
    with Taker(hub) as taker, Caller(hub=hub.control) as caller:
        reply = caller.call(QUEUE, "echo", b"\0\xff\r\n")
        assert (reply.status, reply.is_success, reply.body) == (200, True, b"\0\xff\r\n")
        assert (reply.attempts, reply.replayed, reply.delay_hint) == (1, False, None)
        assert reply.content_type == "application/octet-stream"
        with pytest.raises(UnicodeDecodeError):
            reply.text()
        with pytest.raises(ValueError):
            reply.json()
        assert caller.call(QUEUE, "echo", "häl").text() == "häl"
        assert caller.call(QUEUE, "echo", {"n": [1, None]}).json() == {"n": [1, None]}
        assert caller.call(QUEUE, "echo").body == b""
        assert caller.call(QUEUE, "echo", memoryview(b"view")).body == b"view"
        large = os.urandom(3 << 20)
        assert caller.call(QUEUE, "echo", large).body == large
        assert caller.call(QUEUE, "sleep", "1").text() == "slept"
        assert [caller.call(QUEUE, "count").text() for _ in range(3)] == ["1", "2", "3"]
        assert "200" in repr(caller.call(QUEUE, "echo", "x"))
        assert taker.end() == (0, "")


def test_an_error_answer_is_a_reply(hub: Hub) -> None:
    """The status is the worker's to choose; only no answer at all is a failure."""
    with Taker(hub), Caller(hub=hub.control) as caller:
        reply = caller.call(QUEUE, "fail")
        assert (reply.status, reply.is_success, reply.text()) == (500, False, "it failed")


def test_what_cannot_be_called_is_said(hub: Hub) -> None:
    """Before anything is sent, and by what is wrong with it."""
    with Caller(hub=hub.control) as caller:
        for queue in ["", "one", "a/b/c", "a.b/c", "a/", "/b", "a/" + "x" * 129]:
            with pytest.raises(slotway.InvalidArgument, match="queue"):
                caller.call(queue, "x")
        for activity in ["", "a/b", "a b"]:
            with pytest.raises(slotway.InvalidArgument, match="activity"):
                caller.call(QUEUE, activity)
        with pytest.raises(slotway.InvalidArgument, match="content type"):
            caller.call(QUEUE, "x", content_type="two\nlines")
        with pytest.raises(slotway.InvalidArgument, match="key"):
            caller.call(QUEUE, "x", key="")
        with pytest.raises(slotway.TooLarge, match="payload"):
            caller.call(QUEUE, "x", bytes((5 << 20) + 1))
        with pytest.raises(TypeError):
            caller.call(QUEUE, "x", 7)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="NaN"):
            caller.call(QUEUE, "x", timeout=float("nan"))
        with pytest.raises(OverflowError):
            caller.call(QUEUE, "x", attempts=-1)


def test_queues_that_are_not_there(hub: Hub) -> None:
    """No worker has ever taken it; or none takes the type. The error says which."""
    with Caller(hub=hub.control) as caller:
        with pytest.raises(slotway.CallFailed, match="demo/work") as caught:
            caller.call(QUEUE, "echo")
        failed = caught.value
        assert (failed.code, failed.name, failed.end) == (-17, "call", "no_queue")
        assert failed.reason and failed.retry_after is None
        copy = pickle.loads(pickle.dumps(failed))
        assert (copy.end, copy.reason, str(copy)) == ("no_queue", failed.reason, str(failed))
        with Taker(hub):
            with pytest.raises(slotway.CallFailed) as caught:
                caller.call(QUEUE, "dance")
            assert caught.value.end == "no_activity"


@contextmanager
def probe(hub: Hub) -> Iterator[Process]:
    """A worker process that says what it has in hand."""
    with Process([sys.executable, str(APPS / "queue_probe.py"), str(hub.control)]) as process:
        try:
            process.wait_line("ready")
            yield process
        finally:
            # What hangs in it would hold up a drain.
            process.process.kill()


def test_q03_a_killed_worker_is_known_at_once(hub: Hub) -> None:
    """Named in the error, and not by waiting for the deadline."""
    with Caller(hub=hub.control) as caller:
        with probe(hub) as process:
            calling = caller.begin("probe/work", "hang", timeout=600)
            process.wait_line("attempt 1")
            assert calling.wait(0.01) is None
            process.process.kill()
            with pytest.raises(slotway.CallFailed) as caught:
                calling.wait(PATIENCE)
            assert caught.value.end == "worker_gone"
        with Taker(hub):
            with pytest.raises(slotway.CallFailed) as caught:
                caller.call(QUEUE, "crash", timeout=600)
            assert caught.value.end == "worker_gone"


def test_an_idempotent_call_is_begun_again(hub: Hub) -> None:
    """By the policy that the caller gave: another worker does it."""
    with Caller(hub=hub.control) as caller, probe(hub) as process:
        calling = caller.begin(
            "probe/work", "hang", timeout=600, attempts=3, backoff=0.01, idempotent=True
        )
        process.wait_line("attempt 1")
        second = Worker("queue-probe", hub=hub.control)

        @second.activity("probe/work", "hang")
        def hang(request: Request) -> str:
            assert request.activity is not None
            return f"attempt {request.activity.attempt}"

        with second.start():
            process.process.kill()
            reply = calling.wait(PATIENCE)
    assert reply is not None
    assert (reply.text(), reply.attempts) == ("attempt 2", 2)


def test_q07_a_key_replays_the_outcome(hub: Hub) -> None:
    """Nothing is done a second time; the key is for one payload."""
    with Taker(hub), Caller(hub=hub.control) as caller:
        first = caller.call(QUEUE, "count", "x", key="k-1")
        again = caller.call(QUEUE, "count", "x", key="k-1")
        assert (first.replayed, again.replayed) == (False, True)
        assert (first.body, first.status) == (again.body, again.status)
        assert caller.call(QUEUE, "count", "x", key="k-2").text() == "2"
        with pytest.raises(slotway.CallFailed) as caught:
            caller.call(QUEUE, "count", "another", key="k-1")
        assert caught.value.end == "key_reused"


def test_q05_a_full_queue_says_when_to_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is done, one waits, and the third is delivered to nobody."""
    monkeypatch.setenv("SLOTWAY_QUEUES_WAITING", "1")
    hub = Hub(tmp_path).start()
    worker = Worker("slow", hub=hub.control)
    came, go = threading.Semaphore(0), threading.Event()

    @worker.activity(QUEUE, "wait")
    def wait(request: Request) -> str:
        came.release()
        assert go.wait(PATIENCE)
        return "done"

    worker.capacity(QUEUE, 1)
    try:
        with worker.start(), Caller(hub=hub.control) as caller:
            first = caller.begin(QUEUE, "wait")
            assert came.acquire(timeout=PATIENCE)
            others = [caller.begin(QUEUE, "wait") for _ in range(2)]
            failed: list[slotway.CallFailed] = []

            def one_is_rejected() -> bool:
                for calling in others:
                    try:
                        assert calling.wait(0.01) is None
                    except slotway.CallFailed as error:
                        failed.append(error)
                        others.remove(calling)
                        return True
                return False

            eventually(one_is_rejected, "the rejection")
            assert failed[0].end == "queue_full"
            assert failed[0].retry_after is not None
            assert 0.025 <= failed[0].retry_after <= 10
            go.set()
            at_once, later = first.wait(PATIENCE), others[0].wait(PATIENCE)
            assert at_once is not None and at_once.delay_hint is None
            assert later is not None and later.text() == "done"
            assert later.delay_hint is not None and 0.025 <= later.delay_hint <= 0.25
        # Of the three two were done.
        assert [came.acquire(blocking=False) for _ in "ab"] == [True, False]
    finally:
        hub.stop()


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_q07_the_deadline_is_enforced(hub: Hub, kind: str) -> None:
    """The caller hears it, and so does the worker."""
    seen = cancelled_worker(hub, kind)
    with seen.worker.start(), Caller(hub=hub.control) as caller:
        with pytest.raises(slotway.CallFailed) as caught:
            caller.call(QUEUE, "wait", timeout=0.2)
        assert caught.value.end == "deadline"
        assert seen.cancelled.wait(PATIENCE)


@pytest.mark.parametrize("kind", ["plain", "async"])
@pytest.mark.parametrize("how", ["hang_up", "forgotten", "task"])
def test_who_hangs_up_is_heard_by_the_worker(hub: Hub, kind: str, how: str) -> None:
    """By name, by letting go of it, or by a task that is cancelled."""
    seen = cancelled_worker(hub, kind)

    async def in_a_task() -> None:
        async with Caller(hub=hub.control) as own:
            task = asyncio.create_task(own.call_async(QUEUE, "wait"))
            await asyncio.to_thread(seen.came.wait, PATIENCE)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(seen.cancelled.wait, PATIENCE)

    with seen.worker.start(), Caller(hub=hub.control) as caller:
        if how == "task":
            asyncio.run(in_a_task())
        else:
            calling: slotway.Calling | None = caller.begin(QUEUE, "wait")
            assert calling is not None
            assert seen.came.wait(PATIENCE)
            if how == "hang_up":
                errors: list[slotway.Error] = []
                waiting = calling

                def wait() -> None:
                    try:
                        waiting.wait()
                    except slotway.Error as error:
                        errors.append(error)

                thread = threading.Thread(target=wait)
                thread.start()
                calling.hang_up()
                thread.join(PATIENCE)
                assert [type(error) for error in errors] == [slotway.Cancelled]
            calling = None
        assert seen.cancelled.wait(PATIENCE)


@dataclass
class Seen:
    """A worker and what has happened in it."""

    worker: Worker
    came: threading.Event
    cancelled: threading.Event


def cancelled_worker(hub: Hub, kind: str) -> Seen:
    """One whose activity waits until nobody waits for it."""
    worker = Worker("patient", hub=hub.control)
    seen = Seen(worker, threading.Event(), threading.Event())

    if kind == "plain":

        @worker.activity(QUEUE, "wait")
        def wait(request: Request) -> None:
            seen.came.set()
            if request.wait_cancelled(PATIENCE):
                seen.cancelled.set()

    else:

        @worker.activity(QUEUE, "wait")
        async def wait_async(request: AsyncRequest) -> None:
            seen.came.set()
            try:
                await asyncio.sleep(PATIENCE)
            except asyncio.CancelledError:
                seen.cancelled.set()
                raise

    return seen


def test_q06_a_busy_worker_has_it_done_by_another(hub: Hub) -> None:
    """And no attempt is counted."""
    asked: list[str] = []
    busy, idle = Worker("busy", hub=hub.control), Worker("idle", hub=hub.control)

    @busy.activity(QUEUE, "do")
    def refuse(request: Request) -> Response:
        asked.append("busy")
        return Response.busy()

    @idle.activity(QUEUE, "do")
    async def do(request: AsyncRequest) -> str:
        assert request.activity is not None
        asked.append("idle")
        return f"attempt {request.activity.attempt}"

    with busy.start(), Caller(hub=hub.control) as caller:
        first = caller.begin(QUEUE, "do")
        eventually(lambda: "busy" in asked, "the busy one")
        assert first.wait(0.05) is None
        with idle.start():
            reply = first.wait(PATIENCE)
            assert reply is not None
            assert (reply.text(), reply.attempts) == ("attempt 1", 1)
            for _ in range(20):
                assert caller.call(QUEUE, "do").attempts == 1
    assert asked.count("idle") == 21


def test_an_activity_says_what_it_is(hub: Hub) -> None:
    """And a request that is none says so."""
    worker = Worker("teller", hub=hub.control)

    @worker.activity("media/images", "re-size.v2")
    def tell(request: Request) -> dict[str, object]:
        activity = request.activity
        assert activity is not None
        text = request.text()
        return {**activity._asdict(), "text": text, "as": request.headers["content-type"]}

    @worker.post("/plain")
    def plain(request: Request) -> str:
        return repr(request.activity)

    with worker.start(), Caller(hub=hub.control) as caller:
        found = caller.call("media/images", "re-size.v2", "x", key="k").json()
        other = caller.call("media/images", "re-size.v2", {}, content_type="a/b").json()
        assert hub.post("/plain", b"").text == "None"
    assert found == {
        "id": found["id"],
        "attempt": 1,
        "queue": "media/images",
        "type": "re-size.v2",
        "key": "k",
        "text": "x",
        "as": "text/plain; charset=utf-8",
    }
    assert other["id"] != found["id"]
    assert (other["key"], other["as"], other["text"]) == (None, "a/b", "{}")


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_a_handler_that_raises_is_a_500(
    hub: Hub, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As for routes: the outcome is an answer, and the log has the reason."""
    worker = Worker("raiser", hub=hub.control)

    if kind == "plain":

        @worker.activity(QUEUE, "raise")
        def fail(request: Request) -> None:
            raise RuntimeError("on purpose")

    else:

        @worker.activity(QUEUE, "raise")
        async def fail_async(request: AsyncRequest) -> None:
            raise RuntimeError("on purpose")

    with worker.start(), Caller(hub=hub.control) as caller:
        reply = caller.call(QUEUE, "raise")
        assert (reply.status, reply.json()["code"]) == (500, "handler_failed")
        assert reply.content_type == "application/problem+json"
    assert "demo/work raise" in caplog.text and "on purpose" in caplog.text


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_handlers_call(hub: Hub, kind: str) -> None:
    """From within a request and from within an activity, to the same worker even."""
    worker = Worker("chain", hub=hub.control, threads=4)

    if kind == "plain":

        @worker.get("/chain/{n}")
        def begin(request: Request) -> str:
            return worker.caller.call("chain/q", "step", request.params["n"]).text()

        @worker.activity("chain/q", "step")
        def step(request: Request) -> str:
            left = int(request.text())
            if left == 0:
                return "."
            return "x" + worker.caller.call("chain/q", "step", str(left - 1)).text()

    else:

        @worker.get("/chain/{n}")
        async def begin_async(request: AsyncRequest) -> str:
            reply = await worker.caller.call_async("chain/q", "step", request.params["n"])
            return reply.text()

        @worker.activity("chain/q", "step")
        async def step_async(request: AsyncRequest) -> str:
            left = int(await request.text())
            if left == 0:
                return "."
            reply = await slotway.caller().call_async("chain/q", "step", str(left - 1))
            return "x" + reply.text()

    with pytest.raises(slotway.OutOfOrder, match="does not run"):
        worker.caller  # noqa: B018 - asking is what raises
    with worker.start() as running:
        assert hub.get("/chain/2").text == "xx."
        assert running.caller.call("chain/q", "step", "1").text() == "x."
    with pytest.raises(slotway.OutOfOrder, match="no worker runs"):
        slotway.caller()


def test_q07_answers_in_reverse_order_stay_with_their_calls(hub: Hub) -> None:
    """The first is answered last."""
    with Caller(hub=hub.control) as caller:
        worker = Worker("mirror", hub=hub.control, threads=8)
        hold = [threading.Event() for _ in range(8)]

        @worker.activity("mirror/q", "echo")
        def echo(request: Request) -> str:
            number = int(request.text())
            assert hold[number].wait(PATIENCE)
            return f"answer {number}"

        with worker.start():
            calls = [caller.begin("mirror/q", "echo", str(n)) for n in range(8)]
            for number in reversed(range(8)):
                hold[number].set()
                reply = calls[number].wait(PATIENCE)
                assert reply is not None and reply.text() == f"answer {number}"


def test_a_thousand_in_flight_on_a_loop(hub: Hub) -> None:
    """Each gets its own answer."""

    async def main() -> list[Reply]:
        async with Caller(hub=hub.control) as caller:
            calls = (caller.call_async(QUEUE, "echo", f"number {n}") for n in range(1000))
            return await asyncio.wait_for(asyncio.gather(*calls), PATIENCE)

    with Taker(hub, capacity=64):
        replies = asyncio.run(main())
    assert [reply.text() for reply in replies] == [f"number {n}" for n in range(1000)]


def test_a_thousand_in_flight_on_threads(hub: Hub) -> None:
    """From one thread, and from sixteen at once through one connection."""
    with Taker(hub, capacity=64), Caller(hub=hub.control) as caller:
        calls = [caller.begin(QUEUE, "echo", f"number {n}") for n in range(1000)]
        replies = [calling.wait(PATIENCE) for calling in calls]
        assert [reply and reply.text() for reply in replies] == [f"number {n}" for n in range(1000)]
        wrong: list[str] = []

        def many(name: int) -> None:
            for number in range(100):
                wanted = f"{name} {number}"
                said = caller.call(QUEUE, "echo", wanted).text()
                if said != wanted:
                    wrong.append(f"{wanted}: {said}")

        threads = [threading.Thread(target=many, args=(name,)) for name in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        assert wrong == []


def test_an_outcome_is_taken_once(hub: Hub) -> None:
    """Who comes later does not wait for ever."""
    with Taker(hub), Caller(hub=hub.control) as caller:
        calling = caller.begin(QUEUE, "echo", "x")
        assert calling.wait(PATIENCE) is not None
        for again in (calling.wait, calling.poll):
            with pytest.raises(slotway.OutOfOrder, match="taken before"):
                again()
        # It has ended by itself.
        calling.hang_up()


def test_calling_goes_on_from_hub_to_hub(hub: Hub) -> None:
    """What was in flight with the first is told; the next hub is waited for."""

    async def later(own: Caller) -> str:
        return (await own.call_async(QUEUE, "echo", "async", timeout=PATIENCE)).text()

    with probe(hub), Taker(hub), Caller(hub=hub.control) as caller:
        calling = caller.begin("probe/work", "hang", timeout=600)
        assert calling.wait(0.05) is None
        hub.kill()
        with pytest.raises(slotway.HubGone):
            calling.wait(PATIENCE)
        with pytest.raises(slotway.Timeout):
            caller.call(QUEUE, "echo", "x", timeout=0.05)
        begun: list[str] = []

        def until_it_works() -> bool:
            try:
                begun.append(caller.call(QUEUE, "echo", "again", timeout=PATIENCE).text())
            except slotway.CallFailed as failed:
                # The worker comes back by itself, perhaps a moment later.
                assert failed.end == "no_queue"
                return False
            return True

        thread = threading.Thread(target=lambda: eventually(until_it_works, "the next hub"))
        thread.start()
        hub.start()
        thread.join(PATIENCE)
        assert begun == ["again"]

        async def main() -> str:
            async with Caller(hub=hub.control) as own:
                return await later(own)

        assert asyncio.run(main()) == "async"


def test_a_loop_waits_for_the_hub(tmp_path: Path) -> None:
    """So long as the call may take, and then nothing was called."""
    hub = Hub(tmp_path)

    async def main() -> str:
        async with Caller(hub=hub.control) as caller:
            with pytest.raises(slotway.Timeout):
                await caller.call_async(QUEUE, "echo", "x", timeout=0.05)
            call = asyncio.create_task(caller.call_async(QUEUE, "echo", "x", timeout=PATIENCE))
            await asyncio.to_thread(hub.start)
            with pytest.raises(slotway.CallFailed) as caught:
                await call
            return caught.value.end

    try:
        assert asyncio.run(main()) == "no_queue"
    finally:
        hub.stop()


def test_the_main_thread_hears_signals_while_it_calls(hub: Hub) -> None:
    """And who is interrupted hangs up."""
    seen = cancelled_worker(hub, "plain")
    program = (
        "import slotway, sys\n"
        f"slotway.Caller(hub=sys.argv[1]).call({QUEUE!r}, 'wait', timeout=600)\n"
    )
    with seen.worker.start():
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(hub.control)], stderr=subprocess.PIPE, text=True
        )
        try:
            assert seen.came.wait(PATIENCE)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=PATIENCE)
            assert "KeyboardInterrupt" in errors
            assert process.returncode != 0
            assert seen.cancelled.wait(PATIENCE)
        finally:
            process.kill()
            process.communicate()


def test_closing_ends_who_waits(hub: Hub) -> None:
    """Threads and tasks; and an application's connection is not its own to close."""
    seen = cancelled_worker(hub, "async")

    async def main() -> None:
        async with Caller(hub=hub.control) as own:
            task = asyncio.create_task(own.call_async(QUEUE, "wait"))
            await asyncio.to_thread(seen.came.wait, PATIENCE)
            own.close()
            with pytest.raises((slotway.Closed, slotway.HubGone)):
                await asyncio.wait_for(task, PATIENCE)

    with seen.worker.start() as running:
        asyncio.run(main())
        with pytest.raises(slotway.OutOfOrder, match="worker"):
            running.caller.close()
        caller = Caller(hub=hub.control)
        calling = caller.begin(QUEUE, "wait")
        errors: list[slotway.Error] = []

        def wait() -> None:
            try:
                calling.wait()
            except slotway.Error as error:
                errors.append(error)

        thread = threading.Thread(target=wait)
        thread.start()
        caller.close()
        thread.join(PATIENCE)
        assert [type(error) in (slotway.Closed, slotway.HubGone) for error in errors] == [True]


def test_a_child_leaves_its_parents_call_alone(hub: Hub) -> None:
    """It cannot use it, and does not hang it up by ending."""
    with Taker(hub), Caller(hub=hub.control) as caller:
        calling = caller.begin(QUEUE, "sleep", "200")
        child = os.fork()
        if child == 0:
            code = 1
            try:
                calling.wait(0)
            except slotway.OutOfOrder:
                del calling
                code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        reply = calling.wait(PATIENCE)
        assert reply is not None and reply.text() == "slept"


def test_a_loop_of_another_has_none_of_it(hub: Hub) -> None:
    """A worker's calls are waited for on its own loop, or on threads."""
    worker = Worker("plain", hub=hub.control)
    worker.get("/plain")(lambda request: "x")
    with worker.start() as running:
        with pytest.raises(slotway.OutOfOrder, match="slotway.Caller"):
            asyncio.run(running.caller.call_async(QUEUE, "echo"))


def test_what_cannot_be_taken_is_said(hub: Hub) -> None:
    """When it is said or when the worker starts, by what is wrong with it."""
    worker = Worker("wrong", hub=hub.control)
    with pytest.raises(TypeError, match="echo of demo/work"):
        worker.activity(QUEUE, "echo")(17)  # type: ignore[type-var]
    worker.activity(QUEUE, "echo")(lambda request: None)
    with pytest.raises(slotway.InvalidArgument, match="twice"):
        worker.activity(QUEUE, "echo")(lambda request: None)
    worker.capacity(QUEUE, 0)
    with pytest.raises(slotway.InvalidArgument, match="0 activities"):
        worker.start()
    worker.capacity(QUEUE, 1)
    worker.capacity("other/q", 1)
    with pytest.raises(slotway.InvalidArgument, match="other/q"):
        worker.start()
    for queue, kind, word in [("x", "y", "queue"), ("a/b", "c/d", "activity")]:
        worker = Worker("wrong", hub=hub.control)
        worker.activity(queue, kind)(lambda request: None)
        with pytest.raises(slotway.InvalidArgument, match=word):
            worker.start()


def test_capacity_is_honoured(hub: Hub) -> None:
    """Of ten that come at once two are in hand; the rest waits in the hub."""
    worker = Worker("two", hub=hub.control, threads=8)
    lock = threading.Lock()
    now = peak = 0

    @worker.activity(QUEUE, "work")
    def work(request: Request) -> None:
        nonlocal now, peak
        with lock:
            now += 1
            peak = max(peak, now)
        time.sleep(0.01)
        with lock:
            now -= 1

    worker.capacity(QUEUE, 2)
    with worker.start(), Caller(hub=hub.control) as caller:
        calls = [caller.begin(QUEUE, "work") for _ in range(10)]
        assert all(calling.wait(PATIENCE) is not None for calling in calls)
    assert peak == 2


def test_units_of_a_runner_take_and_call(hub: Hub) -> None:
    """Through the one connection, plain and on the loop."""
    one, two = Unit("acme.one", instance="a"), Unit("acme.two")

    @one.activity("acme/work", "plain")
    def plain(request: Request) -> str:
        return two.caller.call("acme/work", "loop", request.body).text() + "!"

    @two.activity("acme/work", "loop")
    async def loop(request: AsyncRequest) -> str:
        return (await request.text()).upper()

    two.capacity("acme/work", 2)
    runner = Runner([one, two], hub=hub.control)
    thread = threading.Thread(target=runner.run, daemon=True)
    thread.start()
    try:
        eventually(lambda: all(m.state == "live" for m in runner.metrics()), "both")
        with Caller(hub=hub.control) as caller:
            assert caller.call("acme/work", "plain", "x").text() == "X!"
            with pytest.raises(slotway.CallFailed) as caught:
                caller.call("acme/work", "neither")
            assert caught.value.end == "no_activity"
        eventually(lambda: [m.processed for m in runner.metrics()] == [1, 1], "the counts")
    finally:
        runner.begin_shutdown()
        thread.join(PATIENCE)
