"""What every test may ask for."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub import Hub

# Who is started in the background ignores it, and the tests' programs would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub of the test's own."""
    hub = Hub(tmp_path).start()
    try:
        yield hub
    finally:
        hub.stop()
