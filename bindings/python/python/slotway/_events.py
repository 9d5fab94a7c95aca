"""Events: publishing, subscribing, and pushing to the clients of streams."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Self, TypeAlias

from slotway._errors import Full, HubGone, InvalidArgument
from slotway._line import Line
from slotway._response import Buffer
from slotway._slotway import Core, Pusher
from slotway._subscription import Subscription
from slotway._system import System

#: What an event says: text (UTF-8), bytes, what JSON can say, or nothing.
Payload: TypeAlias = str | Buffer | dict[str, Any] | list[Any] | None


class Draft(NamedTuple):
    """An event that is to be published, one of many. A plain tuple of its first parts, topic
    and payload at least, does as well."""

    topic: str
    payload: Payload = None
    type: str = ""
    id: str = ""
    principal: str | System | None = None
    must_deliver: bool = False
    key: str | None = None
    terminal: bool = False
    ticket: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """Events that the hub did not publish: ``ticket`` is that of the event, 0 for those without,
    which come together; ``reason`` is ``invalid``, ``too_large``, ``quota``, ``keys``,
    ``shutdown`` or ``other``; ``count`` says how many there were."""

    ticket: int
    reason: str
    count: int


class Events:
    """Publishes and receives events, through memory that is shared with the hub.

    A worker has one, ``worker.events``, and so has an application that ``python -m slotway``
    serves, ``slotway.current()``. A program that has no routes makes its own::

        with slotway.Events() as events:
            events.publish("news.sport", "a goal")
            for event in events.subscribe("news.*"):
                print(event.topic, event.text())

    It connects by itself and goes on from hub to hub. Published is not delivered: an event is
    in the outbox, and the hub gives it to whoever has subscribed by the time it takes it.
    Methods wait on the thread that calls them and hear signals meanwhile; those that end in
    ``_async`` are for event loops, as is ``async for`` over a subscription. An event loop of
    one's own, here ``asyncio.run``'s, wants ``async with``::

        async with slotway.Events() as events:
            await events.publish_async("news.sport", "a goal")

    :param hub: the path of the hub's control socket; without it what ``$SLOTWAY_HUB`` names,
        else the usual place.
    """

    def __init__(self, *, hub: str | os.PathLike[str] | None = None) -> None:
        self._bind(Line(Core([], hub=hub), own=True), {})

    @classmethod
    def of(cls, line: Line, names: Mapping[str, int]) -> Events:
        """Those of a worker's connection, with its registrations' identities and numbers."""
        events = cls.__new__(cls)
        events._bind(line, names)
        return events

    def _bind(self, line: Line, names: Mapping[str, int]) -> None:
        #: The layer below.
        self.core: Core = line.core
        self._line = line
        self._names = names
        self._publisher = line.publisher
        self._pusher = Pusher(line.core)

    # --- publishing ---

    def publish(
        self,
        topic: str,
        payload: Payload = None,
        *,
        type: str | None = None,
        id: str | None = None,
        principal: str | System | None = None,
        must_deliver: bool = False,
        key: str | None = None,
        terminal: bool = False,
        ticket: int = 0,
        timeout: float | None = None,
    ) -> None:
        """Publishes an event; waits for room, and for the hub.

        :param topic: 1 to 20 segments with dots between them, 255 bytes at most.
        :param payload: text, bytes, or what JSON can say; 5 MiB at most.
        :param type: ``message`` without it. Like the id one line, 255 bytes at most.
        :param id: what subscribers see in place of the sequence number.
        :param principal: on whose behalf; without it the worker's name, ``SYSTEM`` for nobody.
        :param must_deliver: the hub waits a little (50 ms, unless it is told otherwise) for
            subscribers that are full before they lose it.
        :param key: of the events with one key that come close together only the latest
            reaches subscribers.
        :param terminal: the last event of its key, which is not held back.
        :param ticket: a number by which ``take_refusals`` tells of it.
        :param timeout: seconds to wait at most; then ``Timeout``, and nothing was published.
        """
        self._publisher.publish(
            topic,
            payload,
            type=type,
            id=id,
            principal=principal,
            must_deliver=must_deliver,
            key=key,
            terminal=terminal,
            ticket=ticket,
            timeout=timeout,
        )

    def try_publish(
        self,
        topic: str,
        payload: Payload = None,
        *,
        type: str | None = None,
        id: str | None = None,
        principal: str | System | None = None,
        must_deliver: bool = False,
        key: str | None = None,
        terminal: bool = False,
        ticket: int = 0,
    ) -> None:
        """Publishes an event if there is room for it now. If not it raises ``Full``, and while
        there is no hub ``HubGone``; nothing was published then."""
        self._publisher.try_publish(
            topic,
            payload,
            type=type,
            id=id,
            principal=principal,
            must_deliver=must_deliver,
            key=key,
            terminal=terminal,
            ticket=ticket,
        )

    def publish_many(
        self, events: Iterable[tuple[Any, ...]], *, timeout: float | None = None
    ) -> int:
        """Publishes events in order, many for the price of one: ``Draft`` or plain tuples.
        All are checked before the first goes. Waits as ``publish`` does; gives how many were
        published when the time was over."""
        return self._publisher.publish_many(events, timeout=timeout)

    def try_publish_many(self, events: Iterable[tuple[Any, ...]]) -> int:
        """Publishes as many events as there is room for now; gives how many."""
        return self._publisher.try_publish_many(events)

    async def publish_async(
        self,
        topic: str,
        payload: Payload = None,
        *,
        type: str | None = None,
        id: str | None = None,
        principal: str | System | None = None,
        must_deliver: bool = False,
        key: str | None = None,
        terminal: bool = False,
        ticket: int = 0,
    ) -> None:
        """As ``publish``, on an event loop."""
        draft = Draft(
            topic, payload, type or "", id or "", principal, must_deliver, key, terminal, ticket
        )
        await self.publish_many_async((draft,))

    async def publish_many_async(self, events: Iterable[tuple[Any, ...]]) -> None:
        """As ``publish_many``, on an event loop. One that is cancelled may have published
        some."""
        waits = self._line.here()
        rest = list(events)
        while True:
            try:
                done = self._publisher.try_publish_many(rest)
            except HubGone:
                done = 0
            if done == len(rest):
                return
            del rest[:done]
            await self._line.room(waits)

    def take_refusals(self) -> list[Refusal]:
        """What the hub has refused to publish since the last call, for a reason that it alone
        knows, such as a quota: the newest 1024."""
        return [Refusal(*refusal) for refusal in self._publisher.take_refusals()]

    # --- receiving ---

    def subscribe(
        self,
        *patterns: str,
        mode: Literal["lossy", "routed"] = "lossy",
        capacity: int | None = None,
        overflow: Literal["oldest", "newest"] = "oldest",
        principal: str | System | None = None,
        after: int | None = None,
        queue: int | None = None,
    ) -> Subscription:
        """Subscribes to topics, and returns at once; ``wait_live`` and ``live`` of what it
        gives wait until events come.

        :param patterns: topics whose segments may be ``*``: inside it stands for one segment,
            at the end for one or more. ``#`` alone stands for all.
        :param mode: ``routed`` has a queue for each principal, and these take turns: a flood
            by one never starves another.
        :param capacity: events that the hub keeps at most while they are not taken; of each
            principal with ``routed``.
        :param overflow: what is lost when there are more. ``routed`` loses the oldest.
        :param principal: with ``routed``, events of this one alone, or with ``SYSTEM`` those
            of nobody.
        :param after: begins with what the hub still holds of what came after this sequence
            number.
        :param queue: events that wait in this process at most; 1024. What is more is lost by
            the same rule, so that a subscription nobody reads does not hold up the others.
        """
        if not patterns:
            raise InvalidArgument("a subscription has at least one pattern")
        subscription = Subscription(
            self.core,
            patterns,
            mode=mode,
            capacity=capacity,
            overflow=overflow,
            principal=principal,
            after=after,
            queue=queue,
        )
        subscription._line = self._line
        return subscription

    # --- pushing ---

    def push(
        self,
        data: Payload = None,
        *,
        path: str | None = None,
        pattern: str | None = None,
        params: Mapping[str, str] | None = None,
        connection: str | None = None,
        name: str | None = None,
        event: str | None = None,
        id: str | None = None,
        close: bool = False,
        timeout: float | None = None,
    ) -> int:
        """Gives an event to clients of a stream that this worker owns (``Worker.sse``), and
        waits for what becomes of it: 200, it is on its way to each of them; 404, nobody is
        there; 410, they are leaving; 429, too much waits for them; 400, it cannot be.

        :param data: what it says.
        :param path: all clients of this path,
        :param pattern: or of the paths of this pattern,
        :param params: as far as their parameters are these,
        :param connection: or one client.
        :param name: the registration that has the stream, where the worker has several names;
            without it the first.
        :param event: its type.
        :param id: its id.
        :param close: their streams end behind it; at once where there is nothing else to say.
        :param timeout: seconds to wait at most; then ``Timeout``.
        """
        return self._pusher.push(
            data,
            path=path,
            pattern=pattern,
            params=_plain(params),
            connection=connection,
            registration=self._registration(name),
            event=event,
            id=id,
            close=close,
            timeout=timeout,
        )

    def push_only(
        self,
        data: Payload = None,
        *,
        path: str | None = None,
        pattern: str | None = None,
        params: Mapping[str, str] | None = None,
        connection: str | None = None,
        name: str | None = None,
        event: str | None = None,
        id: str | None = None,
        close: bool = False,
        timeout: float | None = None,
    ) -> None:
        """As ``push``, without waiting for what becomes of it: for room alone. This is the way
        for many events in a row."""
        self._pusher.push_only(
            data,
            path=path,
            pattern=pattern,
            params=_plain(params),
            connection=connection,
            registration=self._registration(name),
            event=event,
            id=id,
            close=close,
            timeout=timeout,
        )

    async def push_async(
        self,
        data: Payload = None,
        *,
        path: str | None = None,
        pattern: str | None = None,
        params: Mapping[str, str] | None = None,
        connection: str | None = None,
        name: str | None = None,
        event: str | None = None,
        id: str | None = None,
        close: bool = False,
    ) -> int:
        """As ``push``, on an event loop."""
        waits = self._line.here()
        registration = self._registration(name)
        while True:
            try:
                answer = self._pusher.begin_push(
                    data,
                    path=path,
                    pattern=pattern,
                    params=_plain(params),
                    connection=connection,
                    registration=registration,
                    event=event,
                    id=id,
                    close=close,
                )
                break
            except (Full, HubGone):
                await self._line.room(waits)
        while (status := answer.poll()) is None:
            await waits.notice(answer)
        return status

    async def push_only_async(
        self,
        data: Payload = None,
        *,
        path: str | None = None,
        pattern: str | None = None,
        params: Mapping[str, str] | None = None,
        connection: str | None = None,
        name: str | None = None,
        event: str | None = None,
        id: str | None = None,
        close: bool = False,
    ) -> None:
        """As ``push_only``, on an event loop."""
        waits = self._line.here()
        registration = self._registration(name)
        while True:
            try:
                self._pusher.try_push(
                    data,
                    path=path,
                    pattern=pattern,
                    params=_plain(params),
                    connection=connection,
                    registration=registration,
                    event=event,
                    id=id,
                    close=close,
                )
                return
            except (Full, HubGone):
                await self._line.room(waits)

    def _registration(self, name: str | None) -> int:
        if name is None:
            return 0
        try:
            return self._names[name]
        except KeyError:
            known = ", ".join(map(repr, self._names)) or "none"
            raise InvalidArgument(f"no registration is called {name!r}; there are: {known}") from None

    # --- ending ---

    def close(self) -> None:
        """Closes the connection, if it is this object's own. What was published is published;
        subscriptions end."""
        self._line.close("events")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        self._line.here()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()


def _plain(params: Mapping[str, str] | None) -> dict[str, str] | None:
    return None if params is None else dict(params)
