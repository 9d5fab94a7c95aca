"""What an application registers, and how it connects."""

from __future__ import annotations

import os
from collections.abc import Sequence

from slotway._slotway import Core

__all__ = ["ROUTES", "connect"]

#: Every path; the pattern with a rest does not match an empty one.
ROUTES = ("/", "/{*path}")


def connect(
    name: str,
    routes: Sequence[str],
    hub: str | os.PathLike[str] | None,
    limit_concurrency: int | None,
    graceful_timeout: float,
) -> Core:
    """Begins to connect an application that answers every method of its routes."""
    registered = [("*", route, None, False) for route in routes]
    return Core([(name, registered, limit_concurrency)], hub=hub, drain_deadline=graceful_timeout)
