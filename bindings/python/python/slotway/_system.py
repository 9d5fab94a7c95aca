"""The principal of events that nobody published: the system's own."""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal


class System(Enum):
    """What ``SYSTEM`` is."""

    SYSTEM = "system"

    def __repr__(self) -> str:
        return "slotway.SYSTEM"


#: As a principal: none, as the system's own events have it.
SYSTEM: Final[Literal[System.SYSTEM]] = System.SYSTEM
