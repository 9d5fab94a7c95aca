"""Processes that are forked from a worker leave its requests alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hub import PATIENCE, Hub, eventually

PROGRAM = """
import os, sys, threading, time
import slotway
from slotway import Core, Worker

worker = Worker("forks", hub=sys.argv[1], threads=2)
# Requests may come before `running` is there.
begun = threading.Event()

@worker.get("/there")
def there(request):
    return "there"

@worker.post("/fork/{how}")
def fork(request):
    begun.wait()
    body = request.body
    child = os.fork()
    if child:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                return f"the child ended with {os.waitstatus_to_exitcode(status)}"
            time.sleep(0.01)
        os.kill(child, 9)
        os.waitpid(child, 0)
        return "the child hangs"
    if HOW == "answer":
        return "from the child"
    if HOW == "raise":
        raise RuntimeError("in the child")
    if HOW == "exit":
        sys.exit(5)
    # Every use is refused, dropping is nobody's answer, and another connection is possible.
    try:
        for use in (
            lambda: request.path,
            lambda: request.exchange.body(),
            lambda: request.exchange.respond(200, [], b"from the child"),
            lambda: request.exchange.start(200),
            lambda: request.exchange.abort(),
            lambda: running.core.next(0),
            lambda: running.core.take(),
            lambda: running.core.close(),
        ):
            try:
                use()
            except slotway.OutOfOrder as error:
                assert "connect after the fork" in str(error)
            else:
                os._exit(7)
        del body, use, request
        core = Core([("child", [("GET", "/child", None, False)], None)], hub=sys.argv[1])
        core.wait_live()
        core.close()
        del core
        os._exit(0)
    except BaseException:
        import traceback
        traceback.print_exc()
        os._exit(8)

HOW = sys.argv[2]
running = worker.start()
begun.set()
if HOW == "main":
    core = Core([("mine", [("GET", "/mine", None, False)], None)], hub=sys.argv[1])
    child = os.fork()
    if not child:
        # Dropping it would wait for a thread that is not here.
        del core
        sys.exit(6)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    core.close()
else:
    print("started", flush=True)
threading.Event().wait()
"""


def program(hub: Hub, how: str) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", PROGRAM, str(hub.control), how]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    "how", ["answer", "raise", "exit", "uses"]
)
def test_a_child_does_not_answer_for_its_parent(hub: Hub, how: str) -> None:
    """The client gets the parent's answer, whole, and the parent goes on."""
    process = program(hub, how)
    try:
        eventually(lambda: hub.get("/there").text == "there", "the worker's start")
        for _ in range(3):
            told = hub.post("/fork/x", b"body").text
            if told != "the child ended with 0":
                process.kill()
                pytest.fail(f"{told}: {process.communicate()[1]}")
            assert hub.get("/there").text == "there"
    finally:
        process.kill()
        _, said = process.communicate(timeout=PATIENCE)
    assert "panicked" not in said, said


def test_a_child_that_ends_waits_for_nobody(hub: Hub) -> None:
    """What it has inherited ends with it."""
    process = program(hub, "main")
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "6\n"
        eventually(lambda: hub.get("/there").text == "there", "the parent still serves")
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)
