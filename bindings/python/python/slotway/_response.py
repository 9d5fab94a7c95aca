"""What a handler may give back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

Buffer: TypeAlias = bytes | bytearray | memoryview
Body: TypeAlias = str | Buffer | Iterable[str | Buffer] | AsyncIterable[str | Buffer] | None
#: Names and values of headers: a mapping, or pairs where a name may come twice.
HeadersGiven: TypeAlias = Mapping[str, str] | Iterable[tuple[str | bytes, str | bytes]]

#: What a handler may give back: text, bytes, what JSON can say, nothing (204), a Response,
#: or pieces of a body, as a generator gives them.
Answer: TypeAlias = "Response | dict[str, Any] | list[Any] | Body"

_Pairs: TypeAlias = tuple[tuple[str | bytes, str | bytes], ...]

TEXT: Final = ((b"content-type", b"text/plain; charset=utf-8"),)
BYTES: Final = ((b"content-type", b"application/octet-stream"),)
JSON: Final = ((b"content-type", b"application/json"),)

dumps: Final[Callable[[Any], str]] = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False
).encode


class Response:
    """A status, headers and a body.

    ::

        return Response("no such thing", status=404)
        return Response(pieces(), content_type="text/csv")
        return Response(status=303, headers={"location": "/done"})

    The body is text, bytes, ``None``, or an iterable or asynchronous iterable of such
    pieces, which are sent as they come. Headers are a mapping, or pairs where a name comes
    several times. ``Response.json`` is for what JSON can say.
    """

    __slots__ = {
        "body": "The body as it was given.",
        "headers": "Names and values, in order.",
        "status": "The status.",
    }

    def __init__(
        self,
        body: Body = None,
        status: int = 200,
        headers: HeadersGiven = (),
        *,
        content_type: str | None = None,
    ) -> None:
        pairs: _Pairs = tuple(headers.items() if isinstance(headers, Mapping) else headers)
        if content_type is not None:
            pairs = (("content-type", content_type), *pairs)
        elif body is not None and not has(pairs, "content-type"):
            pairs = ((TEXT if isinstance(body, str) else BYTES)[0], *pairs)
        self.body: Body = body
        self.status: int = status
        self.headers: _Pairs = pairs

    @classmethod
    def json(cls, value: Any, status: int = 200, headers: HeadersGiven = ()) -> Response:
        """A response whose body is ``value`` as JSON."""
        return cls(dumps(value), status, headers, content_type="application/json")

    @classmethod
    def busy(cls) -> Response:
        """The worker cannot take the activity now: it goes to another one, or waits, and no
        attempt is counted."""
        return cls(status=503, headers=(("slotway-busy", "1"),))

    def __repr__(self) -> str:
        return f"<slotway.Response {self.status}>"


def has(pairs: _Pairs, name: str) -> bool:
    """Whether there is a header of that name."""
    wanted = name.encode()
    return any(
        (found.encode("latin-1", "replace") if isinstance(found, str) else found).lower() == wanted
        for found, _ in pairs
    )


def whole(answer: Any) -> tuple[int, _Pairs, str | Buffer | None] | None:
    """Status, headers and body of an answer that is there as a whole; ``None`` if not."""
    kind = type(answer)
    if kind is str:
        return 200, TEXT, answer
    if kind is dict or kind is list:
        return 200, JSON, dumps(answer)
    if kind is bytes or kind is memoryview or kind is bytearray:
        return 200, BYTES, answer
    if answer is None:
        return 204, (), None
    if isinstance(answer, Response):
        body = answer.body
        if body is None or isinstance(body, str | bytes | bytearray | memoryview):
            return answer.status, answer.headers, body
        return None
    if isinstance(answer, str):
        return 200, TEXT, answer
    if isinstance(answer, dict | list):
        return 200, JSON, dumps(answer)
    if isinstance(answer, bytes | bytearray):
        return 200, BYTES, answer
    return None


def pieces(answer: Any) -> tuple[int, _Pairs, Any]:
    """Status, headers and the pieces of a body."""
    response = answer if isinstance(answer, Response) else Response(answer)
    body = response.body
    if not isinstance(body, Iterable | AsyncIterable):
        raise TypeError(nonsense(body))
    return response.status, response.headers, body


def nonsense(answer: Any) -> str:
    """Says what a handler should have given back."""
    return (
        f"a handler gives back str, bytes, dict, list, None, slotway.Response or a generator, "
        f"not {type(answer).__module__}.{type(answer).__qualname__}"
    )
