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

Events go the other way: ``worker.events`` publishes and subscribes, ``worker.sse`` is for
streams whose clients the hub holds, ``current`` for applications, and ``Events`` for programs
that answer no request.

Activities are work that any worker of any language may do for any other: ``worker.activity``
takes them from a queue, ``worker.caller`` calls them, ``slotway.caller()`` in applications, and
``Caller`` in programs that answer no request.

``Runner`` runs many registrations in one process, each a ``Unit`` with an identity.

What goes wrong with the hub, the connection or an answer is an ``Error``, with a stable
``code``; a request's body that is not the JSON or text that it was taken for, a ``BadBody``.
What the package has to say besides goes to the logger "slotway".
"""

from slotway._calls import Caller
from slotway._current import caller, current
from slotway._errors import (
    AlreadyAnswered,
    BodyAborted,
    BodyLength,
    CallFailed,
    Cancelled,
    Closed,
    Error,
    Full,
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
from slotway._events import Draft, Events, Payload, Refusal
from slotway._offer import Offering
from slotway._problem import BadBody
from slotway._request import Activity, AsyncRequest, BaseRequest, Headers, Request
from slotway._response import Answer, Response
from slotway._report import Ended, Metrics, Report
from slotway._runner import Runner
from slotway._running import Running
from slotway._slotway import (
    BaseSubscription,
    Calling,
    Core,
    Event,
    Exchange,
    Gap,
    Reply,
    __version__,
)
from slotway._stream import AsyncStreamRequest, Stream, StreamRequest
from slotway._subscription import Delivery, Subscription
from slotway._system import SYSTEM, System
from slotway._unit import Unit
from slotway._worker import Worker

__all__ = [
    "Activity",
    "AlreadyAnswered",
    "Answer",
    "AsyncRequest",
    "AsyncStreamRequest",
    "BadBody",
    "BaseRequest",
    "BaseSubscription",
    "BodyAborted",
    "BodyLength",
    "CallFailed",
    "Caller",
    "Calling",
    "Cancelled",
    "Closed",
    "Core",
    "Delivery",
    "Draft",
    "Ended",
    "Error",
    "Event",
    "Events",
    "Exchange",
    "Full",
    "Gap",
    "Headers",
    "HubGone",
    "InvalidArgument",
    "InvalidHead",
    "Metrics",
    "Offering",
    "OutOfOrder",
    "Payload",
    "ProtocolError",
    "Refusal",
    "Refused",
    "Reply",
    "Report",
    "Request",
    "Response",
    "Runner",
    "Running",
    "SYSTEM",
    "Stream",
    "StreamRequest",
    "Subscription",
    "System",
    "SystemRefused",
    "Timeout",
    "TooLarge",
    "Unit",
    "Worker",
    "__version__",
    "caller",
    "current",
]

# Tracebacks and `help` name things by where they are to be imported from.
for _name in __all__:
    _thing = globals()[_name]
    if isinstance(_thing, type) and _thing.__module__ != "slotway":
        _thing.__module__ = "slotway"
del _name, _thing
