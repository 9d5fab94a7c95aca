"""Applications that know nothing of Slotway answer behind the hub as on their usual server.

The same requests go to both; what differs is printed.
"""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field

import pytest

from hubs import hub  # noqa: F401
from serving import APPS, Answer, fetch, slotway, usual_server

#: Between the server and its client alone, or the server's own.
IGNORED = {"date", "server", "connection", "keep-alive", "transfer-encoding", "x-request-id"}

#: What is random or a time, in headers and bodies.
CHANGING = [
    # A signed cookie: the payload stays, time and signature go.
    (r'(session(?:=|":")[\w\-=]+)\.[\w\-.]+', r"\1.SIGNED"),
    (r"expires(=|: )[^;]+GMT", r"expires\1THEN"),
    (r"csrftoken=\w+", "csrftoken=TOKEN"),
    (r'name="csrfmiddlewaretoken" value="\w+"', 'name="csrfmiddlewaretoken" value="TOKEN"'),
    (r"sessionid=\w+", "sessionid=ID"),
    # Of a multipart response of ranges.
    (r"--?[0-9a-f]{26}", "--BOUNDARY"),
    (r"boundary=[0-9a-f]{26}", "boundary=BOUNDARY"),
]


@dataclass
class Ask:
    """One request."""

    method: str
    target: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | None = None


def multipart(*parts: tuple[str, str | None, str, bytes]) -> tuple[list[tuple[str, str]], bytes]:
    """A form with files: (name, file name, type, contents)."""
    lines = []
    for name, filename, kind, contents in parts:
        disposition = f'form-data; name="{name}"'
        if filename is not None:
            disposition += f'; filename="{filename}"'
        lines += [b"--limit", f"Content-Disposition: {disposition}".encode()]
        if filename is not None:
            lines.append(f"Content-Type: {kind}".encode())
        lines += [b"", contents]
    lines += [b"--limit--", b""]
    return [("Content-Type", "multipart/form-data; boundary=limit")], b"\r\n".join(lines)


JSON = [("Content-Type", "application/json")]
FORM = [("Content-Type", "application/x-www-form-urlencoded")]
MANY = [("X-Many", "one"), ("X-Many", "two, three"), ("X-Latin", "Gr\xfc\xdfe")]
CHUNKED = [("Transfer-Encoding", "chunked")]
UPLOAD = multipart(
    ("note", None, "", "ümlaut".encode()),
    ("files", "a.txt", "text/plain", b"contents\r\nof a file\n"),
    ("files", "b.bin", "application/octet-stream", bytes(range(256)) * 3000),
)
LARGE = b"0123456789abcdef" * 30_000

FASTAPI = [
    Ask("GET", "/items/7?skip=3&limit=4"),
    Ask("GET", "/items/seven"),
    Ask("GET", "/items/7?skip=x"),
    Ask("HEAD", "/items/7"),
    Ask("GET", "/sync/word"),
    Ask("GET", "/openapi.json"),
    Ask("GET", "/docs"),
    Ask("GET", "/nowhere"),
    Ask("DELETE", "/items"),
    Ask("POST", "/items", JSON, b'{"name": "cup", "price": 3.5, "tags": ["x"]}'),
    Ask("POST", "/items", JSON, b'{"name": "c", "price": -1}'),
    Ask("POST", "/items", JSON, b'{"name": "cup", '),
    Ask("POST", "/items", JSON + CHUNKED, b'{"name": "cup", "price": 3.5}'),
    Ask("POST", "/items"),
    Ask("POST", "/form", FORM, b"name=a+b%20c&age=5"),
    Ask("POST", "/form", FORM, b"name=a&age=old"),
    Ask("POST", "/upload", *UPLOAD),
    Ask("POST", "/upload", UPLOAD[0] + CHUNKED, UPLOAD[1]),
    Ask("POST", "/later/tea"),
    Ask("GET", "/done/tea"),
    Ask("GET", "/stream?parts=40"),
    Ask("GET", "/stream?parts=0"),
    Ask("GET", "/teapot"),
    Ask("GET", "/wrong"),
    Ask("GET", "/cookie"),
    Ask("GET", "/cookie"),
]
STARLETTE = [
    Ask("GET", "/count"),
    Ask("GET", "/count"),
    Ask("POST", "/count"),
    Ask("PUT", "/count"),
    Ask("GET", "/away"),
    Ask("GET", "/scope/plain?a=1&a=2&b=%20+", MANY[:2]),
    Ask("GET", "/scope/%E2%82%AC/%2F%25/a%20b?x"),
    Ask("GET", "/scope/%ff%fe"),
    Ask("GET", "/scope/a;b=c/~x/@:!$&'()*+,="),
    Ask("GET", "//scope//double"),
    Ask("GET", "/scope/?"),
    Ask("PUT", "/scope/put", [("Content-Type", "text/x")], b"body"),
    Ask("OPTIONS", "/scope/options"),
    Ask("PATCH", "/scope/patch", CHUNKED, b"body"),
    Ask("HEAD", "/scope/head"),
    Ask("POST", "/echo", [("Content-Type", "text/plain")], b""),
    Ask("POST", "/echo", [("Content-Type", "text/plain")], b"small"),
    Ask("POST", "/echo", [("Content-Type", "text/plain")], LARGE),
    Ask("POST", "/echo", [("Accept-Encoding", "gzip"), ("Content-Type", "text/plain")], LARGE),
    Ask("GET", "/status/204"),
    Ask("GET", "/status/304"),
    Ask("GET", "/status/404"),
    Ask("GET", "/status/599"),
    Ask("HEAD", "/status/200"),
    Ask("GET", "/file"),
    Ask("HEAD", "/file"),
    Ask("GET", "/file", [("Range", "bytes=100-199")]),
    Ask("GET", "/file", [("Range", "bytes=0-9,100-109,-5")]),
    Ask("GET", "/file", [("Range", "bytes=999999999-")]),
    Ask("GET", "/static/small.txt"),
    Ask("GET", "/static/small.txt", [("If-None-Match", "none")]),
    Ask("GET", "/static/small.txt", [("If-Modified-Since", "Fri, 01 Jan 2038 00:00:00 GMT")]),
    Ask("GET", "/static/small.txt", [("Range", "bytes=-3")]),
    Ask("GET", "/static/empty.txt"),
    Ask("GET", "/static/large.bin"),
    Ask("GET", "/static/sub"),
    Ask("GET", "/static/sub/"),
    Ask("GET", "/static/none.txt"),
    Ask("POST", "/static/small.txt"),
]
FLASK = [
    Ask("GET", "/"),
    Ask("HEAD", "/"),
    Ask("GET", "/hello/you%20there"),
    Ask("GET", "/hello/%E2%82%AC"),
    Ask("GET", "/count"),
    Ask("GET", "/count"),
    Ask("GET", "/cookies"),
    Ask("GET", "/cookies"),
    Ask("GET", "/away"),
    Ask("GET", "/environ/plain?a=1&b=%20+%ff", MANY),
    Ask("GET", "/environ/%E2%82%AC/%25/a%20b?"),
    Ask("GET", "/environ/%ff%fe"),
    Ask("GET", "/environ/a;b=c/~x/@:!$&'()*+,="),
    Ask("POST", "/echo", [("Content-Type", "text/x")], b"body"),
    Ask("POST", "/echo", [("Content-Type", "text/x")], LARGE),
    Ask("POST", "/echo", CHUNKED, LARGE),
    Ask("POST", "/echo", [], b""),
    Ask("POST", "/lines", [], b"a\nbb\n\nccc"),
    Ask("POST", "/lines", [], b"x" * 99_999 + b"\n" + b"y" * 200_000),
    Ask("POST", "/upload", *UPLOAD),
    Ask("POST", "/upload", UPLOAD[0] + CHUNKED, UPLOAD[1]),
    Ask("GET", "/stream?tail=x"),
    Ask("HEAD", "/stream"),
    Ask("GET", "/memory"),
    Ask("GET", "/static/small.txt"),
    Ask("GET", "/static/large.bin"),
    Ask("GET", "/static/large.bin", [("Range", "bytes=5-70000")]),
    Ask("GET", "/static/empty.txt"),
    Ask("GET", "/static/small.txt", [("If-Modified-Since", "Fri, 01 Jan 2038 00:00:00 GMT")]),
    Ask("GET", "/teapot"),
    Ask("GET", "/wrong"),
    Ask("GET", "/latin"),
    Ask("GET", "/nothing"),
    Ask("OPTIONS", "/hello/x"),
    Ask("DELETE", "/hello/x"),
]
DJANGO = [
    Ask("GET", "/admin/"),
    Ask("GET", "/admin/login/?next=/admin/"),
    Ask("POST", "/admin/login/", FORM, b"username=a&password=b"),
    Ask("GET", "/static/admin/css/base.css"),
    Ask("HEAD", "/static/admin/css/base.css"),
    Ask("GET", "/static/admin/none.css"),
    Ask("GET", "/count"),
    Ask("GET", "/count"),
    Ask("POST", "/protected", FORM, b"a=1"),
    Ask("GET", "/protected"),
    Ask("POST", "/echo", [("Content-Type", "text/x")], b"body"),
    Ask("POST", "/echo", [("Content-Type", "text/x")], LARGE),
    Ask("POST", "/upload", *UPLOAD),
    Ask("GET", "/stream"),
    Ask("GET", "/file"),
    Ask("GET", "/meta/%E2%82%AC/a%20b?x=%20+1", MANY[:2]),
    Ask("GET", "/nowhere"),
]

SITES = {
    "fastapi": ("fastapi_site:app", "uvicorn", FASTAPI),
    "starlette": ("starlette_site:app", "uvicorn", STARLETTE),
    "flask": ("flask_site:app", "gunicorn", FLASK),
    "django-wsgi": ("django_site:wsgi_app", "gunicorn", DJANGO),
    "django-asgi": ("django_site:app", "uvicorn", DJANGO),
}


def stable(text: str) -> str:
    for pattern, replacement in CHANGING:
        text = re.sub(pattern, replacement, text)
    return text


def shown(answer: Answer, chunked: bool) -> list[str]:
    """An answer as lines to be compared. What is sent in chunks by one server may have a
    length on the other, which had it whole in time."""
    ignored = IGNORED | ({"content-length"} if chunked else set())
    headers = sorted(stable(f"{n}: {v}") for n, v in answer.headers if n not in ignored)
    body = answer.body.decode("utf-8", "backslashreplace")
    lines = stable(body).split("\n")
    return [str(answer.status), *headers, f"({len(answer.body)} bytes)", *lines]


def ask_all(port: int, asks: list[Ask]) -> list[Answer]:
    """All answers; cookies are kept and sent as a browser would."""
    jar: dict[str, str] = {}
    answers = []
    for ask in asks:
        headers = list(ask.headers)
        if jar:
            headers.append(("Cookie", "; ".join(f"{n}={v}" for n, v in jar.items())))
        answer = fetch(port, ask.method, ask.target, headers, ask.body)
        for name, value in answer.headers:
            if name == "set-cookie":
                key, _, rest = value.partition("=")
                jar[key] = rest.partition(";")[0]
        answers.append(answer)
    return answers


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Files to be served, and Django's database."""
    static = tmp_path_factory.mktemp("static")
    (static / "small.txt").write_text("small\n")
    (static / "empty.txt").write_bytes(b"")
    (static / "large.bin").write_bytes(bytes(range(256)) * 4000)
    (static / "sub").mkdir()
    (static / "sub" / "index.html").write_text("<p>index</p>")
    for file in static.rglob("*.*"):
        os.utime(file, (1_700_000_000, 1_700_000_000))
    database = static.parent / "site.sqlite3"
    variables = {"SITE_STATIC": str(static), "SITE_DATABASE": str(database)}
    # Flask lists methods in the order of a set.
    variables["PYTHONHASHSEED"] = "0"
    command = "import django_site; from django.core.management import call_command as c; "
    command += "c('migrate', verbosity=0)"
    subprocess.run(
        [sys.executable, "-c", command], cwd=APPS, env={**os.environ, **variables}, check=True
    )
    return variables


@pytest.mark.parametrize("site", SITES)
def test_a_site_answers_as_on_its_usual_server(site, hub, environment):
    app, server, asks = SITES[site]
    with usual_server(server, app, **environment) as port:
        expected = ask_all(port, asks)
    threads = ["--threads", "2"] if server == "gunicorn" else []
    with slotway(hub.control, app, *threads, **environment) as worker:
        found = ask_all(hub.port, asks)
        assert worker.terminate() == 0, worker.said("it did not end well")
    assert not [line for line in worker.lines if re.search("(Resource|Runtime)Warning", line)], (
        worker.said("warnings")
    )
    differences = []
    for ask, usual, ours in zip(asks, expected, found, strict=True):
        chunked = usual.header("transfer-encoding") is not None
        # One that has no length and is no answer to HEAD ends with its connection.
        chunked = chunked or (usual.header("content-length") is None and ask.method != "HEAD")
        difference = difflib.unified_diff(
            shown(usual, chunked), shown(ours, chunked), server, "slotway", lineterm="", n=1
        )
        if lines := list(difference):
            differences += [f"{ask.method} {ask.target} {ask.headers}", *lines[:30], ""]
    assert not differences, "\n" + "\n".join(differences)
    # What was asked for was there, so that this does not compare errors with errors.
    assert sum(answer.status < 400 for answer in expected) > len(asks) // 2
