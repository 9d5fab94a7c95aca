"""Keep worker processes running: start them, notice their deaths, replace them.

A worker counts once it has said that it serves. One that dies is started again, after a
pause that grows while it keeps dying. If none ever came to serve there is nothing to keep
running, and the supervisor ends with the worker's exit code. A worker that ends by itself
without an error was told to by the hub, because a newer deployment has its place; it is
not started again.

On SIGHUP, and when sources change under ``--reload``, each worker gets a successor and
goes when that one serves, so that there is always somebody to answer.
"""

from __future__ import annotations

import logging
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from slotway import _child
from slotway._reload import Sources

__all__ = ["Supervisor"]

log = logging.getLogger("slotway.supervisor")

#: Seconds before a worker is started again: at first, and at most.
PAUSE_FIRST, PAUSE_MAX = 0.25, 30.0
#: A worker that has served for so many seconds starts again as if it had never died.
STEADY = 30.0
#: Seconds that a worker has beyond those for its requests, for what comes after them.
MARGIN = 5.0
#: Seconds between two looks at the sources.
LOOK_EVERY = 0.5


class Worker:
    """One worker process and its predecessor, which goes when this one serves."""

    def __init__(
        self, command: Sequence[str], patience: float, replaces: Worker | None
    ) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            environment = {**os.environ, _child.VARIABLE: str(theirs.fileno())}
            self.process = subprocess.Popen(
                command, env=environment, pass_fds=[theirs.fileno()], start_new_session=True
            )
        self.socket = ours
        self.pidfd = os.pidfd_open(self.process.pid)
        #: Seconds that it may take to end.
        self.patience = patience
        self.replaces = replaces
        self.ready = False
        self.leaving = False
        self.since = time.monotonic()

    def leave(self) -> None:
        """Asks it to finish what it has and to end."""
        self.leaving = True
        self.process.terminate()

    def close(self) -> None:
        """Lets go of what belongs to a process that has ended."""
        self.process.wait()
        self.socket.close()
        os.close(self.pidfd)


class Supervisor:
    """Keeps ``count`` processes of ``command`` running."""

    def __init__(
        self,
        command: Sequence[str],
        count: int,
        patience: float,
        sources: Sources | None = None,
    ) -> None:
        self.command = command
        self.count = count
        self.patience = patience + MARGIN
        self.sources = sources
        self.workers: set[Worker] = set()
        self.selector = selectors.DefaultSelector()
        #: When to do what; a monotonic time each.
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.pause = PAUSE_FIRST
        self.ever_served = False
        self.stopping = False
        self.code = 0

    def run(self) -> int:
        """Runs until it is told to stop; gives the exit code."""
        with _Signals(self._signal) as signals:
            self.selector.register(signals, selectors.EVENT_READ, signals.read)
            for _ in range(self.count):
                self._start()
            if self.sources is not None:
                self._look()
            try:
                while self.workers or self.timers and not self.stopping:
                    self._turn()
            finally:
                for worker in self.workers:
                    worker.process.kill()
                    worker.close()
                self.selector.close()
        return self.code

    def _turn(self) -> None:
        timeout = None
        if self.timers:
            timeout = max(0.0, min(when for when, _ in self.timers) - time.monotonic())
        for key, _ in self.selector.select(timeout):
            key.data()
        now = time.monotonic()
        due = [entry for entry in self.timers if entry[0] <= now]
        self.timers = [entry for entry in self.timers if entry[0] > now]
        for _, action in due:
            action()

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        self.timers.append((time.monotonic() + seconds, action))

    def _start(self, replaces: Worker | None = None) -> None:
        if self.stopping:
            return
        worker = Worker(self.command, self.patience, replaces)
        self.workers.add(worker)
        self.selector.register(worker.socket, selectors.EVENT_READ, lambda: self._said(worker))
        self.selector.register(worker.pidfd, selectors.EVENT_READ, lambda: self._died(worker))

    def _said(self, worker: Worker) -> None:
        if worker not in self.workers:
            # Its death was in the same handful of events, and came first.
            return
        try:
            said = worker.socket.recv(16)
        except ConnectionResetError:
            said = b""
        if not said:
            # Its death comes by the other way.
            self.selector.unregister(worker.socket)
            return
        worker.ready = self.ever_served = True
        if len(said) > len(_child.READY):
            worker.patience = float(said[len(_child.READY) :]) + MARGIN
        worker.since = time.monotonic()
        log.info("worker %d serves", worker.process.pid)
        if worker.replaces is not None:
            self._dismiss(worker.replaces)
            worker.replaces = None

    def _dismiss(self, worker: Worker) -> None:
        if worker not in self.workers:
            return
        worker.leave()
        self._after(worker.patience, lambda: self._kill(worker))

    def _kill(self, worker: Worker) -> None:
        if worker in self.workers:
            log.warning(
                "worker %d has not ended in %g s and is killed", worker.process.pid, worker.patience
            )
            worker.process.kill()

    def _died(self, worker: Worker) -> None:
        self.workers.remove(worker)
        if worker.socket in self.selector.get_map():
            self.selector.unregister(worker.socket)
        self.selector.unregister(worker.pidfd)
        worker.close()
        code = worker.process.returncode
        if self.stopping or worker.leaving:
            return
        pid, how = worker.process.pid, _how(code)
        if worker.ready and code == 0:
            log.info("worker %d ended; somebody else has its place", pid)
        elif not self.ever_served and self.sources is None:
            log.error("worker %d %s before it served; there is nothing to keep running", pid, how)
            self.code = code if code > 0 else 1
            self.stop()
        elif not worker.ready and self.sources is not None:
            log.error("worker %d %s before it served; waiting for a change", pid, how)
        elif not worker.ready and worker.replaces in self.workers:
            log.error("worker %d %s before it served; its predecessor stays", pid, how)
        else:
            if worker.ready and time.monotonic() - worker.since >= STEADY:
                self.pause = PAUSE_FIRST
            log.error("worker %d %s; another one starts in %g s", pid, how, self.pause)
            self._after(self.pause, self._restart)
            self.pause = min(self.pause * 2, PAUSE_MAX)

    def _restart(self) -> None:
        """Starts another one for one that died, unless its place was filled meanwhile."""
        if sum(not worker.leaving for worker in self.workers) < self.count:
            self._start()

    def replace(self) -> None:
        """Gives each worker a successor."""
        # One that is not serving yet has no work to hand over.
        for worker in list(self.workers):
            if not worker.ready and not worker.leaving:
                self._dismiss(worker)
        olds = [worker for worker in self.workers if worker.ready and not worker.leaving]
        for index in range(self.count):
            self._start(olds[index] if index < len(olds) else None)

    def stop(self) -> None:
        """Asks every worker to end."""
        self.stopping = True
        self.timers.clear()
        for worker in list(self.workers):
            self._dismiss(worker)

    def _signal(self, number: int) -> None:
        if number == signal.SIGHUP:
            log.info("each worker gets a successor")
            self.replace()
        elif self.stopping:
            for worker in self.workers:
                worker.process.kill()
        else:
            log.info("%s: the workers finish what they have", signal.Signals(number).name)
            self.stop()

    def _look(self) -> None:
        assert self.sources is not None
        changed = self.sources.changed()
        if changed is not None:
            log.info("%s changed", changed)
            self.replace()
        self._after(LOOK_EVERY, self._look)


class _Signals:
    """Signals as something to select on, while the block lasts."""

    NUMBERS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

    def __init__(self, act: Callable[[int], None]) -> None:
        self._act = act

    def __enter__(self) -> _Signals:
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)
        self._before_fd = signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)
        self._before: dict[int, Any] = {
            number: signal.signal(number, lambda *_: None) for number in self.NUMBERS
        }
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._before_fd)
        self._read.close()
        self._write.close()

    def fileno(self) -> int:
        return self._read.fileno()

    def read(self) -> None:
        for number in self._read.recv(64):
            if number in self.NUMBERS:
                self._act(number)


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def this_command() -> list[str]:
    """The command line of this process, to be run once more."""
    return [sys.executable, *sys.orig_argv[1:]]
