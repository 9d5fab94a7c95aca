"""``python -m slotway``: its processes live, die and are replaced; mistakes are told."""

import os
import signal
import sys
import threading

import pytest

from hub import eventually
from hubs import hub  # noqa: F401
from serving import Process, children, fetch, gone, kill, slotway

PID = """
import os
def app(environ, start):
    body = b"%s " + str(os.getpid()).encode()
    start("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


def write(path, word):
    """Writes a module whose answer is this word and its process."""
    path.write_text(PID % word)
    # Sources are told apart by their times, which some systems keep coarsely.
    stamp = write.stamp = getattr(write, "stamp", 1_700_000_000) + 10
    os.utime(path, (stamp, stamp))


@pytest.fixture
def sources(tmp_path):
    write(tmp_path / "pid_app.py", "first")
    return tmp_path


def start(hub, sources, *args, name, ready=True, count=1, **environment):
    args = ["--app-dir", str(sources), "--name", name, "--route", f"/{name}", *args]
    process = slotway(hub.control, "pid_app:app", *args, ready=False, **environment)
    if ready:
        process.wait_line("serving as", count)
    return process


def answer(hub, name):
    found = fetch(hub.port, "GET", f"/{name}")
    assert found.status == 200, found.text
    word, pid = found.text.split()
    return word, int(pid)


def answering(hub, name, count=40):
    """The processes that have answered some requests at a time."""
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(answer(hub, name)[1])) for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == count
    return set(found)


def test_workers_share_the_load_and_are_replaced_when_they_die(hub, sources):
    with start(hub, sources, "--workers", "2", name="share", count=2) as supervisor:
        pids = set(children(supervisor.pid))
        assert len(pids) == 2
        eventually(lambda: answering(hub, "share") == pids, "both answer")
        kill(min(pids))
        supervisor.wait_line(r"was ended by SIGKILL; another one starts in 0\.25 s")
        supervisor.wait_line("serving as", 3)
        now = set(children(supervisor.pid))
        assert len(now) == 2 and now != pids
        eventually(lambda: answering(hub, "share") == now, "both answer")
        assert supervisor.terminate() == 0, supervisor.said("it did not end well")
        assert all(gone(pid) for pid in now)


def test_web_concurrency_is_the_number_of_workers(hub, sources):
    with start(hub, sources, name="many", count=3, WEB_CONCURRENCY="3") as supervisor:
        assert len(children(supervisor.pid)) == 3
        assert supervisor.terminate() == 0


def test_workers_that_never_come_to_serve_end_it(hub, sources):
    (sources / "pid_app.py").write_text("raise ValueError('not today')\n")
    with start(hub, sources, "--workers", "2", name="never", ready=False) as supervisor:
        assert supervisor.wait() == 3
    assert [line for line in supervisor.lines if "ValueError: not today" in line]
    assert [line for line in supervisor.lines if "before it served" in line]


def test_each_worker_gets_a_successor_on_sighup_and_no_request_is_lost(hub, sources):
    with start(hub, sources, "--workers", "2", name="rolling", count=2) as supervisor:
        before = set(children(supervisor.pid))
        failed, stop = [], threading.Event()

        def ask():
            while not stop.is_set():
                found = fetch(hub.port, "GET", "/rolling")
                if found.status != 200:
                    failed.append(found.text)

        asking = [threading.Thread(target=ask) for _ in range(4)]
        for thread in asking:
            thread.start()
        try:
            write(sources / "pid_app.py", "second")
            os.kill(supervisor.pid, signal.SIGHUP)
            eventually(lambda: all(gone(pid) for pid in before), "the old ones go")
        finally:
            stop.set()
            for thread in asking:
                thread.join()
        assert not failed
        assert answer(hub, "rolling")[0] == "second"
        assert len(children(supervisor.pid)) == 2
        assert supervisor.terminate() == 0


def test_workers_end_when_their_supervisor_is_killed(hub, sources):
    with start(hub, sources, "--workers", "2", name="orphans", count=2) as supervisor:
        pids = children(supervisor.pid)
        kill(supervisor.pid)
        eventually(lambda: all(gone(pid) for pid in pids), "they end as well")


def test_changed_sources_are_served_and_broken_ones_are_not(hub, sources):
    with start(hub, sources, "--reload", name="reload") as supervisor:
        assert answer(hub, "reload")[0] == "first"
        write(sources / "pid_app.py", "second")
        eventually(lambda: answer(hub, "reload")[0] == "second", "the change is served")
        (sources / "pid_app.py").write_text("def app(:\n")
        supervisor.wait_line("ended with 3 before it served; waiting for a change")
        supervisor.wait_line("SyntaxError")
        assert answer(hub, "reload")[0] == "second"
        write(sources / "pid_app.py", "third")
        eventually(lambda: answer(hub, "reload")[0] == "third", "the repair is served")
        eventually(lambda: len(children(supervisor.pid)) == 1, "one is left")
        assert supervisor.terminate() == 0


def test_a_newer_deployment_takes_the_place(hub, sources):
    old = start(hub, sources, "--workers", "2", name="gen", count=2, SLOTWAY_GENERATION="1")
    with old, start(hub, sources, name="gen", SLOTWAY_GENERATION="2") as new:
        assert old.wait() == 0, old.said("it did not end well")
        assert answer(hub, "gen")[1] == new.pid
        assert new.terminate() == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["app:app", "--port", "8000"], 2, "slotway hub --listen HOST:PORT"),
        (["app:app", "-b", ":8000"], 2, "the hub listens for clients"),
        (["app:app", "--ssl-keyfile", "x"], 2, "the hub speaks TLS"),
        (["app:app", "--workers", "0"], 2, "'0' is not a number of 1 or more"),
        (["app:app", "--graceful-timeout", "soon"], 2, "'soon' is not a number of seconds"),
        (["no_such_module:app"], 3, "there is no module 'no_such_module'"),
        (["json:app"], 3, "the module 'json' has no 'app'"),
        (["json:dumps"], 3, "takes one argument"),
        (["json:dumps", "--interface", "wsgi", "--name", "no good"], 1, "no good"),
    ],
)
def test_mistakes_are_told(hub, arguments, code, said):
    with slotway(hub.control, *arguments, ready=False) as process:
        assert process.wait() == code, process.said("another code")
        assert [line for line in process.lines if said in line], process.said(f"not {said!r}")
        assert not [line for line in process.lines if "Traceback" in line]


def test_help_is_for_who_knows_other_servers():
    with Process([sys.executable, "-m", "slotway", "--help"]) as process:
        assert process.wait() == 0
    text = "\n".join(process.lines)
    for flag in ("--workers", "--reload", "--factory", "--app-dir", "--threads", "--log-level"):
        assert flag in text
    assert "--port" not in text
