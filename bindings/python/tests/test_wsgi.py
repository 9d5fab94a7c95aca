"""WSGI as applications and their clients see it, through a real hub."""

import http.client
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from hub import PATIENCE, eventually
from hubs import hub  # noqa: F401
from serving import fetch, raw, slotway


@pytest.fixture(scope="module")
def probe(hub):
    with slotway(hub.control, "wsgi_probe:app", "--threads", "4") as worker:
        yield worker
        assert worker.terminate() == 0, worker.said("it did not end well")
    assert not [line for line in worker.lines if "Warning" in line], worker.said("warnings")


def seen(hub):
    return json.loads(fetch(hub.port, "GET", "/seen").body)


def test_the_environment(hub, probe):
    headers = [
        ("Host", "h.example:81"),
        ("X-Many", "1"),
        ("X-Many", "2"),
        ("X_Under", "dropped"),
        ("Content-Type", "text/x"),
        ("Cookie", "a=1"),
        ("Cookie", "b=2"),
    ]
    answer = fetch(hub.port, "POST", "/environ?a=%20b", headers, b"body")
    environ = json.loads(answer.body)
    expected = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/environ",
        "QUERY_STRING": "a=%20b",
        "RAW_URI": "/environ?a=%20b",
        "CONTENT_TYPE": "text/x",
        "CONTENT_LENGTH": "4",
        "SERVER_NAME": "h.example",
        "SERVER_PORT": "81",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "h.example:81",
        "HTTP_X_MANY": "1,2",
        "HTTP_COOKIE": "a=1; b=2",
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
    }
    assert {name: environ.get(name) for name in expected} == {
        name: repr(value) for name, value in expected.items()
    }
    assert "HTTP_X_UNDER" not in environ


def test_an_application_that_is_mounted_sees_its_own_paths(hub):
    args = ["--name", "mounted", "--route", "/mounted/{*path}", "--root-path", "/mounted"]
    with slotway(hub.control, "wsgi_probe:app", *args) as worker:
        environ = json.loads(fetch(hub.port, "GET", "/mounted/environ").body)
        assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("'/mounted'", "'/environ'")
        assert worker.terminate() == 0


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 3_000_000])
def test_bodies_of_any_size_go_both_ways(hub, probe, size):
    body = (b"abcdefghij" * (size // 10 + 1))[:size]
    assert fetch(hub.port, "POST", "/echo", {}, body).body == body


@pytest.mark.parametrize("headers", [{}, {"Transfer-Encoding": "chunked"}])
def test_a_large_upload_is_read_as_it_comes(hub, probe, headers):
    assert fetch(hub.port, "POST", "/count", headers, b"x" * 20_000_000).text == "20000000"


def test_a_large_answer(hub, probe):
    assert fetch(hub.port, "GET", "/large?20000000").body == b"x" * 20_000_000


def test_writing_and_a_late_start(hub, probe):
    assert fetch(hub.port, "GET", "/writes").text == "written, again, iterated"
    answer = fetch(hub.port, "GET", "/lazy")
    assert (answer.status, answer.text) == (201, "late start")
    eventually(lambda: "writes closed" in seen(hub), "it is closed")


def test_parts_are_sent_as_they_come(hub, probe):
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=PATIENCE)
    connection.request("GET", "/waits")
    response = connection.getresponse()
    assert response.readline() == b"first\n"
    assert fetch(hub.port, "GET", "/opens").text == "opened"
    assert response.read() == b"second\n"
    connection.close()
    eventually(lambda: "waits closed" in seen(hub), "it is closed")


@pytest.mark.parametrize("path", ["endless", "endless-write"])
def test_an_endless_answer_ends_with_its_client(hub, probe, path):
    client = raw(hub.port, f"GET /{path} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
    assert len(client.recv(1000)) > 0
    client.close()
    said = {"endless": "endless closed", "endless-write": "endless write: ClientGone"}[path]
    eventually(lambda: said in seen(hub), "the application learns of it")
    assert not [line for line in probe.lines if f"/{path}" in line], probe.said("an error")


def test_files(hub, probe):
    assert fetch(hub.port, "GET", "/wrapped").body == b"0123456789" * 30_000


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("raises", "ValueError: on purpose"),
        ("no-start", "did not call start_response"),
        ("twice", "start_response was called twice"),
        ("nonsense", "'int' object is not iterable"),
        ("not-bytes", "TypeError"),
        ("bad-header", "control characters cannot"),
        ("exits", "SystemExit: 4"),
    ],
)
def test_what_is_no_answer_becomes_a_problem_and_is_logged(hub, probe, path, logged):
    answer = fetch(hub.port, "GET", f"/{path}")
    assert (answer.status, json.loads(answer.body)["code"]) == (500, "handler_failed")
    assert "purpose" not in answer.text and answer.header("x-evil") is None
    probe.wait_line(logged)
    for _ in range(8):
        assert fetch(hub.port, "GET", "/plain").text == "plain"


@pytest.mark.parametrize("path", ["raises-within", "too-late"])
def test_what_breaks_off_within_a_response_breaks_the_connection(hub, probe, path):
    try:
        answer = fetch(hub.port, "GET", f"/{path}")
    except (http.client.IncompleteRead, ConnectionError):
        pass
    else:
        # The hub had not begun to pass it on.
        assert answer.status == 502
    if path == "raises-within":
        eventually(lambda: "raises within closed" in seen(hub), "it is closed")


def test_an_answer_of_which_nothing_was_sent_can_be_replaced(hub, probe):
    answer = fetch(hub.port, "GET", "/recovers")
    assert (answer.status, answer.text, answer.header("x-old")) == (503, "sorry", None)


def test_framing_is_the_hubs(hub, probe):
    answer = fetch(hub.port, "GET", "/framing")
    assert (answer.text, answer.header("x-a")) == ("framed", "b")


def test_as_many_at_a_time_as_there_are_threads(hub, probe):
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _: fetch(hub.port, "GET", "/thread").text, range(64)))
    assert len(set(answers)) == 4


def test_thousands_of_requests(hub, probe):
    with ThreadPoolExecutor(64) as pool:
        answers = pool.map(lambda _: fetch(hub.port, "GET", "/plain").text, range(3000))
        assert set(answers) == {"plain"}


def test_the_validator_of_wsgiref_finds_nothing(hub):
    args = ["--name", "valid", "--route", "/valid/{*path}"]
    with slotway(hub.control, "wsgi_probe:valid", "--interface", "wsgi", *args) as worker:
        for method, target, body in [
            ("GET", "/valid/x", None),
            ("GET", "/valid/x?a=b", None),
            ("HEAD", "/valid/x", None),
            ("GET", "/valid/none", None),
            ("POST", "/valid/x", b"body"),
            ("PUT", "/valid/%ff", b"x" * 300_000),
            ("DELETE", "/valid/x", b""),
        ]:
            answer = fetch(hub.port, method, target, {"X-A": "1"}, body)
            assert answer.status in (200, 204), worker.said("the validator objects")
            if method not in ("HEAD",) and answer.status == 200:
                assert answer.body == b"valid " + (body or b"") + b"."
        assert worker.terminate() == 0
    complaints = [line for line in worker.lines if "Assertion" in line or "Warning" in line]
    assert not complaints, worker.said("complaints")


def test_what_does_not_end_in_time_is_left_behind(hub):
    args = ["--name", "late", "--route", "/waits", "--timeout-graceful-shutdown", "0.5"]
    with slotway(hub.control, "wsgi_probe:app", *args) as worker:
        client = raw(hub.port, b"GET /waits HTTP/1.1\r\nHost: h\r\n\r\n")
        assert client.recv(1000)
        assert worker.terminate() == 0, worker.said("it did not end well")
        client.close()
