"""A hub for all tests of a module: ``from hubs import hub``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub import Hub


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub for one module of tests, in place of one for each."""
    hub = Hub(tmp_path_factory.mktemp("hub")).start()
    try:
        yield hub
    finally:
        hub.stop()
