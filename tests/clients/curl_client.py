"""curl, one process a request."""

import subprocess
import tempfile
from pathlib import Path

from cases import Answer, Client, TimedOut

FLAGS = {"HTTP/1.1": ["--http1.1"], "HTTP/2": ["--http2"]}
OPERATION_TIMEDOUT = 28


class Curl(Client):
    def __init__(self, base, version, authority):
        self.base, self.flags = base, list(FLAGS[version])
        if base.startswith("https:"):
            self.flags += ["--cacert", authority]
        elif version == "HTTP/2":
            self.flags = ["--http2-prior-knowledge"]
        if version == "HTTP/2":
            # Its library sends no head of more than 64 KiB.
            self.unable = ("too_large_head",)

    def request(self, method, path, headers=(), body=None, timeout=None):
        with tempfile.TemporaryDirectory() as directory:
            head, content = Path(directory, "head"), Path(directory, "body")
            command = ["curl", "--silent", "--show-error", "--path-as-is", *self.flags]
            command += ["--dump-header", str(head), "--output", str(content)]
            command += ["--head"] if method == "HEAD" else ["--request", method]
            for name, value in headers:
                command += ["--header", f"{name}: {value}"]
            if timeout is not None:
                command += ["--max-time", str(timeout)]
            if isinstance(body, list):
                # From a pipe, so that curl does not know the length.
                command += ["--upload-file", "-"]
                body = b"".join(body)
            elif body is not None:
                command += ["--data-binary", "@-"]
            done = subprocess.run(
                [*command, self.base + path], input=body or b"", capture_output=True, check=False
            )
            if done.returncode == OPERATION_TIMEDOUT:
                raise TimedOut
            if done.returncode:
                raise RuntimeError(f"curl ended with {done.returncode}: {done.stderr.decode()}")
            # An interim response has a head of its own; the last one counts.
            last = head.read_bytes().decode("latin-1").strip().split("\r\n\r\n")[-1]
            first, *lines = last.split("\r\n")
            version, status = first.split(" ")[:2]
            fields = [line.split(": ", 1) if ": " in line else (line.rstrip(":"), "") for line in lines]
            content = content.read_bytes() if content.exists() and method != "HEAD" else b""
            return Answer(status, fields, content, version)
