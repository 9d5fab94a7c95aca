"""Answer HTTP requests from a Python process, through memory shared with the Slotway hub.

::

    from slotway import Worker

    worker = Worker("greeter")

    @worker.get("/hello/{name}")
    def hello(request):
        return f"hello, {request.params['name']}"

    worker.run()

``Worker`` is for handlers of your own, plain or ``async``; they get a ``Request`` or an
``AsyncRequest`` and give back text, bytes, JSON, a generator or a ``Response``. FastAPI,
Flask, Django and whatever else speaks ASGI or WSGI runs by ``python -m slotway app:app``, or
by ``slotway.asgi.run`` and ``slotway.wsgi.run``. ``Core`` and ``Exchange`` are the layer
below, for who builds something else on it.

What goes wrong with the hub, the connection or an answer is an ``Error``, with a stable
``code``; a request's body that is not the JSON or text that it was taken for, a ``BadBody``.
What the package has to say besides goes to the logger "slotway".
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

# Tracebacks and `help` name things by where they are to be imported from.
for _name in __all__:
    _thing = globals()[_name]
    if isinstance(_thing, type) and _thing.__module__ != "slotway":
        _thing.__module__ = "slotway"
del _name, _thing
