"""A request as handlers see it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from slotway._problem import BadBody
from slotway._slotway import Exchange

if TYPE_CHECKING:
    from slotway._loop import Waits


class Activity(NamedTuple):
    """What a request says of the activity that it is; ``request.activity`` gives it."""

    #: The hub's number for it: no two have the same while the hub runs.
    id: int
    #: 1 when it was begun for the first time.
    attempt: int
    #: ``namespace/queue``.
    queue: str
    #: Its type.
    type: str
    #: The key that its caller gave.
    key: str | None


class Headers(Mapping[str, str]):
    """A request's headers by their names, in any case of letters.

    A name that came more than once gives its first value; ``get_all`` gives all of them.
    """

    __slots__ = ("_exchange", "_pairs")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._pairs: list[tuple[str, str]] | None = None

    def pairs(self) -> list[tuple[str, str]]:
        """Names, in lower case, and values, in the order in which they came."""
        if self._pairs is None:
            self._pairs = [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in self._exchange.headers
            ]
        return self._pairs

    def get_all(self, name: str) -> list[str]:
        """Every value of a header, in order."""
        wanted = name.lower()
        return [value for found, value in self.pairs() if found == wanted]

    def __getitem__(self, name: str) -> str:
        if self._pairs is None:
            value = self._exchange.header(name)
        else:
            wanted = name.lower()
            value = next((value for found, value in self._pairs if found == wanted), None)
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for name, _ in self.pairs()))

    def __len__(self) -> int:
        return len({name for name, _ in self.pairs()})

    def __repr__(self) -> str:
        return f"<slotway.Headers {self.pairs()!r}>"


class BaseRequest:
    """What a request has besides its body. Everything is looked up when it is asked for.

    After the answer asking raises ``AlreadyAnswered``, but for what was asked for before.
    """

    __slots__ = {
        "exchange": "The layer below: everything that is not here.",
        "_headers": None,
        "_params": None,
        "_query": None,
    }

    def __init__(self, exchange: Exchange) -> None:
        self.exchange: Exchange = exchange

    @property
    def method(self) -> str:
        """The method as it was sent."""
        return self.exchange.method

    @property
    def path(self) -> str:
        """The path without its percent-encoding."""
        return self.exchange.path

    @property
    def route(self) -> str:
        """The pattern that matched."""
        return self.exchange.route

    @property
    def params(self) -> dict[str, str]:
        """The path's parameters, by the pattern's names."""
        try:
            return self._params
        except AttributeError:
            self._params: dict[str, str] = self.exchange.params
            return self._params

    @property
    def query_string(self) -> str:
        """What follows the question mark, as it was sent."""
        return self.exchange.query.decode("latin-1")

    @property
    def query(self) -> dict[str, list[str]]:
        """The query's parameters: each name with its values."""
        try:
            return self._query
        except AttributeError:
            found: dict[str, list[str]] = {}
            for name, value in parse_qsl(self.query_string, keep_blank_values=True):
                found.setdefault(name, []).append(value)
            self._query: dict[str, list[str]] = found
            return found

    @property
    def headers(self) -> Headers:
        """The headers."""
        try:
            return self._headers
        except AttributeError:
            self._headers: Headers = Headers(self.exchange)
            return self._headers

    @property
    def peer(self) -> tuple[str, int] | None:
        """Address and port of who sent it; ``None`` over a Unix socket."""
        return self.exchange.peer

    @property
    def content_length(self) -> int | None:
        """The body's length if the client stated it."""
        return self.exchange.content_length

    @property
    def activity(self) -> Activity | None:
        """The activity that it is; ``None`` for any other request."""
        taken = self.exchange.activity
        return None if taken is None else Activity(*taken)

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self.exchange.cancelled

    @property
    def time_left(self) -> float | None:
        """Seconds until the answer is due; ``None`` for ever."""
        return self.exchange.time_left

    def __repr__(self) -> str:
        return f"<slotway.{type(self).__name__} {self.exchange!r}>"


class Request(BaseRequest):
    """A request to a plain function. What has to wait holds up its thread and nobody else."""

    __slots__ = ()

    @property
    def body(self) -> memoryview:
        """The whole body, read-only, where it lies; waits for all of it.

        The view ends with the answer: using it later raises ``ValueError``. Keep
        ``bytes(request.body)``.
        """
        return self.exchange.body()

    def text(self) -> str:
        """The body as text; ``BadBody`` if it is not UTF-8."""
        return as_text(self.exchange.body())

    def json(self) -> Any:
        """What the body says as JSON; ``BadBody`` if it is none."""
        return as_json(self.exchange.body())

    def stream(self) -> Iterator[bytes]:
        """The body in pieces as they come, of any size."""
        read = self.exchange.read
        while piece := read():
            yield piece

    def wait_cancelled(self, timeout: float | None = None) -> bool:
        """Waits until nobody waits for the answer any more; whether that is so."""
        return self.exchange.wait_cancelled(timeout)


class AsyncRequest(BaseRequest):
    """A request to an ``async def`` handler."""

    __slots__ = ("_waits",)

    def __init__(self, exchange: Exchange, waits: Waits) -> None:
        self.exchange = exchange
        self._waits = waits

    async def body(self) -> memoryview:
        """The whole body, read-only; where it lies if all of it is there.

        The view ends with the answer: using it later raises ``ValueError``.
        """
        view = self.exchange.try_body()
        if view is not None:
            return view
        whole = bytearray()
        async for piece in self.stream():
            whole += piece
        return memoryview(whole).toreadonly()

    async def text(self) -> str:
        """The body as text; ``BadBody`` if it is not UTF-8."""
        return as_text(await self.body())

    async def json(self) -> Any:
        """What the body says as JSON; ``BadBody`` if it is none."""
        return as_json(await self.body())

    async def stream(self) -> AsyncIterator[bytes]:
        """The body in pieces as they come, of any size."""
        exchange, waits = self.exchange, self._waits
        while True:
            piece = exchange.try_read()
            if piece is None:
                await waits.notice(exchange)
            elif piece:
                yield piece
            else:
                return


def as_text(body: memoryview) -> str:
    """A body as text."""
    try:
        return str(body, "utf-8")
    except UnicodeDecodeError as error:
        raise BadBody(f"The body is not UTF-8: {error}.") from error


def as_json(body: memoryview) -> Any:
    """A body as JSON."""
    try:
        return json.loads(bytes(body))
    except ValueError as error:
        raise BadBody(f"The body is not JSON: {error}.") from error
