"""Answer HTTP requests from a Python process, through memory shared with the Slotway hub.

::

    from slotway import Worker

    worker = Worker("greeter")

    @worker.get("/hello/{name}")
    def hello(request):
        return f"hello, {request.params['name']}"

    worker.run()

``Worker`` is for handlers of your own, plain or ``async``. ``Core`` and ``Exchange`` are the
layer below. Applications that are there already run by ``python -m slotway app:app``, or by
``slotway.asgi.run`` and ``slotway.wsgi.run``. Everything that this package raises by itself
is an ``Error``, with a stable ``code``.
"""

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
from slotway._problem import BadBody
from slotway._request import AsyncRequest, BaseRequest, Headers, Request
from slotway._response import Answer, Response
from slotway._running import Running
from slotway._slotway import Core, Exchange, __version__
from slotway._worker import Worker

__all__ = [
    "AlreadyAnswered",
    "Answer",
    "AsyncRequest",
    "BadBody",
    "BaseRequest",
    "BodyAborted",
    "BodyLength",
    "Cancelled",
    "Closed",
    "Core",
    "Error",
    "Exchange",
    "Headers",
    "HubGone",
    "InvalidArgument",
    "InvalidHead",
    "OutOfOrder",
    "ProtocolError",
    "Refused",
    "Request",
    "Response",
    "Running",
    "SystemRefused",
    "Timeout",
    "TooLarge",
    "Worker",
    "__version__",
]
