"""Applications live through the end of a hub, and the examples run."""

import json
from pathlib import Path

import pytest

from hub import eventually
from serving import fetch, raw, slotway

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.mark.parametrize(
    ("app", "args"), [("asgi_probe:app", []), ("wsgi_probe:app", ["--threads", "2"])]
)
def test_an_application_comes_back_to_the_next_hub(hub, app, args):
    with slotway(hub.control, app, *args) as worker:
        path, said = {
            "asgi_probe:app": ("/endless", "endless ended"),
            "wsgi_probe:app": ("/endless-write", "endless write: ClientGone"),
        }[app]
        client = raw(hub.port, f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        assert len(client.recv(1000)) > 0
        hub.kill()
        client.close()
        hub.start()
        eventually(lambda: fetch(hub.port, "GET", "/seen").status == 200, "it is back")
        eventually(
            lambda: said in json.loads(fetch(hub.port, "GET", "/seen").body),
            "what streamed through the old one has ended",
        )
        assert worker.terminate() == 0, worker.said("it did not end well")


def example(hub, app, *args):
    return slotway(hub.control, app, "--app-dir", str(EXAMPLES), *args)


def test_the_fastapi_example(hub):
    with example(hub, "fastapi_app:app") as worker:
        assert json.loads(fetch(hub.port, "GET", "/items/5?q=x").body) == {"item_id": 5, "q": "x"}
        assert fetch(hub.port, "GET", "/items/five").status == 422
        kind = {"Content-Type": "application/json"}
        made = fetch(hub.port, "POST", "/items", kind, b'{"name": "cup", "price": 3}')
        assert (made.status, json.loads(made.body)["name"]) == (201, "cup")
        form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nabc\r\n--x--\r\n'
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        sent = fetch(hub.port, "POST", "/upload", kind, form)
        assert json.loads(sent.body) == {"name": "f", "bytes": 3}
        assert fetch(hub.port, "GET", "/ticks?count=2").text == "tick 0\ntick 1\n"
        assert worker.terminate() == 0


def test_the_flask_example(hub):
    with example(hub, "flask_app:app", "--threads", "4") as worker:
        assert fetch(hub.port, "GET", "/hello/you").text == "hello, you"
        kind = {"Content-Type": "text/x"}
        echoed = fetch(hub.port, "POST", "/echo", kind, b"abc")
        assert json.loads(echoed.body) == {"bytes": 3, "type": "text/x"}
        assert fetch(hub.port, "GET", "/rows").text == "0,0\n1,1\n2,4\n"
        assert worker.terminate() == 0


@pytest.mark.parametrize("attribute", ["app", "wsgi_app"])
def test_the_django_example(hub, attribute):
    with example(hub, f"django_app:{attribute}") as worker:
        assert fetch(hub.port, "GET", "/hello/you").text == "hello, you"
        later = fetch(hub.port, "GET", "/later?a=1")
        assert json.loads(later.body) == {"method": "GET", "query": {"a": "1"}}
        assert worker.terminate() == 0
