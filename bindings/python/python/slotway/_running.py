"""A worker that serves: its connection, its threads, its event loop, and how they end."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias

from slotway import _loop, _stream, _threads
from slotway._calls import Caller
from slotway._child import parent
from slotway._current import Current
from slotway._eager import Runner
from slotway._errors import Closed, Error, Timeout
from slotway._events import Events
from slotway._load import not_while_loading
from slotway._request import AsyncRequest, Request
from slotway._slotway import Core, Exchange
from slotway._stream import AsyncStreamRequest, Stream, StreamRequest, each, is_async

if TYPE_CHECKING:
    from slotway._threads import Serve
    from slotway._worker import Worker

log = logging.getLogger("slotway")

Handler: TypeAlias = Callable[[Any], Any]
#: Each route, for people, with what answers it.
Handlers: TypeAlias = list[tuple[str, Handler | Stream]]


def new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where it is installed, else asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


class Running:
    """A worker that serves, on threads of its own; ``Worker.start`` gives it.

    Leaving the ``with`` drains it; leaving it by an exception closes it at once.
    """

    def __init__(self, worker: Worker) -> None:
        self.worker: Worker = worker
        registrations = [offer.registration() for offer in worker.offers]
        #: The layer below.
        self.core: Core = Core(registrations, **worker.options)
        self.current: Current = Current(self.core, [offer.name for offer in worker.offers])
        worker._running = self
        self._threads: list[threading.Thread] = []
        self._ended = threading.Event()
        self._error: BaseException | None = None
        self._drained = True

    @property
    def events(self) -> Events:
        """What publishes and receives events, and pushes to the clients of streams."""
        return self.current.events

    @property
    def caller(self) -> Caller:
        """What calls activities."""
        return self.current.caller

    # --- beginning ---

    def launch(self, live: Callable[[], None] = lambda: None) -> None:
        """Begins to serve, without waiting for the hub; calls ``live`` when it is there."""
        handlers: Handlers = [
            answering for offer in self.worker.offers for answering in offer.answering()
        ]
        self.current.enter()
        if any(is_async(part) for _, handler in handlers for part in each(handler)):
            self._spawn("slotway-loop", lambda: self._run_loop(handlers))
        else:
            serves = [serving(route, handler, on_a_thread) for route, handler in handlers]
            for number in range(self.worker.threads):
                self._spawn(f"slotway-{number}", lambda: _threads.work(self.core, serves))
        # Who waits for the end is another than who ends it: a signal's handler may not wait.
        threading.Thread(
            target=self._await_end, args=(live,), name="slotway-end", daemon=True
        ).start()

    def start(self) -> None:
        """Begins to serve, and waits for the hub."""
        self.launch()
        try:
            self.core.wait_live()
        except BaseException:
            self.close()
            raise

    def _spawn(self, name: str, body: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                body()
            except BaseException as error:
                # Without this thread nobody would answer: better to end, and say why.
                self._error = self._error or error
                self.core.begin_close()

        # Not to be waited for at exit: a handler may never come back.
        thread = threading.Thread(target=guarded, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    # --- serving ---

    def _run_loop(self, handlers: Handlers) -> None:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(self._serve(handlers))

    async def _serve(self, handlers: Handlers) -> None:
        loop = asyncio.get_running_loop()
        waits = _loop.Waits(loop)
        runner = Runner(loop)
        self.current.serve_on(waits)
        queue: SimpleQueue[tuple[Serve, Exchange] | None] = SimpleQueue()
        threads = 0

        def serving_one(route: str, handler: Handler, stream: bool) -> Serve:
            nonlocal threads
            if is_async(handler):
                asked = AsyncStreamRequest if stream else AsyncRequest
                return _loop.serving(route, handler, runner, waits, asked)
            threads = self.worker.threads
            return handed_over(queue, on_a_thread(route, handler, stream))

        serves = [serving(route, handler, serving_one) for route, handler in handlers]
        for number in range(threads):
            self._spawn(f"slotway-{number}", lambda: work_off(queue))
        service = _loop.Service(self.core, serves, waits)
        service.begin()
        try:
            await service.closed
            # They have seen themselves cancelled, or are about to.
            left = [carrier.task for carrier in runner.busy]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        finally:
            service.end()
            runner.close()
            for _ in range(threads):
                queue.put(None)

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
        self._ended.wait()

    def wait(self, timeout: float | None = None) -> None:
        """Waits until it has ended. Raises what ended it if that was an error, and
        ``Timeout`` when it has not ended in ``timeout`` seconds."""
        if not self._ended.wait(timeout):
            raise Timeout("the worker has not ended in time")
        if self._error is not None:
            raise self._error
        if not self._drained:
            raise Timeout("the drain's deadline passed with requests in hand")

    def _await_end(self, live: Callable[[], None]) -> None:
        try:
            # Waits for the hub as `connect` says.
            self.core.wait_live()
            live()
        except Closed:
            pass
        except Exception as error:
            self._error = self._error or error
            self.core.begin_close()
        try:
            self._drained = self.core.wait_closed()
            if self._drained:
                for thread in self._threads:
                    thread.join()
        except Error as error:
            self._error = self._error or error
        finally:
            self.current.leave()
            self._ended.set()

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


def serving(
    route: str, handler: Handler | Stream, one: Callable[[str, Handler, bool], Serve]
) -> Serve:
    """What serves a route; ``one`` gives what serves by one function, and is told whether that
    is a stream's."""
    if isinstance(handler, Stream):
        return _stream.serving(handler, lambda what, part: one(f"{route} ({what})", part, True))
    return one(route, handler, False)


def on_a_thread(route: str, handler: Handler, stream: bool) -> Serve:
    """What serves by a plain function."""
    return _threads.serving(route, handler, StreamRequest if stream else Request)


def handed_over(queue: SimpleQueue[Any], serve: Serve) -> Serve:
    """What hands a request of a plain function over to the threads."""
    put = queue.put

    def hand_over(exchange: Exchange) -> None:
        put((serve, exchange))

    return hand_over


def work_off(queue: SimpleQueue[tuple[Serve, Exchange] | None]) -> None:
    """A thread's whole life beside an event loop."""
    while (item := queue.get()) is not None:
        serve, exchange = item
        serve(exchange)
        # Whoever is dropped unanswered is answered, and not when the next one comes.
        del item, serve, exchange


def run_here(worker: Worker, told: Callable[[], object] | None = None) -> None:
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
