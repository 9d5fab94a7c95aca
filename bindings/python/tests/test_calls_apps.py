"""Applications that know `slotway.caller()`, under ``python -m slotway``."""

import pytest

from hub import Hub
from serving import slotway
from takers import Taker


@pytest.mark.parametrize("app", ["calls_fastapi:app", "calls_flask:app"])
def test_handlers_call(hub: Hub, app: str) -> None:
    """From inside requests, on the loop and on threads."""
    with Taker(hub), slotway(hub.control, app) as process:
        for number in range(20):
            assert hub.get(f"/call/x{number}").text.strip('"') == f"x{number}"
        if "fastapi" in app:
            assert hub.get("/call-on-a-thread/y").text == '"y"'
        assert hub.get("/fail").text.strip('"') == "worker_gone"
        assert process.terminate() == 0
