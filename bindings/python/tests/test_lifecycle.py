"""How workers and hubs come and go."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import slotway
from hub import PATIENCE, Hub, eventually
from slotway import AsyncRequest, Core, Request, Worker

#: A worker as a program of its own, which says when it has a slow request in hand.
PROGRAM = """
import asyncio, sys, time
from slotway import Worker

worker = Worker("program", hub=sys.argv[1], drain_deadline=20)
kind = sys.argv[2]

def say(what):
    print(what, flush=True)

if kind == "plain":
    @worker.get("/pid")
    def pid(request):
        import os
        return str(os.getpid())

    @worker.get("/slow")
    def slow(request):
        say("slow")
        sys.stdin.readline()
        return "done"
else:
    @worker.get("/pid")
    async def pid(request):
        import os
        return str(os.getpid())

    @worker.get("/slow")
    async def slow(request):
        say("slow")
        await asyncio.to_thread(sys.stdin.readline)
        return "done"

worker.run()
say("ended")
"""


def program(hub: Hub, kind: str) -> subprocess.Popen[str]:
    """Starts it; it answers when this returns."""
    process = subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", "-c", PROGRAM, str(hub.control), kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    eventually(lambda: hub.get("/pid").text == str(process.pid), "the worker's start")
    return process


def in_background(call: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    """Calls on a thread; what comes back is in the list."""
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(call()))
    thread.start()
    return thread, results


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_a_signal_drains(hub: Hub, kind: str) -> None:
    """SIGTERM: what is in hand is answered, nothing new comes, and the program ends well."""
    process = program(hub, kind)
    try:
        assert process.stdin is not None and process.stdout is not None
        thread, results = in_background(lambda: hub.get("/slow").text)
        assert process.stdout.readline() == "slow\n"
        process.send_signal(signal.SIGTERM)
        eventually(lambda: hub.get("/pid").status != 200, "the drain")
        process.stdin.write("\n")
        process.stdin.flush()
        thread.join(PATIENCE)
        assert results == ["done"]
        output, errors = process.communicate(timeout=PATIENCE)
        assert (output, errors, process.returncode) == ("ended\n", "", 0)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_a_second_signal_does_not_wait(hub: Hub, kind: str) -> None:
    """SIGINT twice: the hub answers for what was in hand."""
    process = program(hub, kind)
    try:
        assert process.stdin is not None and process.stdout is not None
        thread, results = in_background(lambda: hub.get("/slow").status)
        assert process.stdout.readline() == "slow\n"
        process.send_signal(signal.SIGINT)
        eventually(lambda: hub.get("/pid").status != 200, "the drain")
        process.send_signal(signal.SIGINT)
        thread.join(PATIENCE)
        assert results and results[0] in (502, 503)
        process.stdin.write("\n")
        process.stdin.flush()
        process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.communicate()


def test_a_worker_that_is_killed(hub: Hub) -> None:
    """Only what it had in hand is lost; a sibling answers the rest."""
    process = program(hub, "plain")
    worker = Worker("program", hub=hub.control)

    @worker.get("/pid")
    def pid(request: Request) -> str:
        return "sibling"

    @worker.get("/slow")
    def slow(request: Request) -> str:
        return "sibling"

    try:
        assert process.stdout is not None
        thread, results = in_background(lambda: hub.get("/slow").status)
        assert process.stdout.readline() == "slow\n"
        with worker.start():
            process.kill()
            thread.join(PATIENCE)
            assert results == [502]
            eventually(lambda: hub.get("/pid").text == "sibling", "the sibling's turn")
            assert {hub.get("/pid").text for _ in range(20)} == {"sibling"}
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_a_hub_that_is_killed(hub: Hub, kind: str) -> None:
    """Handlers see themselves cancelled, and the worker comes back to the next hub."""
    worker = Worker("stays", hub=hub.control)
    began, seen = threading.Event(), threading.Event()

    if kind == "plain":

        @worker.get("/")
        def answer(request: Request) -> str:
            return "there"

        @worker.get("/slow")
        def slow(request: Request) -> str:
            began.set()
            if request.wait_cancelled(PATIENCE):
                seen.set()
            return "for nobody"
    else:

        @worker.get("/")
        async def answer_async(request: AsyncRequest) -> str:
            return "there"

        @worker.get("/slow")
        async def slow_async(request: AsyncRequest) -> str:
            import asyncio

            began.set()
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                seen.set()
                raise
            return "never"

    with worker.start() as running, hub.connect() as client:
        assert hub.get("/").text == "there"
        client.sendall(b"GET /slow HTTP/1.1\r\nhost: h\r\n\r\n")
        assert began.wait(PATIENCE)
        hub.kill()
        assert seen.wait(PATIENCE)
        eventually(lambda: not running.core.connected, "the hub's end")
        hub.start()
        eventually(lambda: running.core.connected, "the return")
        eventually(lambda: hub.get("/").text == "there", "the first answer")


def test_what_cannot_be_is_said(hub: Hub, tmp_path: Path) -> None:
    """Mistakes show before anything is connected, as exceptions that say what to do."""
    with pytest.raises(slotway.InvalidArgument, match="no route") as caught:
        Worker("empty", hub=hub.control).start()
    assert (caught.value.code, caught.value.name) == (-1, "invalid_argument")

    def offering(name: str, pattern: str, **options: object) -> Worker:
        worker = Worker(name, hub=hub.control, **options)  # type: ignore[arg-type]
        worker.get(pattern)(lambda request: "x")
        return worker

    for name, pattern in (("a b", "/"), ("x", "no-slash"), ("x", "/{a}{b}")):
        with pytest.raises(slotway.InvalidArgument):
            offering(name, pattern).start()
    with pytest.raises(ValueError, match="threads"):
        Worker("x", threads=0)
    with pytest.raises(TypeError, match="connect"):
        offering("x", "/", connect="sometimes").start()
    with pytest.raises(TypeError, match="function"):
        Worker("x").get("/")(17)  # type: ignore[type-var]
    offer = [("x", [("GET", "/", None, False)], None)]
    with pytest.raises(slotway.SystemRefused, match="no"):
        Core(offer, hub=tmp_path / "no.sock", connect="once").wait_live()
    nowhere = Worker("x", hub=tmp_path / "no.sock", connect=0.1)
    nowhere.get("/")(lambda request: "x")
    with pytest.raises(slotway.Error):
        nowhere.run()
    with offering("taken", "/taken").start(), pytest.raises(slotway.Refused, match="taken"):
        offering("other", "/taken", connect="once").start()


def test_what_runs_only_in_one_place_says_so(hub: Hub) -> None:
    """Signals are the main thread's; the package is the main interpreter's."""
    import slotway.asgi
    import slotway.wsgi

    worker = Worker("x", hub=hub.control)
    worker.get("/")(lambda request: "x")

    async def asgi(scope: object, receive: object, send: object) -> None: ...

    def wsgi(environ: object, start: object) -> list[bytes]:
        return []

    for call in (
        worker.run,
        lambda: slotway.asgi.run(asgi, hub=hub.control),
        lambda: slotway.wsgi.run(wsgi, hub=hub.control),
    ):
        raised: list[BaseException] = []

        def run() -> None:
            try:
                call()  # noqa: B023
            except BaseException as error:
                raised.append(error)  # noqa: B023

        thread = threading.Thread(target=run)
        thread.start()
        thread.join(PATIENCE)
        assert "only the main thread does" in str(raised[0])
    with pytest.raises(slotway.InvalidArgument, match="byte of zero"):
        Core([("x", [("GET", "/", None, False)], None)], hub="a\0b")
    program = """
import sys
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
import slotway
other = interpreters.create()
code = f"import sys; sys.path[:] = {sys.path!r}; import slotway"
try:
    print(interpreters.run_string(other, code))
except Exception as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE
    )
    assert "slotway does not run in a subinterpreter" in done.stdout, done


def test_taking_in_batches(hub: Hub) -> None:
    """No call takes more than it was asked for, and what is left is not forgotten."""
    import select

    core = Core([("batch", [("GET", "/", None, False)], None)], hub=hub.control)
    core.wait_live()
    try:
        with pytest.raises(ValueError, match="0 requests"):
            core.take(0)
        assert core.take() == []
        waiting = [in_background(lambda: hub.get("/").status) for _ in range(5)]
        taken: list[slotway.Exchange] = []
        while len(taken) < 5:
            # Polled only after an empty batch, as the stub says.
            assert select.select([core], [], [], PATIENCE)[0]
            while batch := core.take(2):
                assert len(batch) <= 2
                taken += batch
            assert core.take_notices() == []
        for exchange in taken:
            assert exchange.key == 0
            exchange.respond(204)
        for thread, results in waiting:
            thread.join(PATIENCE)
            assert results == [204]
        core.begin_close()
        core.wait_closed(PATIENCE)
        for _ in range(2):
            with pytest.raises(slotway.Closed):
                core.take()
    finally:
        core.close()


def test_names_and_codes() -> None:
    """Each exception has the code of the C interface, and nobody else's."""
    from slotway import _errors

    assert len({kind.name for kind in _errors.BY_CODE.values()}) == len(_errors.BY_CODE)
    for code, kind in _errors.BY_CODE.items():
        assert issubclass(kind, slotway.Error)
        assert kind.code == code
    assert sorted(_errors.BY_CODE) == list(range(-17, 0))


def test_everything_public_is_documented() -> None:
    """`help(slotway)` has something to say about every name."""
    import inspect

    for name in slotway.__all__:
        thing = getattr(slotway, name)
        if not inspect.isclass(thing):
            continue
        assert thing.__module__ == "slotway", name
        assert thing.__doc__, name
        for member, value in vars(thing).items():
            if not member.startswith("_") and (callable(value) or isinstance(value, property)):
                assert value.__doc__, f"{name}.{member}"
            elif type(value).__name__ == "getset_descriptor":
                assert member.startswith("_") or value.__doc__, f"{name}.{member}"


def test_help_shows_what_there_is_to_use_and_nothing_behind_it() -> None:
    """No module that nobody imports, no markup of another language, no option unexplained."""
    import inspect
    import pydoc
    import re

    import slotway.asgi
    import slotway.wsgi

    for module in (slotway, slotway.asgi, slotway.wsgi):
        text = pydoc.plain(pydoc.render_doc(module))
        # The list of modules is not ours to write.
        told = re.sub(r"PACKAGE CONTENTS\n(    .*\n)+", "", text)
        assert not re.findall(r"slotway\._[a-z]\w*|:func:|\[`.*`\]|Inner", told)
    for of, doc in (
        (Worker.__init__, Worker.__doc__),
        (slotway.asgi.run, slotway.asgi.run.__doc__),
        (slotway.wsgi.run, slotway.wsgi.run.__doc__),
    ):
        options = set(inspect.signature(of).parameters) - {"self", "app"}
        assert doc is not None and options == set(re.findall(r":param (\w+):", doc))
