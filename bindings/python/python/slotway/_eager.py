"""Run coroutines whose first step happens at once, and which are tasks all the same.

Most handlers never wait for anything. To make an asyncio task for each costs several times
what the handler itself does, and a turn of the loop before it even begins. So the first
step runs right where the request was found; only a coroutine that waits becomes work for a
task.

Libraries ask for the current task already in that first step: ``asyncio.timeout`` does,
anyio's task groups and cancel scopes do, and they keep it. It must be the very task that
runs the rest. So a *carrier* is there before: a task that idles, is entered for the first
step, and if the coroutine waits, wakes up and goes on with it. If it does not, the carrier
has not noticed anything and carries the next one.

Each coroutine has a context of its own, as in a task of its own: a carrier whose context
was changed, or which somebody has asked to be cancelled, carries nothing further.
"""

from __future__ import annotations

import asyncio
import contextvars
import types
from collections.abc import Coroutine, Generator
from typing import Any

# Documented for those who write tasks: "Extending asyncio".
from asyncio.tasks import _enter_task, _leave_task

__all__ = ["Carrier", "Runner"]


class Runner:
    """Starts coroutines on one event loop, from its callbacks."""

    __slots__ = ("loop", "context", "idle", "busy")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.context = contextvars.copy_context()
        self.idle: list[Carrier] = []
        self.busy: set[Carrier] = set()

    def start(self, coroutine: Coroutine[Any, Any, None]) -> Carrier | None:
        """Runs the first step. Gives the carrier if there is more to do.

        Not to be called from within a task. The coroutine deals with its own exceptions;
        ``KeyboardInterrupt`` and ``SystemExit`` come out of here.
        """
        idle = self.idle
        carrier = idle.pop() if idle else Carrier(self)
        task = carrier.task
        loop = self.loop
        _enter_task(loop, task)
        try:
            carrier.awaited = carrier.context.run(coroutine.send, None)
        except StopIteration:
            if carrier.context == self.context and not task.cancelling():
                idle.append(carrier)
            else:
                carrier.retire()
            return None
        except BaseException:
            carrier.retire()
            raise
        finally:
            _leave_task(loop, task)
        self.busy.add(carrier)
        carrier.take(coroutine)
        return carrier

    def close(self) -> None:
        """Lets go of the carriers that idle; their tasks end with the loop's next turns."""
        for carrier in self.idle:
            carrier.retire()
        self.idle.clear()


class Carrier:
    """A task, and what it carries."""

    __slots__ = ("runner", "context", "task", "coroutine", "awaited", "doze", "retired")

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.context = runner.context.copy()
        self.coroutine: Coroutine[Any, Any, None] | None = None
        self.awaited: Any = None
        self.doze: asyncio.Future[None] | None = None
        self.retired = False
        steps = self._carry()
        # A cancellation before the task's own first step would be thrown in where nothing
        # catches it: so it is inside of the coroutine already when the task is made.
        steps.send(None)
        self.task: asyncio.Task[None] = asyncio.Task(
            steps, loop=runner.loop, name="slotway-carrier", context=self.context
        )

    def take(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Goes on with a coroutine that waits for ``awaited``."""
        self.coroutine = coroutine
        self._wake()

    def retire(self) -> None:
        """Ends the task, which carries nothing."""
        self.retired = True
        self._wake()

    def cancel(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Cancels the coroutine if it is still this carrier's."""
        if self.coroutine is coroutine:
            self.task.cancel()

    def _wake(self) -> None:
        doze = self.doze
        if doze is not None and not doze.done():
            doze.set_result(None)

    async def _carry(self) -> None:
        runner = self.runner
        # It has not begun: whatever comes first comes here.
        cancelled = await _first()
        while True:
            if self.coroutine is None and cancelled is None and not self.retired:
                cancelled = await self._idle()
            coroutine = self.coroutine
            if coroutine is None:
                # Whoever cancels a task that idles ends it, as the end of a loop does.
                if self in runner.idle:
                    runner.idle.remove(self)
                return
            awaited, self.awaited = self.awaited, None
            try:
                await _rest(coroutine, awaited, cancelled)
            finally:
                self.coroutine = cancelled = None
                runner.busy.discard(self)
            if self.retired or self.task.cancelling() or self.context != runner.context:
                return
            runner.idle.append(self)

    async def _idle(self) -> asyncio.CancelledError | None:
        """Waits for something to carry; gives the cancellation that came meanwhile."""
        self.doze = self.runner.loop.create_future()
        try:
            await self.doze
        except asyncio.CancelledError as cancelled:
            return cancelled
        finally:
            self.doze = None
        return None


@types.coroutine
def _first() -> Generator[None, None, asyncio.CancelledError | None]:
    """Waits for the task's own first step; gives the cancellation if it is one."""
    try:
        yield
    except asyncio.CancelledError as cancelled:
        return cancelled
    return None


@types.coroutine
def _rest(
    coroutine: Coroutine[Any, Any, None], awaited: Any, cancelled: BaseException | None
) -> Generator[Any, Any, None]:
    """Everything behind the first step, which waits for ``awaited``."""
    if cancelled is not None and not _cancel(awaited):
        try:
            awaited = coroutine.throw(cancelled)
        except StopIteration:
            return
    while True:
        try:
            yield awaited
        except BaseException as thrown:
            try:
                awaited = coroutine.throw(thrown)
            except StopIteration:
                return
        else:
            yield from coroutine
            return


def _cancel(awaited: Any) -> bool:
    """Cancels what is waited for, as a task that is cancelled does."""
    return awaited is not None and bool(awaited.cancel())
