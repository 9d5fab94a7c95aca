"""What every client has to get, whatever library and whatever version of HTTP it uses.

The cases are written once, over `Client`; so a difference between two clients is one of
the clients or of the hub, never of the test.
"""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

UPLOAD = bytes(range(256)) * 4096
"""1 MiB, more than a slot's ring holds."""


class Answer:
    """A response: `status`, `headers` as a list of lower-case pairs in order, `body`."""

    def __init__(self, status, headers, body, version):
        self.status = int(status)
        self.headers = [(name.lower(), value) for name, value in headers]
        self.body = body
        self.version = version

    def all(self, name):
        return [value for own, value in self.headers if own == name]

    def one(self, name):
        values = self.all(name)
        return values[0] if len(values) == 1 else values

    def problem(self):
        return {
            "status": self.status,
            "type": self.one("content-type"),
            "code": json.loads(self.body)["code"],
        }


class TimedOut(Exception):
    """What `request` raises when its `timeout` has passed."""


class Client:
    """What a client does. `body` is bytes, or a list of bytes to send piece by piece."""

    unable = ()
    """Names of cases that are beyond this client."""

    def request(self, method, path, headers=(), body=None, timeout=None):
        raise NotImplementedError


def hello(client):
    answer = client.request("GET", "/hello/W%C3%B6rld%20x")
    return answer.status, answer.body.decode()


def head(client):
    answer = client.request("HEAD", "/sized/1000")
    return answer.status, answer.one("content-length"), len(answer.body)


def options(client):
    answer = client.request("OPTIONS", "/hello/x")
    return answer.status, answer.one("allow"), len(answer.body)


def methods(client):
    wanted = ["PUT", "PATCH", "DELETE", "POST"]
    return [client.request(each, "/echo", body=b"x").one("x-method") for each in wanted]


def json_both_ways(client):
    sent = json.dumps({"text": "Grüße", "list": [1, 2.5, None]}).encode()
    answer = client.request("POST", "/echo", [("content-type", "application/json")], sent)
    return answer.status, answer.one("content-type"), answer.body == sent


def empty_upload(client):
    answer = client.request("POST", "/echo", body=b"")
    return answer.status, len(answer.body)


def upload(client):
    answer = client.request("POST", "/echo", body=UPLOAD)
    return answer.status, answer.body == UPLOAD


def upload_in_pieces(client):
    pieces = [UPLOAD[at : at + 10_000] for at in range(0, len(UPLOAD), 10_000)]
    answer = client.request("POST", "/echo", body=pieces)
    return answer.status, answer.body == UPLOAD


def download(client):
    answer = client.request("GET", "/sized/5000000")
    return answer.one("content-length"), hashlib.sha256(answer.body).hexdigest()


def download_of_unknown_length(client):
    answer = client.request("GET", "/download/5000000")
    return answer.all("content-length"), hashlib.sha256(answer.body).hexdigest()


def cookies(client):
    return client.request("GET", "/headers").all("set-cookie")


def headers_arrive(client):
    answer = client.request("GET", "/headers", [("x-one", "1"), ("x-two", "a, b")])
    lines = answer.body.decode("latin-1").splitlines()
    return [line for line in lines if line.startswith(("x-one", "x-two"))]


def target(client):
    answer = client.request("GET", "/target/a%2Fb/c/d?q=1&q=2&e=%26")
    return answer.body.decode().splitlines()


def large_head(client):
    answer = client.request("GET", "/big-head/30000")
    return answer.status, sum(len(value) for _, value in answer.headers) > 29_000


def too_large_head(client):
    answer = client.request("GET", "/hello/x", [("x-long", "x" * 70_000)])
    return answer.problem()


def not_found(client):
    return client.request("GET", "/nowhere").problem()


def not_allowed(client):
    answer = client.request("POST", "/hello/x", body=b"x")
    return answer.problem(), answer.one("allow")


def handler_panics(client):
    return client.request("GET", "/panic").status


def not_modified(client):
    first = client.request("GET", "/site/style.css")
    again = client.request("GET", "/site/style.css", [("if-none-match", first.one("etag"))])
    return first.status, first.one("content-type"), again.status, len(again.body)


def concurrency(client):
    def one(number):
        return client.request("GET", f"/hello/{number}").body.decode() == f"hello, {number}"

    with ThreadPoolExecutor(16) as pool:
        return sum(pool.map(one, range(200)))


def gives_up_and_goes_on(client):
    try:
        client.request("GET", "/sleep/60000", timeout=0.2)
    except TimedOut:
        return client.request("GET", "/hello/again").body.decode()
    return "it did not time out"


SHA256 = "<of what the first client got>"

EXPECTED = {
    hello: (200, "hello, Wörld x"),
    head: (200, "1000", 0),
    options: (204, "GET, HEAD, OPTIONS", 0),
    methods: ["PUT", "PATCH", "DELETE", "POST"],
    json_both_ways: (200, "application/json", True),
    empty_upload: (200, 0),
    upload: (200, True),
    upload_in_pieces: (200, True),
    download: ("5000000", SHA256),
    download_of_unknown_length: ([], SHA256),
    cookies: ["a=1", "b=2", "a=1"],
    headers_arrive: ["x-one: 1", "x-two: a, b"],
    target: [
        "GET",
        "/target/a%2Fb/c/d",
        "q=1&q=2&e=%26",
        "/target/{first}/{*rest}",
        "a/b",
        "c/d",
    ],
    large_head: (200, True),
    too_large_head: {
        "status": 431,
        "type": "application/problem+json",
        "code": "head_too_large",
    },
    not_found: {"status": 404, "type": "application/problem+json", "code": "no_route"},
    not_allowed: (
        {"status": 405, "type": "application/problem+json", "code": "method_not_allowed"},
        "GET, HEAD, OPTIONS",
    ),
    handler_panics: 500,
    not_modified: (200, "text/css; charset=utf-8", 304, 0),
    concurrency: 200,
    gives_up_and_goes_on: "hello, again",
}

