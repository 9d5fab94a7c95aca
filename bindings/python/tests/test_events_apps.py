"""Applications that know `slotway.current()`, under ``python -m slotway``."""

import http.client

import pytest

from hub import PATIENCE
from hubs import hub  # noqa: F401
from serving import fetch, slotway
from slotway import Event, Events


@pytest.mark.parametrize("app", ["events_fastapi:app", "events_flask:app"])
def test_handlers_publish_and_receive(hub, app):
    """From inside requests, while others are answered; the end of the worker ends it."""
    with Events(hub=hub.control) as events, events.subscribe("#") as seen:
        assert seen.wait_live(PATIENCE)
        options = ["--threads", "4"] if "flask" in app else []
        with slotway(hub.control, app, *options, SLOTWAY_HUB=str(hub.control)) as process:
            if "fastapi" in app:
                found = seen.next(PATIENCE)
                assert isinstance(found, Event)
                assert (found.topic, found.text()) == ("lifespan", "begins")
            connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=PATIENCE)
            connection.request("GET", "/hear/room")
            answer = connection.getresponse()
            assert answer.readline() == b"listening\n"
            for number in range(20):
                said = fetch(hub.port, "POST", "/say/room", body=str(number).encode())
                assert (said.status, said.text.strip('"')) == (200, "said")
                assert answer.readline() == f"{number}\n".encode()
                found = seen.next(PATIENCE)
                assert isinstance(found, Event)
                name = "flask" if "flask" in app else "events_fastapi"
                assert (found.text(), found.principal) == (str(number), name)
            if "fastapi" in app:
                fetch(hub.port, "POST", "/say-on-a-thread/room")
                assert answer.readline() == b"from a thread\n"
            events.publish("room", "the end", type="last")
            assert answer.read() == b"the end\n"
            connection.close()
            # One that is still there when the worker drains does not hold it up for ever.
            connection.request("GET", "/hear/other")
            assert connection.getresponse().readline() == b"listening\n"
            connection.close()
            assert process.terminate() == 0
