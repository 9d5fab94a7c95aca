"""A client of a stream of events."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field

from hub import PATIENCE, Hub


@dataclass
class Message:
    """One event as it came."""

    event: str = "message"
    data: list[str] = field(default_factory=list)
    id: str | None = None

    @property
    def text(self) -> str:
        return "\n".join(self.data)


class Client:
    """A client of a stream."""

    def __init__(self, hub: Hub, target: str, **headers: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=PATIENCE)
        self.connection.request("GET", target, headers={"accept": "text/event-stream", **headers})
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.read()
        assert self.response.getheader("content-type") == "text/event-stream"
        ready = self.next()
        assert ready is not None and ready.event == "ready"
        #: By which the worker knows it.
        self.number: str = json.loads(ready.text)["connection"]

    def next(self) -> Message | None:
        """The next event; `None` at the end."""
        message = Message()
        while line := self.response.readline():
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "data" or name == "data:":
                message.data.append(value)
            elif name == "event":
                message.event = value
            elif name == "id":
                message.id = value
            elif not name and message.data:
                return message
        return None

    def close(self) -> None:
        # A thread that reads would keep the socket open.
        if self.connection.sock is not None:
            self.connection.sock.close()
        self.response.close()
        self.connection.close()
