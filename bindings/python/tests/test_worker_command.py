"""``python -m slotway module:worker``: a Worker is served as an application is."""

import os
import sys

import pytest

from hub import eventually
from hubs import hub  # noqa: F401
from serving import Process, children, fetch, gone, kill, slotway
from slotway import Worker
from slotway._supervisor import Supervisor

SOURCE = """
import os
from slotway import Worker

worker = Worker("NAME")

@worker.get("/NAME")
def pid(request):
    return f"WORD {os.getpid()} {worker.threads}"
"""


def write(directory, name, word="first"):
    path = directory / f"mod_{name}.py"
    path.write_text(SOURCE.replace("NAME", name).replace("WORD", word))
    # Sources are told apart by their times, which some systems keep coarsely.
    stamp = write.stamp = getattr(write, "stamp", 1_700_000_000) + 10
    os.utime(path, (stamp, stamp))


def start(hub, directory, name, *args, attribute=":worker", count=1):
    args = [f"mod_{name}{attribute}", "--app-dir", str(directory), *args]
    process = slotway(hub.control, *args, ready=False)
    if count:
        process.wait_line("serving as", count)
    return process


def answer(hub, name):
    word, pid, threads = fetch(hub.port, "GET", f"/{name}").text.split()
    return word, int(pid), int(threads)


@pytest.mark.parametrize("attribute", [":worker", "", ":make"])
def test_a_worker_is_served_by_its_name(hub, tmp_path, attribute):
    write(tmp_path, "named")
    with open(tmp_path / "mod_named.py", "a") as file:
        file.write("\ndef make():\n    return worker\n")
    args = ["--factory"] if attribute == ":make" else []
    with start(hub, tmp_path, "named", *args, "--threads", "3", attribute=attribute) as process:
        process.wait_line(r"serving as 'named' \(handlers, threads: 3\)")
        assert answer(hub, "named") == ("first", process.pid, 3)
        assert process.terminate() == 0, process.said("it did not end well")


def test_processes_of_a_worker_share_the_load_and_are_replaced(hub, tmp_path):
    write(tmp_path, "many")
    with start(hub, tmp_path, "many", "--workers", "2", count=2) as supervisor:
        pids = set(children(supervisor.pid))
        assert len(pids) == 2 and answer(hub, "many")[1] in pids
        kill(min(pids))
        supervisor.wait_line(r"was ended by SIGKILL; another one starts")
        supervisor.wait_line("serving as", 3)
        pids = set(children(supervisor.pid))
        assert supervisor.terminate() == 0, supervisor.said("it did not end well")
        assert all(gone(pid) for pid in pids)


def test_a_worker_is_started_anew_when_its_source_changes(hub, tmp_path):
    write(tmp_path, "fresh")
    with start(hub, tmp_path, "fresh", "--reload") as supervisor:
        assert answer(hub, "fresh")[0] == "first"
        write(tmp_path, "fresh", "second")
        eventually(lambda: answer(hub, "fresh")[0] == "second", "the new source")
        assert supervisor.terminate() == 0, supervisor.said("it did not end well")


@pytest.mark.parametrize(
    ("option", "why"),
    [
        (["--name", "x"], "--name is for applications.*its name is said by Worker"),
        (["--route", "/"], "--route is for applications.*its routes are those of its handlers"),
        (["--interface", "wsgi"], "--interface is for applications"),
        (["--loop", "asyncio"], "--loop is for applications"),
        (["--limit-concurrency", "1"], "Worker.max_concurrent=…. says it"),
    ],
)
def test_options_of_applications_are_refused(hub, tmp_path, option, why):
    write(tmp_path, "refused")
    with start(hub, tmp_path, "refused", *option, count=0) as process:
        assert process.wait() == 3
        process.wait_line(why)
        assert not [line for line in process.lines if "Traceback" in line]


def test_a_module_that_serves_when_it_is_imported_is_told_so(hub, tmp_path):
    """The first lines of every introduction end with ``worker.run()``."""
    write(tmp_path, "hasty")
    with open(tmp_path / "mod_hasty.py", "a") as file:
        file.write("\nworker.run()\n")
    with start(hub, tmp_path, "hasty", count=0) as process:
        assert process.wait() == 3
        process.wait_line(r"importing 'mod_hasty' calls Worker.run\(\).*__main__")
    # By itself it runs.
    with Process([sys.executable, str(tmp_path / "mod_hasty.py")], SLOTWAY_HUB=str(hub.control)):
        eventually(lambda: fetch(hub.port, "GET", "/hasty").status == 200, "its start")


def test_a_worker_says_how_long_its_end_may_take():
    """The supervisor has not read it, and would not wait for so long by itself."""
    says = "import os, time; os.write(int(os.environ['SLOTWAY_SUPERVISOR_FD']), b'r70.5')"
    supervisor = Supervisor([sys.executable, "-c", f"{says}; time.sleep(60)"], 1, 30.0)
    supervisor._start()
    (worker,) = supervisor.workers
    try:
        assert worker.patience == 35.0
        while not worker.ready:
            supervisor._turn()
        assert worker.patience == 75.5
    finally:
        worker.process.kill()
        while supervisor.workers:
            supervisor.stopping = True
            supervisor._turn()
        supervisor.selector.close()


def test_how_many_threads_there_are_without_a_word(hub):
    """One for an application, which may not be made for more, as under gunicorn; several for
    functions that are written for this."""
    with slotway(hub.control, "wsgi_probe:app") as process:
        process.wait_line(r"WSGI, threads: 1\)")
        environ = fetch(hub.port, "GET", "/environ").text
        assert '"wsgi.multithread": "False"' in environ
    assert Worker("x").threads == max(4, 2 * (os.cpu_count() or 1))
