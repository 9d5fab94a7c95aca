"""Calling activities, which other workers do."""

from __future__ import annotations

import asyncio
import os
from typing import Self

from slotway._errors import Full, HubGone, Timeout
from slotway._events import Payload
from slotway._line import Line
from slotway._slotway import Calling, Calls, Core, Reply


class Caller:
    """Calls activities: a worker that takes them does the work, wherever it runs and whatever
    it is written in.

    A worker has one, ``worker.caller``, and so has an application that ``python -m slotway``
    serves, ``slotway.caller()``. A program that has no routes makes its own::

        with slotway.Caller() as caller:
            reply = caller.call("media/images", "resize", b"a.png", timeout=5)
            print(reply.status, reply.body)

    It connects by itself and goes on from hub to hub. ``call`` and ``begin`` wait on the thread
    that calls them and hear signals meanwhile; ``call_async`` is for event loops. Any number of
    calls may be in flight. An event loop of one's own, here ``asyncio.run``'s, wants ``async
    with``::

        async with slotway.Caller() as caller:
            reply = await caller.call_async("media/images", "resize", b"a.png")

    :param hub: the path of the hub's control socket; without it what ``$SLOTWAY_HUB`` names,
        else the usual place.
    """

    def __init__(self, *, hub: str | os.PathLike[str] | None = None) -> None:
        self._bind(Line(Core([], hub=hub), own=True))

    @classmethod
    def of(cls, line: Line) -> Caller:
        """That of a worker's connection."""
        caller = cls.__new__(cls)
        caller._bind(line)
        return caller

    def _bind(self, line: Line) -> None:
        #: The layer below.
        self.core: Core = line.core
        self._line = line
        self._calls = Calls(line.core)

    def call(
        self,
        queue: str,
        activity: str,
        payload: Payload = None,
        *,
        timeout: float | None = None,
        attempts: int = 1,
        backoff: float = 0.0,
        idempotent: bool = False,
        key: str | None = None,
        content_type: str | None = None,
    ) -> Reply:
        """Calls, and waits for what becomes of it: the worker's answer, whatever its status.
        Each call has exactly one outcome.

        :param queue: ``namespace/queue``.
        :param activity: the activity's type.
        :param payload: text, bytes, or what JSON can say; 5 MiB at most.
        :param timeout: seconds that it may take, waiting for a worker and every attempt
            included; without it the hub's default, 30. A hub that is not there is waited for so
            long too; then ``Timeout``, and nothing was called.
        :param attempts: how often it may be begun when a worker ends with it in its hands, or
            answers with 500 or more; it takes ``idempotent``. What no worker has claimed goes
            to another without counting.
        :param backoff: seconds before the second attempt, doubled before each further one.
        :param idempotent: to do it twice does no more than to do it once.
        :param key: a call with a key that an earlier one of the same activity had within ten
            minutes gets that one's outcome, and nothing is done again.
        :param content_type: the payload's; without it that of text or JSON, or none for bytes.
        :raises CallFailed: no worker has answered; ``end`` says why.
        :raises HubGone: the hub went away with the call, which may have been done.
        """
        return self._calls.call(
            queue,
            activity,
            payload,
            timeout=timeout,
            attempts=attempts,
            backoff=backoff,
            idempotent=idempotent,
            key=key,
            content_type=content_type,
        )

    def begin(
        self,
        queue: str,
        activity: str,
        payload: Payload = None,
        *,
        timeout: float | None = None,
        attempts: int = 1,
        backoff: float = 0.0,
        idempotent: bool = False,
        key: str | None = None,
        content_type: str | None = None,
    ) -> Calling:
        """As ``call``, without waiting for what becomes of it: for the hub and for room alone.
        Gives what the outcome is had from. One thread may have many in flight so."""
        return self._calls.begin(
            queue,
            activity,
            payload,
            timeout=timeout,
            attempts=attempts,
            backoff=backoff,
            idempotent=idempotent,
            key=key,
            content_type=content_type,
        )

    async def call_async(
        self,
        queue: str,
        activity: str,
        payload: Payload = None,
        *,
        timeout: float | None = None,
        attempts: int = 1,
        backoff: float = 0.0,
        idempotent: bool = False,
        key: str | None = None,
        content_type: str | None = None,
    ) -> Reply:
        """As ``call``, on an event loop. A task that is cancelled hangs up: the worker that is
        at the activity sees that nobody waits any more."""
        line = self._line
        waits = line.here()
        until = None if timeout is None else waits.loop.time() + timeout
        while True:
            try:
                calling = self._calls.try_begin(
                    queue,
                    activity,
                    payload,
                    timeout=timeout,
                    attempts=attempts,
                    backoff=backoff,
                    idempotent=idempotent,
                    key=key,
                    content_type=content_type,
                )
                break
            except (Full, HubGone):
                pass
            try:
                async with asyncio.timeout_at(until):
                    await line.room(waits)
            except TimeoutError:
                raise Timeout("the time was over before the call was on its way") from None
        try:
            while (reply := calling.poll()) is None:
                await waits.notice(calling)
        except BaseException:
            # Now, and not when the last traceback lets go of it.
            calling.hang_up()
            raise
        return reply

    # --- ending ---

    def close(self) -> None:
        """Closes the connection, if it is this object's own. Calls in flight are hung up."""
        self._line.close("calls")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        self._line.here()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
