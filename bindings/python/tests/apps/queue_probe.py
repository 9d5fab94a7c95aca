"""A worker whose activities say what happens to them: ``queue_probe.py SOCKET``."""

from __future__ import annotations

import sys
import time

from slotway import Request, Worker

worker = Worker("queue-probe", hub=sys.argv[1])


def say(what: str) -> None:
    print(what, flush=True)


@worker.activity("probe/work", "hang")
def hang(request: Request) -> str:
    activity = request.activity
    assert activity is not None
    say(f"attempt {activity.attempt}")
    time.sleep(1000)
    return "hung"


worker.capacity("probe/work", 2)

if __name__ == "__main__":
    worker.run(live=lambda: say("ready"))
