"""One request of a WSGI application: ``start_response``, ``write``, the iterable."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from slotway._errors import AlreadyAnswered, Cancelled, Error, HubGone, InvalidHead
from slotway._problem import answer_problem
from slotway._slotway import Exchange

__all__ = ["Application", "FileWrapper", "WsgiAnswer", "handle"]

#: A WSGI application.
Application = Callable[[dict[str, Any], Callable[..., Callable[[bytes], object]]], Iterable[bytes]]

log = logging.getLogger("slotway.wsgi")

#: Nobody waits for the answer any more.
NOBODY_WAITS = (AlreadyAnswered, Cancelled, HubGone)


class ClientGone(ConnectionAbortedError):
    """Raised out of ``write`` when nobody waits for the answer any more."""


class FileWrapper:
    """``wsgi.file_wrapper``: a file's contents in large pieces."""

    # Where it is to be imported from.
    __module__ = "slotway.wsgi"

    #: There if the file has one.
    close: Callable[[], object]

    def __init__(self, filelike: Any, blksize: int = 8192) -> None:
        self.filelike = filelike
        # The application's number is a suggestion, and mostly the example's.
        self.blksize: int = max(blksize, 64 << 10)
        if hasattr(filelike, "close"):
            self.close = filelike.close

    def __iter__(self) -> FileWrapper:
        return self

    def __next__(self) -> bytes:
        data: bytes = self.filelike.read(self.blksize)
        if not data:
            raise StopIteration
        return data


class WsgiAnswer:
    """An answer on its way out of an application."""

    __slots__ = ("exchange", "is_head", "status", "headers", "begun", "over")

    def __init__(self, exchange: Exchange, is_head: bool) -> None:
        self.exchange = exchange
        self.is_head = is_head
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.begun = False
        self.over = False

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], None]:
        """PEP 3333's ``start_response``."""
        if exc_info is not None:
            try:
                if self.begun:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self.status:
            raise RuntimeError("start_response was called twice; the second call needs exc_info")
        self.status = int(status[:3])
        self.headers = headers
        return self.write

    def write(self, data: bytes) -> None:
        """PEP 3333's ``write``: adds to the body, waiting for the client."""
        if self.over:
            if data:
                log.error("%d bytes of a body came behind its content-length", len(data))
            return
        try:
            self._begin()
            if data:
                self.exchange.write(data, None)
            else:
                self.exchange.flush()
        except Error as error:
            self._failed(error)

    def part(self, data: bytes) -> None:
        """A part from the application's iterable. Mostly the first one is the whole body,
        which the application says by its length; then everything goes in one call."""
        if not self.begun and self._length() == len(data):
            self.whole(data)
        else:
            self.write(data)

    def whole(self, data: bytes) -> None:
        """The whole body, and with it the answer."""
        if not self.status:
            raise RuntimeError("the application did not call start_response")
        self.begun = self.over = True
        try:
            self.exchange.respond(self.status, self.headers, data)
        except Error as error:
            if isinstance(error, InvalidHead) and self._without_framing():
                return self.whole(data)
            # Nobody waits, or what cannot be sent was not, and something else may be.
            self.begun = self.over = isinstance(error, NOBODY_WAITS)
            self._failed(error)

    def end(self) -> None:
        """The iterable is at its end."""
        if self.over:
            return
        if not self.begun and not self.is_head:
            return self.whole(b"")
        try:
            # No body because none was asked for says nothing of its length.
            self._begin()
            self.over = True
            self.exchange.finish()
        except Error as error:
            self._failed(error)

    def _begin(self) -> None:
        if self.begun:
            return
        if not self.status:
            raise RuntimeError("the application gave a body before it called start_response")
        try:
            self.exchange.start(self.status, self.headers)
        except Error as error:
            if isinstance(error, InvalidHead) and self._without_framing():
                return self._begin()
            raise
        self.begun = True

    def _length(self) -> int:
        for name, value in self.headers:
            if len(name) == 14 and name.lower() == "content-length":
                return int(value)
        return -1

    def _without_framing(self) -> bool:
        """Leaves out ``transfer-encoding``, which is the hub's to choose; gives whether
        there was one."""
        kept = [(n, v) for n, v in self.headers if n.lower() != "transfer-encoding"]
        found = len(kept) < len(self.headers)
        self.headers = kept
        return found

    def _failed(self, error: Error) -> None:
        if isinstance(error, NOBODY_WAITS):
            raise ClientGone(str(error)) from error
        raise error

    def give_up(self) -> None:
        """Answers with a problem, or breaks off what was begun."""
        answer_problem(self.exchange, "handler_failed", "The application raised an exception.")
        self.over = True


def handle(exchange: Exchange, app: Application, environ: dict[str, Any]) -> None:
    """Calls the application for one request, and answers for it if it does not."""
    answer = WsgiAnswer(exchange, environ["REQUEST_METHOD"] == "HEAD")
    try:
        result = app(environ, answer.start_response)
        try:
            # Something with a length was made already: there is nothing to wait for.
            if isinstance(result, (list, tuple)):
                body = result[0] if len(result) == 1 else b"".join(result)
                if answer.begun or (not body and answer.is_head):
                    if body:
                        answer.part(body)
                    answer.end()
                else:
                    answer.whole(body)
            else:
                for data in result:
                    if data:
                        answer.part(data)
                answer.end()
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()
    except ClientGone:
        # Gives the slot back, if it is not given back yet.
        answer.give_up()
    except BaseException as error:
        log.error(
            "%s %s: the application raised",
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            exc_info=error,
        )
        if not answer.over:
            answer.give_up()
