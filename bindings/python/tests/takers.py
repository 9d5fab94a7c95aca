"""Workers that take activities, as processes: the example."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

from hub import PATIENCE, Hub

#: Warnings are errors. Not `-X dev`: with it asyncio complains of a machine that is slow.
STRICT = ("-W", "error", "-b")
EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "queue_worker.py"

#: The queue that they take from.
QUEUE = "demo/work"


class Taker:
    """A worker that takes ``demo/work``, until the block ends or something kills it."""

    def __init__(self, hub: Hub, capacity: int = 4) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *STRICT, EXAMPLE],
            env=os.environ | {"SLOTWAY_HUB": str(hub.control), "CAPACITY": str(capacity)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.first = self.process.stdout.readline()

    def kill(self) -> None:
        """Ends it without a chance to say anything."""
        self.process.kill()

    def end(self) -> tuple[int, str]:
        """Asks it to end; its exit code, and what it had to say."""
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, errors

    def __enter__(self) -> Self:
        assert self.first == "ready\n", self.process.communicate(timeout=PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()
