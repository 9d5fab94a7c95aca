"""The same answer as a plain application of each interface, without a framework."""

BODY = b"Hello, World!"
HEADERS = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"13")]
TEXTS = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "13")]

START = {"type": "http.response.start", "status": 200, "headers": HEADERS}
END = {"type": "http.response.body", "body": BODY}


async def asgi(scope, receive, send):
    if scope["type"] == "http":
        await send(START)
        await send(END)


def wsgi(environ, start_response):
    start_response("200 OK", TEXTS)
    return [BODY]


async def rsgi(scope, protocol):
    protocol.response_str(200, [("content-type", "text/plain; charset=utf-8")], "Hello, World!")
