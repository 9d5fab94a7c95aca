"""What registrations have done and met, and how they ended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metrics:
    """What one registration has done and met, at one moment. ``received`` is ``processed``,
    ``failed`` and ``in_flight`` together."""

    #: The registration's number on its connection.
    number: int
    #: Its name.
    name: str
    #: Which of its name it is, if it says so.
    instance: str | None
    #: ``pending``, ``waiting`` for approval, ``live``, ``withdrawing`` or ``refused``.
    state: str = "pending"
    #: Requests that were taken in hand.
    received: int = 0
    #: Those that were answered with a status below 500, or given up by their clients.
    processed: int = 0
    #: Those that were answered with 500 or more, broken off, or dropped.
    failed: int = 0
    #: Those in hand.
    in_flight: int = 0
    #: Bytes of requests' bodies that came.
    bytes_in: int = 0
    #: Bytes of responses' bodies that were given.
    bytes_out: int = 0
    #: How often it came back after it had been live.
    reconnects: int = 0
    #: How often the hub went away while it was live.
    disconnects: int = 0
    #: Why it did the last time: see ``ending``.
    last_disconnect: str | None = None
    #: Seconds until it is offered again, in all, while it waits for that.
    backoff: float | None = None
    #: Seconds that the hub took to answer the last heartbeat.
    heartbeat_rtt: float | None = None
    #: Why it does not come back by itself, if so: ``shutdown``, ``withdrawn``, ``refused``,
    #: ``replaced``, ``hub_closed``, ``protocol_error``, ``heartbeat_timeout`` or ``failed``.
    ending: str | None = None
    #: The sentence that says more of its ending or state, if there is one.
    reason: str | None = None

    @property
    def identity(self) -> str:
        """The name and the instance with a dot between them, or the name alone."""
        return self.name if self.instance is None else f"{self.name}.{self.instance}"


@dataclass(frozen=True, slots=True)
class Ended:
    """How one registration ended."""

    #: Name and instance.
    identity: str
    #: Why: as ``Metrics.ending``.
    reason: str
    #: What it had done.
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Report:
    """How a runner ended."""

    #: Each registration in the order of adding, and then those that were withdrawn before, the
    #: last 1,024 of them.
    registrations: tuple[Ended, ...]
    #: Whether everything in hand was answered before the drain's deadline.
    drained: bool

    def of(self, identity: str) -> Ended | None:
        """How the registration of an identity ended, the last of that identity."""
        return next((e for e in reversed(self.registrations) if e.identity == identity), None)


def ended(metrics: Metrics, otherwise: str) -> Ended:
    """The end of one; ``otherwise`` where the registration itself does not say why."""
    return Ended(metrics.identity, metrics.ending or otherwise, metrics)
