"""Node's fetch, in a Node process that does what it is told on its standard input."""

import base64
import itertools
import json
import os
import subprocess
import threading
from concurrent.futures import Future
from pathlib import Path

from cases import Answer, Client, TimedOut


class Fetch(Client):
    def __init__(self, base, version, authority):
        assert version == "HTTP/1.1", "Node's fetch speaks no other by itself"
        self.base = base
        self.node = subprocess.Popen(
            ["node", "--max-http-header-size=131072", str(Path(__file__).with_name("fetch.mjs"))],
            env={"PATH": os.environ["PATH"], "NODE_EXTRA_CA_CERTS": authority},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.ids = itertools.count()
        self.open = {}
        self.lock = threading.Lock()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.node.stdout:
            answer = json.loads(line)
            with self.lock:
                future = self.open.pop(answer["id"])
            future.set_result(answer)

    def request(self, method, path, headers=(), body=None, timeout=None):
        pieces = body if isinstance(body, list) else None
        order = {
            "method": method,
            "url": self.base + path,
            "headers": list(headers),
            "timeout": timeout,
            "body": None if body is None or pieces else base64.b64encode(body).decode(),
            "pieces": pieces and [base64.b64encode(piece).decode() for piece in pieces],
        }
        future = Future()
        with self.lock:
            order["id"] = next(self.ids)
            self.open[order["id"]] = future
            self.node.stdin.write(json.dumps(order) + "\n")
            self.node.stdin.flush()
        answer = future.result(60)
        if answer.get("timedOut"):
            raise TimedOut
        if "error" in answer:
            raise RuntimeError(answer["error"])
        content = base64.b64decode(answer["body"])
        return Answer(answer["status"], answer["headers"], content, "HTTP/1.1")

    def close(self):
        self.node.stdin.close()
        self.node.wait(30)
