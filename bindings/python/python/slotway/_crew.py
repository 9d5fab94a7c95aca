"""A connection, its threads, its event loop, and how they end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, TypeAlias

from slotway import _loop, _stream, _threads
from slotway._current import Current
from slotway._eager import Runner
from slotway._errors import Closed, Error
from slotway._offer import Offer
from slotway._request import AsyncRequest, Request
from slotway._slotway import Core, Exchange
from slotway._stream import AsyncStreamRequest, Stream, StreamRequest, each, is_async
from slotway._threads import ENDS, Ends, Serve

Handler: TypeAlias = Callable[[Any], Any]
#: Gives what serves by one function, for people's eyes a route; whether that is a stream's.
One: TypeAlias = Callable[[str, Handler, bool], Serve]


def new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where it is installed, else asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


class Crew:
    """Serves what was offered, on threads of its own.

    :param offers: what is registered at the beginning, with the numbers from 0.
    :param options: of the connection.
    :param threads: for plain functions.
    :param takes_more: ``add`` may bring handlers of any kind.
    :param ends: the exceptions of handlers that end all of it.
    :param ended: is called when it is over.
    """

    def __init__(
        self,
        offers: Sequence[Offer],
        options: dict[str, Any],
        threads: int,
        *,
        takes_more: bool = False,
        ends: Ends = ENDS,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        self.core: Core = Core([offer.offered() for offer in offers], **options)
        self._names = {offer.identity: number for number, offer in enumerate(offers)}
        self.current: Current = Current(self.core, self._names)
        self.error: BaseException | None = None
        self.drained: bool = True
        self._offers = list(offers)
        self._count = threads
        self._takes_more = takes_more
        self._ends = ends
        self._told = ended
        self._threads: list[threading.Thread] = []
        self._ended = threading.Event()
        #: By the keys of exchanges; those of each registration.
        self._serves: dict[int, Serve] = {}
        self._keys: dict[int, range] = {}
        self._one: One = self._on_a_thread
        self._up = threading.Event()
        self._adding = threading.Lock()

    # --- beginning ---

    def launch(self, live: Callable[[], object] = lambda: None) -> None:
        """Begins to serve, without waiting for the hub; calls ``live`` when it is there."""
        self.current.enter()
        handlers = [handler for offer in self._offers for _, handler in offer.answering()]
        if self._takes_more or any(is_async(part) for one in handlers for part in each(one)):
            self._spawn("slotway-loop", self._run_loop)
            self._up.wait()
        else:
            self._serve_first()
            for number in range(self._count):
                self._spawn(f"slotway-{number}", lambda: _threads.work(self.core, self._serves))
        # Who waits for the end is another than who ends it: a signal's handler may not wait.
        threading.Thread(
            target=self._await_end, args=(live,), name="slotway-end", daemon=True
        ).start()

    def _spawn(self, name: str, body: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                body()
            except BaseException as error:
                # Without this thread nobody would answer: better to end, and say why.
                self.error = self.error or error
                self.core.begin_close()

        # Not to be waited for at exit: a handler may never come back.
        thread = threading.Thread(target=guarded, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    # --- what is served ---

    def _serve_first(self) -> None:
        key = 0
        for number, offer in enumerate(self._offers):
            key = self._serve(number, offer, key)

    def _serve(self, number: int, offer: Offer, key: int) -> int:
        """Has an offer's handlers found by its keys; gives the key behind them."""
        serves = [serving(route, handler, self._one) for route, handler in offer.answering()]
        keys = range(key, key + len(serves))
        self._serves.update(zip(keys, serves, strict=True))
        self._keys[number] = keys
        return keys.stop

    def add(self, offer: Offer) -> int:
        """Registers an offer while this runs, and gives its number."""
        with self._adding:
            # They are there before the first request is.
            key = self.core.next_key
            end = self._serve(-1, offer, key)
            try:
                number, _ = self.core.add(offer.offered())
            except BaseException:
                self._forget(-1)
                raise
            self._keys.pop(-1)
            self._keys[number] = range(key, end)
            self._names[offer.identity] = number
            return number

    def withdraw(self, identity: str, number: int, timeout: float) -> dict[str, Any]:
        """Withdraws a registration, waits until nothing of it is in hand, and lets its handlers
        go."""
        metrics = self.core.withdraw(number, timeout)
        with self._adding:
            self._forget(number)
            if self._names.get(identity) == number:
                del self._names[identity]
        return metrics

    def _forget(self, number: int) -> None:
        for key in self._keys.pop(number, ()):
            self._serves.pop(key, None)

    # --- serving ---

    def _on_a_thread(self, route: str, handler: Handler, stream: bool) -> Serve:
        """What serves by a plain function."""
        asked = StreamRequest if stream else Request
        return _threads.serving(route, handler, asked, self._ends)

    def _run_loop(self) -> None:
        try:
            with asyncio.Runner(loop_factory=new_loop) as runner:
                runner.run(self._serve_on_loop())
        finally:
            # Also when it did not come so far.
            self._up.set()

    async def _serve_on_loop(self) -> None:
        loop = asyncio.get_running_loop()
        waits = _loop.Waits(loop)
        runner = Runner(loop)
        self.current.serve_on(waits)
        queue: SimpleQueue[tuple[Serve, Exchange] | None] = SimpleQueue()
        threads = self._count if self._takes_more else 0

        def one(route: str, handler: Handler, stream: bool) -> Serve:
            nonlocal threads
            if is_async(handler):
                asked = AsyncStreamRequest if stream else AsyncRequest
                return _loop.serving(route, handler, runner, waits, asked, self._ends)
            threads = self._count
            return handed_over(queue, self._on_a_thread(route, handler, stream))

        self._one = one
        self._serve_first()
        for number in range(threads):
            self._spawn(f"slotway-{number}", lambda: work_off(queue))
        service = _loop.Service(self.core, self._serves, waits)
        service.begin()
        self._up.set()
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

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until it has ended; ``False`` when the time is over."""
        return self._ended.wait(timeout)

    @property
    def ended(self) -> bool:
        """Whether it has."""
        return self._ended.is_set()

    def _await_end(self, live: Callable[[], object]) -> None:
        try:
            # Waits for the hub as `connect` says.
            self.core.wait_live()
            live()
        except Closed:
            pass
        except Exception as error:
            self.error = self.error or error
            self.core.begin_close()
        try:
            self.drained = self.core.wait_closed()
            if self.drained:
                for thread in self._threads:
                    thread.join()
        except Error as error:
            self.error = self.error or error
        finally:
            self.current.leave()
            self._ended.set()
            self._told()


def serving(route: str, handler: Handler | Stream, one: One) -> Serve:
    """What serves a route."""
    if isinstance(handler, Stream):
        return _stream.serving(handler, lambda what, part: one(f"{route} ({what})", part, True))
    return one(route, handler, False)


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
