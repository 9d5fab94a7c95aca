"""A WSGI application that does what frameworks rarely do."""

import io
import json
import os
import sys
import threading
import time
from wsgiref.validate import validator

seen: list[str] = []
gate = threading.Event()


class Closing:
    """An iterable that says when it was closed."""

    def __init__(self, name, parts):
        self.name, self.parts = name, iter(parts)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.parts)

    def close(self):
        seen.append(f"{self.name} closed")


def text(start, body, status="200 OK", headers=()):
    body = body.encode()
    kind = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
    start(status, kind + list(headers))
    return [body]


def plain(environ, start):
    return text(start, "plain")


def environ(environ, start):
    return text(start, json.dumps({k: repr(v) for k, v in environ.items()}))


def seen_(environ, start):
    return text(start, json.dumps(seen))


def echo(environ, start):
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    start("200 OK", [("Content-Type", "application/octet-stream")])
    return [body]


def count(environ, start):
    total = 0
    while part := environ["wsgi.input"].read(100_000):
        total += len(part)
    return text(start, str(total))


def writes(environ, start):
    write = start("200 OK", [("Content-Type", "text/plain")])
    write(b"written, ")
    write(b"")
    write(b"again, ")
    return Closing("writes", [b"", b"iterated"])


def lazy(environ, start):
    """``start_response`` is only called by the first step of the iterable."""
    yield b""
    start("201 Created", [("Content-Type", "text/plain")])
    yield b""
    yield b"late "
    yield b"start"


def waits(environ, start):
    """The second part comes when the client has the first."""
    start("200 OK", [("Content-Type", "text/plain")])

    def parts():
        yield b"first\n"
        gate.wait(40)
        gate.clear()
        yield b"second\n"

    return Closing("waits", parts())


def opens(environ, start):
    gate.set()
    return text(start, "opened")


def large(environ, start):
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"x" * int(environ["QUERY_STRING"])]


def endless(environ, start):
    start("200 OK", [("Content-Type", "text/plain")])

    def parts():
        while True:
            yield b"z" * 50_000

    return Closing("endless", parts())


def endless_write(environ, start):
    write = start("200 OK", [("Content-Type", "text/plain")])
    try:
        while True:
            write(b"z" * 50_000)
    except OSError as error:
        seen.append(f"endless write: {type(error).__name__}")
        raise


def wrapped(environ, start):
    start("200 OK", [("Content-Type", "text/plain")])
    return environ["wsgi.file_wrapper"](io.BytesIO(b"0123456789" * 30_000), 10)


def raises(environ, start):
    raise ValueError("on purpose")


def raises_within(environ, start):
    start("200 OK", [("Content-Type", "text/plain")])

    def parts():
        yield b"first"
        time.sleep(0.2)
        raise ValueError("within")

    return Closing("raises within", parts())


def recovers(environ, start):
    """An error page in place of an answer of which nothing was sent."""
    start("200 OK", [("Content-Type", "text/plain"), ("X-Old", "1")])
    try:
        raise ValueError("recovered from")
    except ValueError:
        return_ = sys.exc_info()
        start("503 Sorry", [("Content-Type", "text/plain"), ("Content-Length", "5")], return_)
    return [b"sorry"]


def too_late(environ, start):
    """An error page when it is too late for one."""
    write = start("200 OK", [("Content-Type", "text/plain")])
    write(b"something ")
    try:
        raise ValueError("too late")
    except ValueError:
        start("503 Sorry", [], sys.exc_info())
    return [b"never"]


def no_start(environ, start):
    return [b"body"]


def twice(environ, start):
    start("200 OK", [("Content-Type", "text/plain")])
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"body"]


def nonsense(environ, start):
    start("200 OK", [("Content-Type", "text/plain")])
    return 5


def not_bytes(environ, start):
    start("200 OK", [("Content-Type", "text/plain")])
    return Closing("not bytes", [object()])


def bad_header(environ, start):
    start("200 OK", [("X-A", "b\r\nX-Evil: 1")])
    return [b"body"]


def framing(environ, start):
    start("200 OK", [("Transfer-Encoding", "chunked"), ("X-A", "b")])
    return iter([b"framed"])


def exits(environ, start):
    raise SystemExit(4)


def thread(environ, start):
    time.sleep(0.05)
    return text(start, str(threading.get_ident()))


HANDLERS = {
    name.strip("_").replace("_", "-"): value
    for name, value in list(globals().items())
    if callable(value) and value.__module__ == __name__ and not isinstance(value, type)
}
HANDLERS.pop("text")


def app(environ, start):
    handler = HANDLERS.get(environ["PATH_INFO"].strip("/").removeprefix("mounted/"))
    if handler is None:
        return text(start, "no such probe", "404 Not Found")
    return handler(environ, start)


def well_behaved(environ, start):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.errors"].write("")
    environ["wsgi.errors"].flush()
    if environ["REQUEST_METHOD"] == "HEAD":
        start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
        return []
    if environ["PATH_INFO"] == "/valid/none":
        start("204 No Content", [])
        return []
    write = start("200 OK", [("Content-Type", "text/plain")])
    write(b"valid ")
    return Closing("valid", [body, b"."])


valid = validator(well_behaved)
pid = lambda environ, start: text(start, str(os.getpid()))  # noqa: E731
