"""``wsgi.input``: a request's body as a file that is read as it arrives."""

from __future__ import annotations

import io
from collections.abc import Iterator

from slotway._errors import Error
from slotway._slotway import Exchange

__all__ = ["WsgiInput", "wsgi_input"]

#: Bytes that are asked for at a time at least.
CHUNK_BYTES = 64 << 10


class WsgiInput:
    """The body of one request.

    Reading waits for the client and lets other threads run meanwhile. A client that breaks
    its body off, or goes away, is a ``ConnectionResetError``, which frameworks know.
    """

    __slots__ = ("_exchange", "_rest", "_ended")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._rest = b""
        self._ended = False

    def _more(self, size: int) -> bytes:
        """What comes next, at least one byte; empty at the end."""
        if self._ended:
            return b""
        try:
            data = self._exchange.read(max(size, CHUNK_BYTES), None)
        except Error as error:
            raise ConnectionResetError(f"the request's body was broken off: {error}") from error
        if not data:
            self._ended = True
        return data

    def read(self, size: int | None = -1) -> bytes:
        """``size`` bytes, fewer only at the end; without a size everything."""
        if size is None or size < 0:
            parts = [self._rest]
            self._rest = b""
            while data := self._more(0):
                parts.append(data)
            return b"".join(parts)
        have = self._rest
        if len(have) < size:
            parts, count = [have], len(have)
            while count < size and (data := self._more(size - count)):
                parts.append(data)
                count += len(data)
            have = b"".join(parts)
        self._rest = have[size:]
        return have[:size]

    def readline(self, size: int | None = -1) -> bytes:
        """The next line with its end, or its first ``size`` bytes."""
        have, looked = self._rest, 0
        while True:
            found = have.find(b"\n", looked) + 1
            if size is not None and 0 <= size < (found or len(have) + 1):
                found = size
                break
            if found:
                break
            looked = len(have)
            data = self._more(0)
            if not data:
                found = len(have)
                break
            have += data
        self._rest = have[found:]
        return have[:found]

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        """The lines that are left, or as many as have ``hint`` bytes together."""
        lines, count = [], 0
        for line in self:
            lines.append(line)
            count += len(line)
            if hint is not None and 0 < hint <= count:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        line = self.readline()
        if not line:
            raise StopIteration
        return line


def wsgi_input(exchange: Exchange) -> WsgiInput | io.BytesIO:
    """The input of a request; most have no body."""
    if exchange.content_length == 0:
        return io.BytesIO()
    return WsgiInput(exchange)
