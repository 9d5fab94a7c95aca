"""Answer HTTP requests from a Python process, through memory shared with the Slotway hub."""

from slotway._errors import (
    AlreadyAnswered,
    BodyAborted,
    BodyLength,
    Cancelled,
    Closed,
    Error,
    HubGone,
    InvalidArgument,
    InvalidHead,
    OutOfOrder,
    ProtocolError,
    Refused,
    SystemRefused,
    Timeout,
    TooLarge,
)
from slotway._slotway import Core, Exchange, __version__

__all__ = [
    "AlreadyAnswered",
    "BodyAborted",
    "BodyLength",
    "Cancelled",
    "Closed",
    "Core",
    "Error",
    "Exchange",
    "HubGone",
    "InvalidArgument",
    "InvalidHead",
    "OutOfOrder",
    "ProtocolError",
    "Refused",
    "SystemRefused",
    "Timeout",
    "TooLarge",
    "__version__",
]
