"""ASGI 3 as applications and their clients see it, through a real hub."""

import http.client
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from hub import PATIENCE, eventually
from hubs import hub  # noqa: F401
from serving import fetch, raw, slotway


@pytest.fixture(scope="module")
def probe(hub, tmp_path_factory):
    """The probing application, on the loop that a test asks for."""
    path = tmp_path_factory.mktemp("probe") / "file"
    path.write_bytes(bytes(range(256)) * 5000)
    with slotway(hub.control, "asgi_probe:app", "--pathsend", PROBE_FILE=str(path)) as worker:
        worker.file = path
        yield worker
        assert worker.terminate() == 0, worker.said("it did not end well")
        assert "shut down" in worker.lines
        worker.wait_line("draining")
    assert not [line for line in worker.lines if "Warning" in line], worker.said("warnings")


def seen(hub):
    return json.loads(fetch(hub.port, "GET", "/seen").body)


def test_the_scope(hub, probe):
    answer = fetch(hub.port, "GET", "/scope?a=%20b&c", {"X-Twice": "1", "Host": "h.example:81"})
    scope = json.loads(answer.body)
    assert scope["type"] == "'http'" and scope["http_version"] == "'1.1'"
    assert (scope["method"], scope["scheme"]) == ("'GET'", "'http'")
    assert (scope["path"], scope["raw_path"]) == ("'/scope'", "b'/scope'")
    assert scope["query_string"] == "b'a=%20b&c'" and scope["root_path"] == "''"
    assert scope["server"] == "('h.example', 81)" and scope["client"].startswith("('127.0.0.1', ")
    assert "(b'x-twice', b'1')" in scope["headers"]
    assert scope["state"] == "{'shared': ['from the lifespan']}"
    assert scope["asgi"] == "{'version': '3.0', 'spec_version': '2.3'}"


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 3_000_000])
@pytest.mark.parametrize("handler", ["echo", "through"])
@pytest.mark.parametrize("headers", [{}, {"Transfer-Encoding": "chunked"}])
def test_bodies_of_any_size_go_both_ways(hub, probe, size, handler, headers):
    body = (b"abcdefghij" * (size // 10 + 1))[:size]
    # To answer while the body comes needs a client that reads meanwhile.
    if handler == "through" and size > 100_000:
        size, body = 100_000, body[:100_000]
    answer = fetch(hub.port, "POST", f"/{handler}", headers, body)
    assert answer.status == 200
    assert answer.body == (body if handler == "echo" else body.upper())


def test_a_large_upload_is_read_as_it_comes(hub, probe):
    assert fetch(hub.port, "POST", "/count", {}, b"x" * 50_000_000).text == "50000000"


def test_a_large_answer_waits_for_a_slow_reader_and_nobody_else_does(hub, probe):
    slow = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=PATIENCE)
    slow.request("GET", "/large?40000000")
    response = slow.getresponse()
    # It is far from being taken, and the loop serves others.
    assert fetch(hub.port, "GET", "/large?10").body == b"x" * 10
    assert len(response.read()) == 40_000_000
    slow.close()


def test_thousands_wait_at_a_time_each_in_its_context(hub, probe):
    before = len(seen(hub))
    # As many as a worker has slots; the rest waits in the hub.
    with ThreadPoolExecutor(200) as pool:
        held = [pool.submit(fetch, hub.port, "GET", f"/hold?{n}") for n in range(200)]
        eventually(lambda: len(seen(hub)) == before + 200, "all are held")
        for number in range(200):
            fetch(hub.port, "GET", f"/let-go?{number}")
        assert [answer.result().text for answer in held] == [str(n) for n in range(200)]
        quick = [pool.submit(fetch, hub.port, "GET", "/context") for _ in range(2000)]
        assert {answer.result().text for answer in quick} == {"nothing"}


@pytest.mark.parametrize(
    ("how", "request_"),
    [
        ("before", b"GET /disconnect?before HTTP/1.1\r\nHost: h\r\n\r\n"),
        ("streaming", b"GET /disconnect?streaming HTTP/1.1\r\nHost: h\r\n\r\n"),
        (
            "within",
            b"POST /disconnect?within HTTP/1.1\r\nHost: h\r\nContent-Length: 900000\r\n\r\n"
            + b"x" * 300_000,
        ),
    ],
)
def test_a_client_that_goes_away_is_a_disconnect_and_sending_no_error(hub, probe, how, request_):
    client = raw(hub.port, request_)
    eventually(lambda: f"{how} began" in seen(hub), "the request is there")
    client.close()
    body = None if how == "within" else b""
    eventually(lambda: f"{how} http.disconnect {body!r}" in seen(hub), "the disconnect")
    eventually(lambda: f"{how} went on" in seen(hub), "the application goes on")
    probe.read()
    assert not [line for line in probe.lines if f"?{how}" in line], probe.said("an error")


def test_an_endless_answer_ends_with_its_client(hub, probe):
    client = raw(hub.port, b"GET /endless HTTP/1.1\r\nHost: h\r\n\r\n")
    assert len(client.recv(1000)) > 0
    client.close()
    eventually(lambda: "endless ended" in seen(hub), "the stream ends")


def test_receiving_after_the_answer_is_a_disconnect(hub, probe):
    assert fetch(hub.port, "GET", "/after").text == "done"
    eventually(lambda: "after http.disconnect http.disconnect" in seen(hub), "both")


def test_what_raises_is_answered_with_a_problem_and_logged(hub, probe):
    answer = fetch(hub.port, "GET", "/raises")
    problem = json.loads(answer.body)
    assert (answer.status, problem["code"]) == (500, "handler_failed")
    assert answer.header("content-type") == "application/problem+json"
    assert "on purpose" not in answer.text
    probe.wait_line("ValueError: on purpose$")


@pytest.mark.parametrize("path", ["/raises-later", "/too-short"])
def test_what_breaks_off_within_a_response_breaks_the_connection(hub, probe, path):
    try:
        answer = fetch(hub.port, "GET", path)
    except (http.client.IncompleteRead, ConnectionError):
        return
    # The hub had not begun to pass it on.
    assert answer.status == 502


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/nothing", "no_answer"),
        ("/head-alone", "no_answer"),
        ("/body-first", "handler_failed"),
        ("/bad-header", "handler_failed"),
        ("/too-long", "handler_failed"),
        ("/cancels-itself", "handler_failed"),
        ("/no-file", "handler_failed"),
    ],
)
def test_what_is_no_answer_becomes_a_problem(hub, probe, path, code):
    answer = fetch(hub.port, "GET", path)
    assert (answer.status, json.loads(answer.body)["code"]) == (500, code)
    assert answer.header("x-evil") is None
    # And the worker goes on.
    assert fetch(hub.port, "GET", "/large?1").body == b"x"


def test_sending_after_the_answer_raises(hub, probe):
    assert fetch(hub.port, "GET", "/twice").text == "once"
    eventually(lambda: [s for s in seen(hub) if s.startswith("twice: ")], "it raises")


def test_framing_is_the_hubs(hub, probe):
    answer = fetch(hub.port, "GET", "/framing")
    assert (answer.text, answer.header("x-a")) == ("framed", "b")


def test_an_answer_to_head_that_states_no_length_gets_none(hub, probe):
    assert fetch(hub.port, "GET", "/large?0").header("content-length") == "0"
    assert fetch(hub.port, "HEAD", "/large?0").header("content-length") is None


def test_files_by_path(hub, probe):
    whole = probe.file.read_bytes()
    for contents in (whole, b"small", b""):
        probe.file.write_bytes(contents)
        assert fetch(hub.port, "GET", "/file").body == contents
    assert fetch(hub.port, "HEAD", "/file").body == b""


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_both_loops(hub, loop):
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    args = ["--loop", loop, "--name", f"on-{loop}", "--route", f"/{loop}/{{*path}}"]
    with slotway(hub.control, "asgi_probe:without_lifespan", *args) as worker:
        assert loop in worker.wait_line("serving as .*")[0]
        assert fetch(hub.port, "GET", f"/{loop}/x").text == "without"
        assert worker.terminate() == 0


@pytest.mark.parametrize(
    ("how", "mode", "line"),
    [
        ("fails", "auto", "ERROR: no database today"),
        ("fails", "on", "ERROR: no database today"),
        ("raises", "on", "ERROR: it raised ValueError: no database"),
    ],
)
def test_a_lifespan_that_fails_keeps_the_worker_from_registering(hub, how, mode, line):
    args = ["--lifespan", mode, "--name", "failing", "--route", "/failing"]
    environment = {"PROBE_LIFESPAN": how}
    with slotway(hub.control, "asgi_probe:app", *args, ready=False, **environment) as worker:
        assert worker.wait() == 3
    assert [said for said in worker.lines if line in said], worker.said("not why")
    assert not [said for said in worker.lines if "serving" in said]
    assert fetch(hub.port, "GET", "/failing").status == 404


@pytest.mark.parametrize(("how", "mode"), [("raises", "auto"), ("fails", "off")])
def test_a_lifespan_that_is_not_wanted_does_not_matter(hub, how, mode):
    args = ["--lifespan", mode, "--name", "served", "--route", "/large"]
    with slotway(hub.control, "asgi_probe:app", *args, PROBE_LIFESPAN=how) as worker:
        assert fetch(hub.port, "GET", "/large?3").text == "xxx"
        assert worker.terminate() == 0


def test_the_end_waits_for_answers_and_for_what_follows_them(hub, tmp_path):
    path = tmp_path / "file"
    args = ["--name", "ending", "--route", "/background", "--route", "/hold"]
    with (
        slotway(hub.control, "asgi_probe:app", *args, PROBE_FILE=str(path)) as worker,
    ):
        assert fetch(hub.port, "GET", "/background").text == "soon"
        assert worker.terminate() == 0
    assert path.read_text() == "background\n"
    assert "shut down" in worker.lines


def test_what_does_not_end_in_time_is_cancelled(hub):
    args = ["--name", "late", "--route", "/hold", "--timeout-graceful-shutdown", "0.5"]
    with slotway(hub.control, "asgi_probe:app", *args) as worker:
        with ThreadPoolExecutor(1) as pool:
            held = pool.submit(fetch, hub.port, "GET", "/hold?late")
            worker.wait_line("holding late")
            assert worker.terminate() == 0, worker.said("it did not end well")
            assert held.result().status >= 500
    worker.wait_line("cancelled, because the time was over: 1")
    assert "shut down" in worker.lines


@pytest.mark.parametrize("path", ["headers-as-lists", "headers-once"])
def test_headers_of_any_kind_of_iterable(hub, probe, path):
    """The specification says no more of them, and an answer may look at them twice."""
    answer = fetch(hub.port, "GET", f"/{path}")
    assert (answer.status, answer.header("x-a")) == (200, "b")
