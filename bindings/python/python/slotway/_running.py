"""A worker that serves, and what ends it."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from slotway._calls import Caller
from slotway._child import parent
from slotway._crew import Crew
from slotway._errors import Timeout
from slotway._events import Events
from slotway._load import not_while_loading
from slotway._slotway import Core

if TYPE_CHECKING:
    from slotway._worker import Worker

log = logging.getLogger("slotway")


class Running:
    """A worker that serves, on threads of its own; ``Worker.start`` gives it.

    Leaving the ``with`` drains it; leaving it by an exception closes it at once.
    """

    def __init__(self, worker: Worker) -> None:
        self.worker: Worker = worker
        self._crew = Crew(worker.offers, worker.options, worker.threads)
        #: The layer below.
        self.core: Core = self._crew.core
        worker._running = self

    @property
    def events(self) -> Events:
        """What publishes and receives events, and pushes to the clients of streams."""
        return self._crew.current.events

    @property
    def caller(self) -> Caller:
        """What calls activities."""
        return self._crew.current.caller

    # --- beginning ---

    def launch(self, live: Callable[[], object] = lambda: None) -> None:
        """Begins to serve, without waiting for the hub; calls ``live`` when it is there."""
        self._crew.launch(live)

    def start(self) -> None:
        """Begins to serve, and waits for the hub."""
        self.launch()
        try:
            self.core.wait_live()
        except BaseException:
            self.close()
            raise

    # --- ending ---

    def begin_shutdown(self) -> None:
        """Begins to drain, and returns: nothing new comes, what is in hand is answered."""
        self.core.begin_shutdown()

    def begin_close(self) -> None:
        """Begins to close without a drain, and returns."""
        self.core.begin_close()

    def shutdown(self) -> None:
        """Drains, and waits for it. Raises ``Timeout`` when the drain's deadline passed."""
        self.core.begin_shutdown()
        self.wait()

    def close(self) -> None:
        """Closes without a drain, and waits for it."""
        self.core.begin_close()
        self._crew.wait()

    def wait(self, timeout: float | None = None) -> None:
        """Waits until it has ended. Raises what ended it if that was an error, and
        ``Timeout`` when it has not ended in ``timeout`` seconds."""
        if not self._crew.wait(timeout):
            raise Timeout("the worker has not ended in time")
        if self._crew.error is not None:
            raise self._crew.error
        if not self._crew.drained:
            raise Timeout("the drain's deadline passed with requests in hand")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self.shutdown()
        else:
            self.close()


def run_here(worker: Worker, told: Callable[[], object] | None) -> None:
    """Serves until a signal ends it."""
    not_while_loading("Worker.run()")
    only_in_main_thread("Worker.run() hears signals", "use Worker.start()")
    running = Running(worker)
    supervisor = parent()

    def live() -> None:
        names = ", ".join(repr(offer.name) for offer in worker.offers)
        log.info("serving as %s (handlers, threads: %d)", names, worker.threads)
        if supervisor is not None:
            supervisor.ready(worker.options["drain_deadline"])
        if told is not None:
            told()

    with Signals(running):
        if supervisor is not None:
            supervisor.watch(running.begin_shutdown)
        running.launch(live)
        running.wait()


def only_in_main_thread(why: str, instead: str) -> None:
    """Says so before anything has begun."""
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError(f"{why}, which only the main thread does; {instead} in another one")


class Ending(Protocol):
    """What signals can end."""

    def begin_shutdown(self) -> None:
        """Begins to drain, and returns."""

    def begin_close(self) -> None:
        """Begins to close without a drain, and returns."""


class Signals:
    """Hears SIGTERM and SIGINT while the ``with`` lasts: the first drains, the second closes.

    The main thread waits, and a signal that comes just when it begins to would not be seen
    before it is through. So the signals' numbers are written to a socket, and a thread reads.
    """

    def __init__(self, running: Ending) -> None:
        self.running = running

    def __enter__(self) -> None:
        self.reader, self.writer = socket.socketpair()
        self.writer.setblocking(False)
        self.descriptor = signal.set_wakeup_fd(self.writer.fileno(), warn_on_full_buffer=False)
        # Without a handler the signals would do what they do by default.
        self.handlers = {
            number: signal.signal(number, lambda *_: None)
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        self.thread = threading.Thread(target=self._listen, name="slotway-signals", daemon=True)
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        for number, handler in self.handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self.descriptor)
        self.writer.close()
        self.thread.join()
        self.reader.close()

    def _listen(self) -> None:
        heard = 0
        while numbers := self.reader.recv(64):
            for number in numbers:
                if number not in self.handlers:
                    continue
                heard += 1
                if heard == 1:
                    log.info("%s: draining", signal.Signals(number).name)
                    self.running.begin_shutdown()
                else:
                    self.running.begin_close()
