"""What can go wrong, one class for each stable code of the C interface."""

from __future__ import annotations

from typing import ClassVar


class Error(Exception):
    """The base of what can go wrong with the hub, the connection or an answer.

    ``code`` is a number that is the same in every language that workers are written in,
    ``name`` its name. Both are stable; the text is for people and may change.
    """

    code: ClassVar[int] = -16
    name: ClassVar[str] = "internal"


class InvalidArgument(Error, ValueError):
    """An option, a name, a pattern or another argument is not acceptable."""

    code = -1
    name = "invalid_argument"


class Closed(Error):
    """The connection was shut down: no further request comes."""

    code = -2
    name = "closed"


class Timeout(Error, TimeoutError):
    """The time was over before what was waited for had happened."""

    code = -3
    name = "timeout"


class Full(Error):
    """There is no room for an event, and it was not to be waited for; nothing was published."""

    code = -4
    name = "again"


class Refused(Error):
    """The hub refused the connection, a registration or a subscription."""

    code = -5
    name = "refused"


class ProtocolError(Error):
    """What listens at the hub's socket is no hub, or one of another version."""

    code = -6
    name = "protocol"


class SystemRefused(Error):
    """The operating system refused something: the hub's socket is not there, for example."""

    code = -7
    name = "io"


class AlreadyAnswered(Error):
    """The request was answered, and what is asked for went with the answer."""

    code = -8
    name = "already_answered"


class OutOfOrder(Error):
    """The call does not fit what was done before: a second answer, or a part of one that
    was not begun."""

    code = -9
    name = "out_of_order"


class TooLarge(Error):
    """Something is larger than its place: a response's headers, most likely."""

    code = -10
    name = "too_large"


class Cancelled(Error):
    """Nobody waits for the answer any more: the client went away or the deadline passed."""

    code = -11
    name = "cancelled"


class HubGone(Error):
    """The hub that sent the request is gone; its answer would go nowhere."""

    code = -12
    name = "hub_gone"


class BodyAborted(Error):
    """The client broke the request's body off."""

    code = -13
    name = "body_aborted"


class BodyLength(Error):
    """The response's body has another length than its content-length says."""

    code = -14
    name = "body_length"


class InvalidHead(Error, ValueError):
    """The status or a header cannot be part of a response."""

    code = -15
    name = "invalid_head"


class CallFailed(Error):
    """No worker has answered a call."""

    code = -17
    name = "call"

    def __init__(
        self,
        message: str,
        end: str = "other",
        reason: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        #: How it ended: ``no_queue``, ``no_activity``, ``queue_full``, ``wait_timeout``,
        #: ``deadline``, ``worker_gone``, ``bad_answer``, ``key_reused``, ``bad_call``,
        #: ``no_memory``, ``shutting_down`` or ``other``. Stable.
        self.end: str = end
        #: The hub's sentence.
        self.reason: str = reason
        #: Seconds to stay away for, where the hub says so.
        self.retry_after: float | None = retry_after


#: The class of each code. The native part raises by it.
BY_CODE: dict[int, type[Error]] = {
    kind.code: kind
    for kind in (
        Error,
        InvalidArgument,
        Closed,
        Timeout,
        Full,
        Refused,
        ProtocolError,
        SystemRefused,
        AlreadyAnswered,
        OutOfOrder,
        TooLarge,
        Cancelled,
        HubGone,
        BodyAborted,
        BodyLength,
        InvalidHead,
        CallFailed,
    )
}
