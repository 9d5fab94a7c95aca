"""The native part of slotway: a connection to the hub, the requests that come out of it, and
events both ways, and calls.

The package is built on it, and so can you when the package does not fit: one object for a
connection, one for a request with its answer. Methods wait only where they take a timeout,
in seconds; ``None`` waits for ever. They let go of the interpreter while they wait.
"""

import sys
from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Any, Literal, Self, TypeAlias, final

from typing_extensions import Buffer, disjoint_base

from slotway._system import System

__all__ = [
    "BaseSubscription",
    "Body",
    "Calling",
    "Calls",
    "Core",
    "Event",
    "Exchange",
    "Gap",
    "Publisher",
    "PushAnswer",
    "Pusher",
    "Reply",
    "__version__",
    "fill_environ",
    "fill_scope",
]

__version__: str

#: A name and a value, text (ISO 8859-1) or bytes.
_Header: TypeAlias = tuple[str | bytes, str | bytes]
#: A method or "*", a pattern, a host or None, whether a request may be sent twice, and maybe
#: whether its clients stay for events.
_Route: TypeAlias = tuple[str, str, str | None, bool] | tuple[str, str, str | None, bool, bool]
#: A queue, the activities' types, how many at a time (None: as many as requests).
_Queue: TypeAlias = tuple[str, Sequence[str], int | None]
#: A name, routes, how many requests at a time, and maybe queues and which of its name it is.
_Registration: TypeAlias = (
    tuple[str, Sequence[_Route], int | None]
    | tuple[str, Sequence[_Route], int | None, Sequence[_Queue], str | None]
)
#: What an event says.
_Payload: TypeAlias = str | Buffer | dict[str, Any] | list[Any] | None

@final
class Core:
    """A worker's connection to its hub: requests come out of it.

    Making one begins to connect and to register, and returns. A registration is a name, its
    routes (a method, a pattern, a host or None, whether a request may be sent twice, and maybe
    whether its clients stay for events), how many requests at a time it takes at most (None: as
    many as there are slots); and maybe the queues whose activities it takes (a name, the types,
    how many at a time; their keys follow those of the routes), and which of its name it is.
    Without one the connection is for events and calls alone. ``connect`` is what ``wait_live``
    waits for; ``keep_open`` goes on when the hub has refused every registration, for others that
    may be added; ``heartbeat`` says how often to ask the hub whether it is there, and how long it
    may be silent; the rest is as for ``Worker``.

    A thread of its own keeps it up and comes back to the next hub when this one goes away.
    Threads call ``next``; or one event loop watches ``fileno`` and calls ``take``.
    """

    def __new__(
        cls,
        registrations: Sequence[_Registration],
        *,
        hub: str | PathLike[str] | None = None,
        slots: int | None = None,
        head_bytes: int | None = None,
        request_bytes: int | None = None,
        response_bytes: int | None = None,
        spin: int | None = None,
        drain_deadline: float | None = None,
        generation: int | None = None,
        connect: float | Literal["once"] | None = None,
        keep_open: bool = False,
        heartbeat: tuple[float, float] | None = None,
    ) -> Core:
        """Begins to connect and register, and returns."""

    def wait_live(self) -> None:
        """Waits until the hub sends requests here. Does not hear signals meanwhile."""

    def next(self, timeout: float | None = None) -> Exchange | None:
        """The next request; None when the time is over. From any number of threads.

        Raises Closed after a shutdown. Does not hear signals while it waits, so it is for
        threads other than the main one.
        """

    def fileno(self) -> int:
        """The descriptor for an event loop, the same for the connection's whole life."""

    def take(self, limit: int = 64) -> list[Exchange]:
        """The requests that are here, at most so many, without waiting.

        None at all: the descriptor becomes readable when there may be some, or notices.
        Call it until then, and then ``take_notices``. Raises Closed after a shutdown.
        """

    def take_notices(self) -> list[int]:
        """The tokens of requests, subscriptions and so on for which a wait may be over that a
        ``try_`` or ``poll`` method began. A token may come without cause, also after the end."""

    @property
    def connected(self) -> bool:
        """Whether there is a hub at the other end now."""

    @property
    def states(self) -> list[str]:
        """How each registration stands, for people."""

    def add(self, registration: _Registration) -> tuple[int, int]:
        """Adds a registration while the connection lives, and returns: its number, which those
        that were there at the beginning have from 0 on, and the key of its first route."""

    @property
    def next_key(self) -> int:
        """The key of the first route of what is added next."""

    def withdraw(self, number: int, timeout: float | None = None) -> dict[str, Any]:
        """Withdraws the registration of a number, and waits until nothing of it is in hand. Hears
        signals meanwhile. Gives what it has done, as ``metrics`` does. Raises Timeout when that
        takes longer; it is withdrawn all the same."""

    def metrics(self) -> list[dict[str, Any]]:
        """What each registration has done and met, in the order of their numbers."""

    def departed(self) -> list[dict[str, Any]]:
        """The same of those that were withdrawn, the last 1,024 of them, oldest first."""

    def begin_shutdown(self) -> None:
        """Begins to drain: nothing new comes, what is in hand is to be answered."""

    def begin_close(self) -> None:
        """Begins to close without a drain: the hub answers for what is in hand."""

    def wait_closed(self, timeout: float | None = None) -> bool:
        """Waits until it is closed; whether everything in hand was answered by then."""

    def close(self) -> None:
        """Closes without a drain, and waits for it."""

@final
class Exchange:
    """A request in hand and the duty to answer it.

    What is read of it is copied when it is asked for; the body, by ``body``, is not. After
    the answer asking raises AlreadyAnswered. One that is dropped unanswered is answered
    with 500. From any thread; the answer from one at a time, the body from one at a time.
    """

    @property
    def key(self) -> int:
        """The index of the route that matched, among all that were registered."""

    @property
    def registration(self) -> int:
        """The index of the registration that matched."""

    @property
    def route_index(self) -> int:
        """The index of the route that matched, in its registration."""

    @property
    def method(self) -> str:
        """The method as it was sent."""

    @property
    def path(self) -> str:
        """The path without its percent-encoding; what is not UTF-8 is replaced."""

    @property
    def raw_path(self) -> bytes:
        """The path as it was sent."""

    @property
    def query(self) -> bytes:
        """What follows the question mark, as it was sent; empty without one."""

    @property
    def route(self) -> str:
        """The pattern that matched."""

    @property
    def params(self) -> dict[str, str]:
        """The path's parameters, without percent-encoding."""

    def param(self, name: str) -> str | None:
        """One of the path's parameters; None if the pattern has none of that name."""

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The headers in order, names in lower case."""

    def header(self, name: str) -> str | None:
        """The first value of a header, its name in any case of letters; None without one."""

    @property
    def activity(self) -> tuple[int, int, str, str, str | None] | None:
        """The activity that it is: the hub's number for it, for how many times it was begun, its
        queue, its type, and its key or None. None for any other request."""

    @property
    def http_version(self) -> str:
        """ "1.0", "1.1" or "2"."""

    @property
    def peer(self) -> tuple[str, int] | None:
        """Address and port of who sent it; None over a Unix socket."""

    @property
    def content_length(self) -> int | None:
        """The body's length if the client stated it."""

    @property
    def token(self) -> int:
        """What ``Core.take_notices`` tells this request by."""

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the answer any more."""

    def poll_cancelled(self) -> bool:
        """Like ``cancelled``; if not, a notice comes when it is."""

    def wait_cancelled(self, timeout: float | None = None) -> bool:
        """Waits until nobody waits for the answer any more; False when the time is over or
        the request was answered."""

    @property
    def time_left(self) -> float | None:
        """Seconds until the answer is due; None for ever."""

    def body(self, timeout: float | None = None) -> memoryview:
        """Waits for the whole body and gives a view of it where it lies, read-only.

        The view ends with the answer: using it later raises ValueError. A body that the
        slot does not hold at once is copied. A second call gives the same view.
        """

    def try_body(self) -> memoryview | None:
        """As ``body``, if all of it lies in the slot now; else None, and ``try_read`` reads
        it in pieces."""

    def read(self, size: int | None = None, timeout: float | None = None) -> bytes:
        """Some of the body, so many bytes at most, waiting for the first; empty at its end."""

    def try_read(self, size: int | None = None) -> bytes | None:
        """Some of the body if there is some now; empty at its end. None: a notice comes
        when there is more."""

    def read_all(self, timeout: float | None = None) -> bytes:
        """The rest of the body, waiting for all of it."""

    @property
    def at_end(self) -> bool:
        """Whether all of the body has been read, or there is none."""

    def respond(
        self,
        status: int,
        headers: Iterable[_Header] | None = None,
        body: str | Buffer | None = None,
    ) -> None:
        """Answers in one call; text goes as UTF-8. A body that the slot does not hold at
        once flows as the client takes it, and this waits for it."""

    def try_respond(
        self,
        status: int,
        headers: Iterable[_Header] | None = None,
        body: str | Buffer | None = None,
    ) -> bool:
        """As ``respond``, but False, and nothing has happened, when the slot does not hold
        the body at once: then ``start`` and ``try_write`` it."""

    def start(self, status: int, headers: Iterable[_Header] | None = None) -> None:
        """Begins a streamed answer. A content-length is held to."""

    def write(self, data: str | Buffer, timeout: float | None = None) -> None:
        """Adds to a streamed answer, waiting for room."""

    def try_write(self, data: str | Buffer) -> int | None:
        """Adds as much as there is room for; how many bytes. None: a notice comes when
        there is room."""

    def flush(self) -> None:
        """Sends what there is of a streamed answer, its head at least."""

    def finish(self) -> None:
        """Ends a streamed answer."""

    def abort(self) -> None:
        """Breaks the answer off.

        The client gets 502, or a broken connection if the answer had begun.
        """

    @property
    def started(self) -> bool:
        """Whether the answer's head is written."""

    @property
    def answered(self) -> bool:
        """Whether the answer is complete."""

@final
class Body:
    """What a view of a request's body lies over; ``Exchange.body`` makes it."""

    def __len__(self) -> int: ...

    if sys.version_info >= (3, 12):
        def __buffer__(self, flags: int, /) -> memoryview: ...

@final
class Publisher:
    """Publishes events through the outbox of a connection.

    Cheap to make; from any number of threads. Methods without ``try_`` wait for room and for
    the hub, ``timeout`` seconds at most, and hear signals meanwhile.
    """

    def __new__(cls, core: Core) -> Publisher:
        """A publisher of a connection."""

    def publish(
        self,
        topic: str,
        payload: _Payload = None,
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
        """Publishes one event."""

    def try_publish(
        self,
        topic: str,
        payload: _Payload = None,
        *,
        type: str | None = None,
        id: str | None = None,
        principal: str | System | None = None,
        must_deliver: bool = False,
        key: str | None = None,
        terminal: bool = False,
        ticket: int = 0,
    ) -> None:
        """Publishes one event if there is room for it now; raises Full if not, and HubGone while
        there is no hub."""

    def publish_many(
        self, events: Iterable[tuple[Any, ...]], *, timeout: float | None = None
    ) -> int:
        """Publishes events in order; gives how many were published when the time was over."""

    def try_publish_many(self, events: Iterable[tuple[Any, ...]]) -> int:
        """Publishes as many of the events as there is room for now; gives how many."""

    def poll_room(self) -> bool:
        """After there was no room: whether to try again now. If not, ``Core.take_notices``
        gives ``token`` when there is more."""

    @property
    def token(self) -> int:
        """What ``Core.take_notices`` tells room by."""

    def take_refusals(self) -> list[tuple[int, str, int]]:
        """What the hub has refused to publish since the last call: of each the ticket, the
        reason and how many there were."""

@final
class Pusher:
    """Pushes to clients of streams that this worker owns, through the outbox of a connection.

    From any number of threads. Methods that wait hear signals meanwhile.
    """

    def __new__(cls, core: Core) -> Pusher:
        """What pushes through a connection."""

    def push(
        self,
        data: _Payload = None,
        *,
        path: str | None = None,
        pattern: str | None = None,
        params: dict[str, str] | None = None,
        connection: str | None = None,
        registration: int = 0,
        event: str | None = None,
        id: str | None = None,
        close: bool = False,
        timeout: float | None = None,
    ) -> int:
        """Gives an event to clients of a stream that this worker owns: of a path, of a pattern
        with these parameters, or one by its connection; with ``close`` their streams end behind
        it. Waits for what becomes of it: 200, it is on its way to each of them; 404, nobody is
        there; 410, they are leaving; 429, too much waits for them; 400, it cannot be."""

    def push_only(
        self,
        data: _Payload = None,
        *,
        path: str | None = None,
        pattern: str | None = None,
        params: dict[str, str] | None = None,
        connection: str | None = None,
        registration: int = 0,
        event: str | None = None,
        id: str | None = None,
        close: bool = False,
        timeout: float | None = None,
    ) -> None:
        """As ``push``, without waiting for what becomes of it: for room alone."""

    def try_push(
        self,
        data: _Payload = None,
        *,
        path: str | None = None,
        pattern: str | None = None,
        params: dict[str, str] | None = None,
        connection: str | None = None,
        registration: int = 0,
        event: str | None = None,
        id: str | None = None,
        close: bool = False,
    ) -> None:
        """As ``push_only``, if there is room now; raises Full if not, and HubGone while there is
        no hub."""

    def begin_push(
        self,
        data: _Payload = None,
        *,
        path: str | None = None,
        pattern: str | None = None,
        params: dict[str, str] | None = None,
        connection: str | None = None,
        registration: int = 0,
        event: str | None = None,
        id: str | None = None,
        close: bool = False,
    ) -> PushAnswer:
        """As ``push``, without waiting for anything: gives what becomes of it. Raises Full when
        there is no room, and HubGone while there is no hub."""

@final
class PushAnswer:
    """What becomes of a push; ``Pusher.begin_push`` gives it."""

    def poll(self) -> int | None:
        """The answer if it is there; None: ``Core.take_notices`` gives ``token`` when it may be."""

    @property
    def token(self) -> int:
        """What ``Core.take_notices`` tells it by."""

@final
class Calls:
    """Calls activities through a connection.

    Cheap to make; from any number of threads. ``begin`` and ``call`` wait for the hub and for
    room, ``timeout`` seconds at most, and hear signals meanwhile.
    """

    def __new__(cls, core: Core) -> Calls:
        """What calls through a connection."""

    def call(
        self,
        queue: str,
        activity: str,
        payload: _Payload = None,
        *,
        timeout: float | None = None,
        attempts: int = 1,
        backoff: float = 0.0,
        idempotent: bool = False,
        key: str | None = None,
        content_type: str | None = None,
    ) -> Reply:
        """Calls, and waits for what becomes of it."""

    def begin(
        self,
        queue: str,
        activity: str,
        payload: _Payload = None,
        *,
        timeout: float | None = None,
        attempts: int = 1,
        backoff: float = 0.0,
        idempotent: bool = False,
        key: str | None = None,
        content_type: str | None = None,
    ) -> Calling:
        """As ``call``, but waits for room alone, and gives what the outcome is had from."""

    def try_begin(
        self,
        queue: str,
        activity: str,
        payload: _Payload = None,
        *,
        timeout: float | None = None,
        attempts: int = 1,
        backoff: float = 0.0,
        idempotent: bool = False,
        key: str | None = None,
        content_type: str | None = None,
    ) -> Calling:
        """As ``begin``, if there is room now; raises Full if not, and HubGone while there is no
        hub: then nothing was called."""

@final
class Calling:
    """A call that was begun; ``Caller.begin`` gives it.

    The outcome is taken once. Who lets go of it before that hangs up: the worker that is at it
    sees that nobody waits any more.
    """

    def wait(self, timeout: float | None = None) -> Reply | None:
        """Waits for the outcome; None when the time is over, and the call goes on. Raises
        CallFailed when no worker has answered. Hears signals while it waits."""

    def poll(self) -> Reply | None:
        """For event loops: the outcome if it is there; None: ``Core.take_notices`` gives ``token``
        when it may be."""

    def hang_up(self) -> None:
        """Does not want the outcome any more: whoever waits for it has Cancelled."""

    @property
    def token(self) -> int:
        """What ``Core.take_notices`` tells it by."""

@final
class Reply:
    """A worker's answer to a call, whatever its status."""

    @property
    def status(self) -> int:
        """The answer's HTTP status."""

    @property
    def is_success(self) -> bool:
        """Whether the status is one of success, 200 to 299."""

    @property
    def content_type(self) -> str:
        """The type of the body; empty if the worker gave none."""

    @property
    def body(self) -> bytes:
        """The answer's body."""

    def text(self) -> str:
        """The body as text; UnicodeDecodeError if it is not UTF-8."""

    def json(self) -> Any:
        """What the body says as JSON; ValueError if it is none."""

    @property
    def attempts(self) -> int:
        """How often it was begun."""

    @property
    def replayed(self) -> bool:
        """Whether it was done for an earlier call with the same key."""

    @property
    def delay_hint(self) -> float | None:
        """If it had to wait for a worker: how many seconds the queue would have liked its caller
        to hold back; else None."""

@final
class Event:
    """An event that was published."""

    @property
    def topic(self) -> str:
        """What it is about."""

    @property
    def type(self) -> str:
        """Its type; "message" unless its publisher said something else."""

    @property
    def id(self) -> str:
        """The id that its publisher gave it, else its sequence number."""

    @property
    def seq(self) -> int:
        """Its place in the order of everything that the hub published."""

    @property
    def time(self) -> float:
        """When it was published, in seconds since 1970."""

    @property
    def principal(self) -> str | None:
        """On whose behalf it was published; None for the system."""

    @property
    def payload(self) -> bytes:
        """What it says."""

    def text(self) -> str:
        """What it says, as text; UnicodeDecodeError if it is not UTF-8."""

    def json(self) -> Any:
        """What it says, as JSON; ValueError if it is none."""

@final
class Gap:
    """Events that were lost at this place of a subscription."""

    @property
    def missed(self) -> int:
        """How many were lost."""

    @property
    def at_least(self) -> bool:
        """Whether there may have been more."""

    @property
    def principal(self) -> str | None:
        """Whose they were, where the subscription is routed and the hub knows."""

@disjoint_base
class BaseSubscription:
    """The events of some topics, as they are published.

    Iterating waits for each, and ends with the connection, or when it is closed. Methods with
    a timeout hear signals while they wait.
    """

    def __new__(
        cls,
        core: Core,
        patterns: Sequence[str],
        *,
        mode: Literal["lossy", "routed"] = "lossy",
        capacity: int | None = None,
        overflow: Literal["oldest", "newest"] = "oldest",
        principal: str | System | None = None,
        after: int | None = None,
        queue: int | None = None,
    ) -> Self:
        """Begins to subscribe, and returns."""

    def wait_live(self, timeout: float | None = None) -> bool:
        """Waits until the hub has said that events come: those published from then on will.
        False when the time is over."""

    @property
    def is_live(self) -> bool:
        """Whether the hub at the other end sends its events now."""

    def next(self, timeout: float | None = None) -> Event | Gap | None:
        """The next event, or a Gap where some were lost; None when the time is over. Raises
        Closed after the end."""

    def take(self, limit: int = 256, timeout: float | None = None) -> list[Event | Gap]:
        """As many as there are now, at most so many, waiting for the first; none when the time
        is over. Raises Closed after the end."""

    def poll(self) -> Event | Gap | None:
        """For event loops: the next event if there is one now; None: ``Core.take_notices`` gives
        ``token`` when there may be one. Raises Closed after the end."""

    def poll_live(self) -> bool:
        """For event loops: whether events come; if not, ``Core.take_notices`` gives ``token`` when
        that may be so."""

    @property
    def token(self) -> int:
        """What ``Core.take_notices`` tells this subscription by."""

    @property
    def lost_here(self) -> int:
        """Events that were lost in this process because it had too many that nobody took: a part
        of what gaps have told."""

    def close(self) -> None:
        """Ends it: nothing comes any more, and whoever waits for something sees its end."""

    def __iter__(self) -> Self: ...
    def __next__(self) -> Event | Gap: ...

def fill_scope(exchange: Exchange, scope: dict[str, Any]) -> None:
    """Puts into an ASGI scope what differs from request to request."""

def fill_environ(exchange: Exchange, environ: dict[str, Any], root_path: str) -> None:
    """Puts into a WSGI environment what differs from request to request. The path is told
    as it is below ``root_path``."""
