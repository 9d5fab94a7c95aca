"""Many registrations in one process.

A name that begins with r and a number is that line of the behaviours of the runner; what is
decided below Python is tested there.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import slotway
from hub import PATIENCE, Hub, eventually
from slotway import AsyncRequest, Metrics, Report, Request, Runner, Unit


def unit(name: str, path: str | None = None, **options: object) -> Unit:
    """One that answers with its identity."""
    made = Unit(name, **options)  # type: ignore[arg-type]
    made.get(path or f"/{made.identity}")(lambda request: made.identity)
    return made


class Run:
    """A runner that runs on a thread of its own."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.report: Report | None = None
        self.error: BaseException | None = None
        self.live = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.report = self.runner.run(live=self.live.set)
        except BaseException as error:
            self.error = error

    def end(self) -> Report:
        """Shuts it down; its report."""
        self.runner.begin_shutdown()
        return self.join()

    def join(self) -> Report:
        """Waits for its end."""
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
        assert self.error is None and self.report is not None, self.error
        return self.report


@contextmanager
def running(runner: Runner) -> Iterator[Run]:
    """Runs it while the block lasts, from when the hub has taken a registration."""
    run = Run(runner)
    try:
        assert run.live.wait(PATIENCE), run.error
        yield run
    finally:
        runner.begin_close()
        run.thread.join(PATIENCE)


def found(runner: Runner, identity: str) -> Metrics:
    """The metrics of one."""
    return next(m for m in runner.metrics() if m.identity == identity)


def all_live(runner: Runner) -> bool:
    return all(metrics.state == "live" for metrics in runner.metrics())


def test_a_hundred_registrations(hub: Hub) -> None:
    """Over one connection; each is drained alone, and the others go on."""
    units = [unit("acme.site", f"/{n}", instance=f"i{n}") for n in range(100)]
    runner = Runner(units, hub=hub.control)
    with running(runner) as run:
        eventually(lambda: all_live(runner), "all of them")
        assert len({metrics.number for metrics in runner.metrics()}) == 100
        for n in range(100):
            assert hub.get(f"/{n}").text == f"acme.site.i{n}"
        gone = [runner.withdraw(f"acme.site.i{n}") for n in range(0, 100, 2)]
        assert [(m.ending, m.processed) for m in gone] == [("withdrawn", 1)] * 50
        assert [hub.get(f"/{n}").status for n in range(100)] == [404, 200] * 50
        report = run.end()
    assert report.drained and len(report.registrations) == 100
    reasons = [ended.reason for ended in report.registrations]
    # In the order of adding, and then those that were withdrawn.
    assert reasons == ["shutdown"] * 50 + ["withdrawn"] * 50
    assert [e.identity for e in report.registrations][:2] == ["acme.site.i1", "acme.site.i3"]
    ended = report.of("acme.site.i1")
    assert ended is not None and ended.metrics.processed == 2


def test_each_has_its_own_handlers_and_metrics(hub: Hub) -> None:
    """Of every kind: plain, async, streams."""
    one, two = Unit("acme.one", instance="a"), Unit("acme.two", max_concurrent=3)

    @one.post("/one")
    def plain(request: Request) -> bytes:
        return bytes(request.body) * 2

    @two.get("/two")
    async def loop(request: AsyncRequest) -> str:
        await asyncio.sleep(0)
        return "two"

    feed = two.sse("/feed")

    @feed.connect
    def come(request: slotway.StreamRequest) -> slotway.Response:
        return slotway.Response(status=403)

    with pytest.raises(slotway.OutOfOrder, match="acme.two"):
        feed.push("x")
    runner = Runner([one, two], hub=hub.control)
    with running(runner) as run:
        eventually(lambda: all_live(runner), "both")
        assert hub.post("/one", b"xy").text == "xyxy"
        assert hub.get("/two").text == "two"
        answer = hub.get("/feed", accept="text/event-stream")
        assert answer.status == 403
        assert feed.push("x", {}) == 404
        eventually(lambda: found(runner, "acme.two").in_flight == 0, "the end of all")
        first, second = found(runner, "acme.one.a"), found(runner, "acme.two")
        assert (first.received, first.processed, first.failed) == (1, 1, 0)
        assert (first.bytes_in, first.bytes_out) == (2, 4)
        assert (second.received, second.processed) == (2, 2)
        assert (first.reconnects, first.disconnects, first.last_disconnect) == (0, 0, None)
        report = run.end()
    assert [ended.reason for ended in report.registrations] == ["shutdown", "shutdown"]


def test_r03_duplicates(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    """In the list the first stays, with a warning; one that is added is an error that names
    it. Order is kept."""
    first, second = unit("acme.x", "/first", instance="a"), unit("acme.x", "/second", instance="a")
    runner = Runner([first, unit("acme.x", "/b", instance="b"), second], hub=hub.control)
    assert "acme.x.a" in caplog.text and "twice" in caplog.text
    runner.add(unit("acme.w"))
    with pytest.raises(slotway.InvalidArgument, match=r"acme\.x\.a"):
        runner.add(second)
    names = [metrics.identity for metrics in runner.metrics()]
    assert names == ["acme.x.a", "acme.x.b", "acme.w"]
    with running(runner) as run:
        eventually(lambda: all_live(runner), "all")
        assert hub.get("/first").text == "acme.x.a"
        assert hub.get("/second").status == 404
        with pytest.raises(slotway.OutOfOrder, match="already running"):
            runner.add(unit("acme.late"))
        with pytest.raises(slotway.OutOfOrder, match="already running"):
            runner.run()
        report = run.end()
    assert [ended.identity for ended in report.registrations] == names
    for again in (runner.run, lambda: runner.add(unit("acme.later"))):
        with pytest.raises(slotway.OutOfOrder, match="runs once"):
            again()


def test_r03_units_come_while_it_runs(hub: Hub) -> None:
    """If that was asked for: handlers of any kind, and what was withdrawn comes again."""
    runner = Runner([unit("acme.first")], hub=hub.control, hot_add=True)
    with running(runner) as run:
        for _ in range(3):
            late = Unit("acme.late", instance="z")

            @late.get("/late")
            async def answer(request: AsyncRequest) -> str:
                return "late"

            @late.get("/plain")
            def plain(request: Request) -> str:
                return threading.current_thread().name

            runner.add(late)
            with pytest.raises(slotway.InvalidArgument, match=r"acme\.late\.z"):
                runner.add(late)
            eventually(lambda: hub.get("/late").text == "late", "the late one")
            assert hub.get("/plain").text.startswith("slotway-")
            assert hub.get("/acme.first").text == "acme.first"
            assert runner.withdraw("acme.late.z").ending == "withdrawn"
            assert hub.get("/late").status == 404
            with pytest.raises(slotway.InvalidArgument, match="never was"):
                runner.withdraw("acme.late.z")
        with pytest.raises(slotway.InvalidArgument, match="pattern"):
            runner.add(unit("acme.wrong", "no slash"))
        # It goes on without any.
        runner.withdraw("acme.first")
        assert runner.metrics() == []
        runner.add(unit("acme.again"))
        eventually(lambda: hub.get("/acme.again").status == 200, "another")
        report = run.end()
        with pytest.raises(slotway.OutOfOrder):
            runner.add(unit("acme.too-late"))
    reasons = {ended.identity: ended.reason for ended in report.registrations}
    assert reasons == {
        "acme.again": "shutdown",
        "acme.late.z": "withdrawn",
        "acme.first": "withdrawn",
    }


def test_r03_adding_races_running(tmp_path: Path) -> None:
    """200 times: a unit is driven, or its caller is told; never lost."""
    driven = told = 0
    for _ in range(200):
        # Nobody is there: what is driven is in the report.
        runner = Runner([unit("acme.a")], hub=tmp_path / "nobody.sock", threads=1)
        run = Run(runner)
        try:
            runner.add(unit("acme.b"))
            added = True
        except slotway.OutOfOrder:
            added = False
        report = run.end()
        names = [ended.identity for ended in report.registrations]
        assert names == (["acme.a", "acme.b"] if added else ["acme.a"])
        driven += added
        told += not added
    assert driven + told == 200


def test_r04_nothing_to_do(tmp_path: Path) -> None:
    """An empty list, or a shutdown before: success at once, and nothing is dialled."""
    path = tmp_path / "hub.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()
        listener.setblocking(False)
        assert Runner(hub=path).run() == Report((), True)
        runner = Runner([unit("acme.a")], hub=path)
        runner.begin_shutdown()
        report = runner.run()
        assert [(e.identity, e.reason) for e in report.registrations] == [("acme.a", "shutdown")]
        assert report.of("acme.b") is None
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_r05_one_is_refused_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report says which and why."""
    monkeypatch.setenv("SLOTWAY_IDENTITIES_REFUSE", "evil.*")
    hub = Hub(tmp_path).start()
    try:
        runner = Runner([unit("evil.one"), unit("acme.good")], hub=hub.control)
        with running(runner) as run:
            eventually(lambda: found(runner, "evil.one").state == "refused", "the refusal")
            assert hub.get("/acme.good").text == "acme.good"
            report = run.end()
        evil, good = report.registrations
        assert (evil.reason, good.reason) == ("refused", "shutdown")
        assert evil.metrics.reason
        # When none is left it is over by itself.
        alone = Run(Runner([unit("evil.two")], hub=hub.control))
        assert [ended.reason for ended in alone.join().registrations] == ["refused"]
    finally:
        hub.stop()


@pytest.mark.parametrize("kind", ["plain", "async"])
@pytest.mark.parametrize("thrown", [RuntimeError, SystemExit, KeyboardInterrupt])
def test_r08_a_handler_raises_and_the_others_go_on(
    hub: Hub, kind: str, thrown: type[BaseException]
) -> None:
    """500 to the caller, failed + 1; also for what would end a worker."""
    bad = Unit("acme.bad")

    if kind == "plain":

        @bad.get("/bad")
        def fail(request: Request) -> None:
            raise thrown("on purpose")

    else:

        @bad.get("/bad")
        async def fail_async(request: AsyncRequest) -> None:
            await asyncio.sleep(0)
            raise thrown("on purpose")

    runner = Runner([bad, unit("acme.good")], hub=hub.control)
    with running(runner) as run:
        eventually(lambda: all_live(runner), "both")
        for _ in range(3):
            assert hub.get("/bad").status == 500
            assert hub.get("/acme.good").status == 200
        report = run.end()
    worse, good = (ended.metrics for ended in report.registrations)
    assert (worse.received, worse.processed, worse.failed) == (3, 0, 3)
    assert (good.received, good.processed, good.failed) == (3, 3, 0)


def test_r06_the_limit_is_each_ones_own(hub: Hub) -> None:
    """Of ten that come at once two are in hand; the other registration is not held up."""
    two = Unit("acme.two", max_concurrent=2)
    lock = threading.Lock()
    now = peak = 0

    @two.get("/two")
    def work(request: Request) -> None:
        nonlocal now, peak
        with lock:
            now += 1
            peak = max(peak, now)
        time.sleep(0.02)
        with lock:
            now -= 1

    runner = Runner([two, unit("acme.free")], hub=hub.control, threads=8)
    statuses: list[int] = []
    with running(runner):
        eventually(lambda: all_live(runner), "both")
        crowd = [
            threading.Thread(target=lambda: statuses.append(hub.get("/two").status))
            for _ in range(10)
        ]
        for thread in crowd:
            thread.start()
        assert hub.get("/acme.free").status == 200
        for thread in crowd:
            thread.join(PATIENCE)
    assert statuses == [204] * 10
    assert peak == 2


def test_r07_shutdown_is_seen_when_the_hub_never_answers(tmp_path: Path) -> None:
    """In under a second, with nobody there, and with somebody who says nothing."""
    silent = tmp_path / "silent.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(silent))
        listener.listen()
        listener.settimeout(PATIENCE)
        for path in (silent, tmp_path / "nobody.sock"):
            run = Run(Runner([unit("acme.a")], hub=path))
            with contextlib.ExitStack() as stack:
                if path == silent:
                    stack.enter_context(listener.accept()[0])
                begun = time.monotonic()
                report = run.end()
                assert time.monotonic() - begun < 1
            assert [ended.reason for ended in report.registrations] == ["shutdown"]


def test_r07_what_is_in_hand_is_answered(hub: Hub) -> None:
    """And worker and report agree on the counts."""
    slow = Unit("acme.slow")
    came, go = threading.Event(), threading.Event()

    @slow.get("/slow")
    def wait(request: Request) -> str:
        came.set()
        assert go.wait(PATIENCE)
        return "done"

    said: list[str] = []
    runner = Runner([slow], hub=hub.control)
    with running(runner) as run:
        client = threading.Thread(target=lambda: said.append(hub.get("/slow").text))
        client.start()
        assert came.wait(PATIENCE)
        runner.begin_shutdown()
        assert run.thread.is_alive()
        go.set()
        report = run.join()
        client.join(PATIENCE)
    assert said == ["done"] and report.drained
    assert [(e.metrics.received, e.metrics.processed) for e in report.registrations] == [(1, 1)]


def test_r10_comes_back_to_the_next_hub(hub: Hub) -> None:
    """Each registration, and the metrics tell of it."""
    runner = Runner([unit("acme.a"), unit("acme.b")], hub=hub.control)
    with running(runner) as run:
        eventually(lambda: all_live(runner), "both")
        hub.kill()
        eventually(lambda: not found(runner, "acme.a").state == "live", "the end of the hub")
        hub.start()
        eventually(lambda: all_live(runner), "both again")
        assert hub.get("/acme.b").text == "acme.b"
        metrics = found(runner, "acme.b")
        assert (metrics.reconnects, metrics.disconnects) == (1, 1)
        assert metrics.last_disconnect == "hub_closed"
        assert metrics.backoff is None
        run.end()


def test_more_regions_where_one_would_not_do(hub: Hub) -> None:
    """By the slots that all want together."""
    runner = Runner(
        [unit("acme.r", f"/{n}", instance=f"i{n}", max_concurrent=4) for n in range(5)],
        hub=hub.control,
        max_slots_per_region=8,
        hot_add=True,
    )
    with running(runner) as run:
        eventually(lambda: all_live(runner), "all")
        assert len(runner._crews) == 3
        assert [hub.get(f"/{n}").text for n in range(5)] == [f"acme.r.i{n}" for n in range(5)]
        # The third has room for one, the fourth begins another.
        for n in range(5, 7):
            runner.add(unit("acme.r", f"/{n}", instance=f"i{n}", max_concurrent=4))
        eventually(lambda: all_live(runner), "those that came")
        assert hub.get("/6").text == "acme.r.i6"
        with pytest.raises(slotway.InvalidArgument, match="max_slots_per_region"):
            runner.add(unit("acme.big", max_concurrent=9))
        report = run.end()
    assert [ended.identity for ended in report.registrations] == [f"acme.r.i{n}" for n in range(7)]


def test_units_that_cannot_be_are_said(hub: Hub) -> None:
    """When it runs, and nothing of it goes on."""
    for wrong in (unit("no such name!"), unit("acme.a", "no slash"), Unit("acme.empty")):
        runner = Runner([unit("acme.good"), wrong], hub=hub.control)
        with pytest.raises(slotway.InvalidArgument):
            runner.run()
    with pytest.raises(ValueError, match="threads"):
        Runner(threads=0)
    with pytest.raises(ValueError, match="max_slots_per_region"):
        Runner(max_slots_per_region=0)


def test_signals_end_it(hub: Hub) -> None:
    """In the main thread."""
    program = """
import sys
from slotway import Runner, Unit
unit = Unit("acme.main", instance="a")
unit.get("/main")(lambda request: "here")
report = Runner([unit], hub=sys.argv[1]).run(live=lambda: print("ready", flush=True))
print([(e.identity, e.reason, e.metrics.processed) for e in report.registrations])
"""
    process = subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", "-c", program, str(hub.control)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert hub.get("/main").text == "here"
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=PATIENCE)
        assert (process.returncode, said) == (0, "[('acme.main.a', 'shutdown', 1)]\n")
    finally:
        process.kill()
        process.communicate()
