"""Readers of server-sent events against a real hub: every reader has to get the same.

    python streams.py HUB_PROGRAM

Starts a hub whose streams live for a moment only, publishes events that are hard to carry,
and reads them with `httpx-sse` and with the npm package `eventsource`. Whenever the hub
ends a stream they come back with the id of the last event that they have; what they got in
the end has to be what was published, each event once and in order.
"""

import http.client
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx
from httpx_sse import connect_sse

PATIENCE = 60
"""Seconds that nothing here ever takes."""

COUNT = 400
"""Events that are published while streams end and begin."""

TYPES = ["note", "id: 1", "gap"]

HARD = [
    ("note", b""),
    ("note", b"one line"),
    ("note", b"two\nlines"),
    ("note", b"\r\nof\rall\n\rkinds\n"),
    ("note", b"event: forged\n\ndata: never\n\nid: 5"),
    ("note", b" a space in front, a colon: and : more"),
    ("note", ":\u00fcml\u00e4ut \U0001f600\ufeff\u2028".encode()),
    ("id: 1", b"a type that looks like a field"),
    ("note", b"x" * 100_000),
]


def as_read(payload):
    """What a reader makes of a payload: SSE knows one kind of end of a line."""
    return payload.decode().replace("\r\n", "\n").replace("\r", "\n")


class Admin:
    """The admin socket of a hub."""

    def __init__(self, path):
        self.path = str(path)

    def request(self, method, target, body=b""):
        connection = http.client.HTTPConnection("localhost", timeout=PATIENCE)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(PATIENCE)
        connection.sock.connect(self.path)
        connection.request(method, target, body)
        response = connection.getresponse()
        answer = json.load(response)
        assert response.status == 200, answer
        connection.close()
        return answer

    def emit(self, kind, payload):
        target = str(httpx.URL("http://x/internal/emit", params={"topic": "test.a", "type": kind}))
        return self.request("POST", target.removeprefix("http://x"), payload)["seq"]


class Hub:
    def __init__(self, program, directory):
        config = directory / "slotway.toml"
        config.write_text(
            """
            listen = ["127.0.0.1:0"]
            [events]
            path = "/events"
            topics = ["test.*"]
            retry = "10ms"
            lifetime = "300ms"
            """
        )
        command = [program, "hub", "--config", config, "--control", directory / "hub.sock"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        # `slotway: listening on http://127.0.0.1:PORT`
        self.base = self.process.stdout.readline().split()[-1].rstrip("/")
        self.admin = Admin(directory / "admin.sock")

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)


class Reader:
    """Reads in the background until the event `done`."""

    def __init__(self, url):
        self.url, self.got, self.openings, self.error = url, [], 0, None
        self.opened = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            self.read()
        except Exception as error:
            self.error = error
            self.opened.set()

    def opens(self):
        self.openings += 1
        self.opened.set()

    def take(self, kind, id, data):
        """Whether that was the last one."""
        if kind not in ("ready", "end"):
            self.got.append((kind, id, data))
        return kind == "done"


class HttpxSse(Reader):
    def read(self):
        last, known = None, False
        with httpx.Client(timeout=PATIENCE) as client:
            while True:
                headers = {"last-event-id": last} if known else {}
                with connect_sse(client, "GET", self.url, headers=headers) as source:
                    self.opens()
                    for event in source.iter_sse():
                        last, known = event.id, True
                        if self.take(event.event, event.id, event.data):
                            return


class EventSource(Reader):
    def read(self):
        program = Path(__file__).with_name("eventsource.mjs")
        command = ["node", program, self.url, *TYPES]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                event = json.loads(line)
                if "open" in event:
                    self.opens()
                elif self.take(event["type"], event["id"], event["data"]):
                    break


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        hub = Hub(sys.argv[1], Path(directory))
        readers = [make(f"{hub.base}/events?topic=test.*") for make in (HttpxSse, EventSource)]
        try:
            for reader in readers:
                assert reader.opened.wait(PATIENCE), reader
            wanted = []
            for kind, payload in HARD:
                wanted.append((kind, str(hub.admin.emit(kind, payload)), as_read(payload)))
            # Until everybody was sent away and has come back a few times.
            deadline = time.monotonic() + PATIENCE
            number = 0
            while number < COUNT or any(reader.openings < 4 for reader in readers):
                assert time.monotonic() < deadline, [reader.openings for reader in readers]
                payload = f"{number}".encode()
                wanted.append(("message", str(hub.admin.emit("message", payload)), f"{number}"))
                number += 1
                # So that some are published while nobody is there.
                time.sleep(0.001)
            wanted.append(("done", str(hub.admin.emit("done", b"x")), "x"))
            for reader in readers:
                reader.thread.join(PATIENCE)
                wrong = reader.error or reader.thread.is_alive() or reader.got != wanted
                name = type(reader).__name__.lower()
                print(f"{'FAILED' if wrong else 'ok':7} {name}, {reader.openings} streams")
                if wrong:
                    failed += 1
                    print(f"        {reader.error!r}, {difference(reader.got, wanted)}")
        finally:
            hub.stop()
    print(f"test result: {'FAILED' if failed else 'ok'}. {2 - failed} passed; {failed} failed")
    return 1 if failed else 0


def difference(got, wanted):
    for place, (one, other) in enumerate(zip(got, wanted)):
        if one != other:
            return f"event {place}: got {str(one)[:200]}, published {str(other)[:200]}"
    return f"got {len(got)} events, published {len(wanted)}"


if __name__ == "__main__":
    sys.exit(main())
