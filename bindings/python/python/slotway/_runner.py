"""Many registrations in one process.

``Runner`` goes from idle to running to ended, once. One lock holds the phase and the list, so a
unit that is added while somebody begins to run is either in the list that is driven, or its
caller is told that it came too late.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from slotway._crew import Crew
from slotway._errors import Closed, InvalidArgument, OutOfOrder, Refused
from slotway._load import not_while_loading
from slotway._report import Ended, Metrics, Report, ended
from slotway._running import Signals
from slotway._unit import Unit

log = logging.getLogger("slotway")

#: Withdrawn registrations that the report remembers.
_DEPARTED_MAX = 1024
#: Slots that a region has unless it is said otherwise.
_SLOTS = 256

_RUNNING = "the runner is already running; units are added before, or later if it allows hot_add"
_RAN = "the runner has ended; a runner runs once, make another"


@dataclass(slots=True)
class _Member:
    """One registration that runs."""

    unit: Unit
    slots: int
    crew: _Placed
    number: int

    def metrics(self) -> Metrics:
        return self.crew.metrics()[self.number]


class _Placed:
    """One connection, and how many slots its registrations may use."""

    def __init__(self, crew: Crew, slots: int) -> None:
        self.crew = crew
        self.slots = slots

    def metrics(self) -> dict[int, Metrics]:
        """What each of its registrations has done, by number."""
        return {found["number"]: Metrics(**found) for found in self.crew.core.metrics()}


class Runner:
    """Runs many registrations in one process, over one connection and one region, or more
    where one region would have too many slots.

    ::

        runner = Runner([resizer, cropper], hub="/run/slotway/hub.sock")
        report = runner.run()
        for ended in report.registrations:
            print(ended.identity, ended.reason, ended.metrics.processed)

    Each registration is a ``Unit`` and goes its own way: it is accepted or refused by itself,
    comes back by a backoff of its own, and what it does or meets, an exception of any kind
    included, changes nothing for the others.

    :param units: what to run. One whose identity is in the list already is left out, with a
        warning: the first stays.
    :param hub: the path of the hub's control socket, as for a ``Worker``.
    :param threads: for plain functions, for each connection; as for a ``Worker``.
    :param hot_add: units may be added while it runs. It goes on then when all of its
        registrations were withdrawn or refused.
    :param max_slots_per_region: where the ``max_concurrent`` of all units together are more,
        they are spread over several connections, each with a region; a unit without one counts
        as 1.
    :param heartbeat: seconds between questions whether the hub is there, and how long it may be
        silent; ``None`` never asks: the death of a hub is noticed without it.

    The other parameters are those of a ``Worker``, for each connection.
    """

    def __init__(
        self,
        units: Iterable[Unit] = (),
        *,
        hub: str | os.PathLike[str] | None = None,
        threads: int | None = None,
        hot_add: bool = False,
        max_slots_per_region: int = 1024,
        heartbeat: tuple[float, float] | None = (30.0, 45.0),
        slots: int | None = None,
        head_bytes: int | None = None,
        request_bytes: int | None = None,
        response_bytes: int | None = None,
        spin: int | None = None,
        drain_deadline: float | None = None,
        generation: int | None = None,
    ) -> None:
        if threads is not None and threads < 1:
            raise ValueError(f"threads is {threads}; plain functions need 1 at least")
        if max_slots_per_region < 1:
            raise ValueError(f"max_slots_per_region is {max_slots_per_region}; 1 is the least")
        self.threads: int = threads or max(4, 2 * (os.cpu_count() or 1))
        self.hot_add: bool = hot_add
        self.options: dict[str, Any] = {
            "hub": hub,
            "head_bytes": head_bytes,
            "request_bytes": request_bytes,
            "response_bytes": response_bytes,
            "spin": spin,
            "drain_deadline": drain_deadline,
            "generation": generation,
            "heartbeat": heartbeat,
            "keep_open": hot_add,
        }
        self._slots = slots or _SLOTS
        self._slots_max = max_slots_per_region
        self._changed = threading.Condition()
        self._phase: Literal["idle", "running", "ended"] = "idle"
        self._stopping = False
        self._units: list[Unit] = []
        self._members: list[_Member] = []
        self._crews: list[_Placed] = []
        self._departed: deque[Metrics] = deque(maxlen=_DEPARTED_MAX)
        self._live: Callable[[], object] = lambda: None
        for unit in units:
            if self._has(unit.identity):
                log.warning("%s is in the list twice; the first one stays", unit.identity)
            else:
                self._units.append(unit)

    # --- before and while it runs ---

    def add(self, unit: Unit) -> None:
        """Adds a unit: to the list before it runs, later to what runs if it allows ``hot_add``.
        From any thread.

        :raises InvalidArgument: the unit cannot be, or its identity is there already.
        :raises OutOfOrder: it is already running without ``hot_add``, or has ended.
        :raises Closed: it shuts down.
        """
        with self._changed:
            if self._phase == "ended":
                raise OutOfOrder(_RAN)
            if self._phase == "running" and not self.hot_add:
                raise OutOfOrder(_RUNNING)
            if self._has(unit.identity):
                raise InvalidArgument(
                    f"{unit.identity!r} is registered twice; give the units different names or "
                    "instances"
                )
            if self._phase == "idle":
                self._units.append(unit)
                return
            if self._stopping:
                raise Closed("the runner shuts down")
            slots = self._fits(unit)
            for placed in self._crews:
                if not placed.crew.ended and self._used(placed) + slots <= placed.slots:
                    number = placed.crew.add(unit.offer)
                    break
            else:
                placed, number = self._start([unit], slots), 0
            self._place(unit, slots, placed, number)

    def withdraw(self, identity: str) -> Metrics:
        """Withdraws the registration of an identity and waits until nothing of it is in hand,
        for as long as ``drain_deadline`` says; the others go on. Gives what it has done. From
        any thread but one of its own handlers, whose request would be waited for.

        :raises InvalidArgument: there is none.
        :raises Timeout: something was in hand for longer. Nothing new comes, and it is gone when
            that has ended.
        """
        with self._changed:
            for unit in self._units:
                if unit.identity == identity:
                    self._units.remove(unit)
                    return _unmoved(unit, "withdrawn")
            found = [member for member in self._members if member.unit.identity == identity]
            if not found or self._phase != "running":
                raise InvalidArgument(
                    f"there is no registration {identity!r}; it was withdrawn, or never was"
                )
        member = found[0]
        deadline = self.options["drain_deadline"]
        patience = 30.0 if deadline is None else deadline
        metrics = Metrics(**member.crew.crew.withdraw(identity, member.number, patience))
        with self._changed:
            if member in self._members:
                self._members.remove(member)
                self._departed.append(metrics)
            empty = all(other.crew is not member.crew for other in self._members)
            # The last connection of a runner that takes more stays for them.
            if empty and (not self.hot_add or len(self._crews) > 1):
                member.crew.crew.core.begin_shutdown()
                if self.hot_add and member.crew in self._crews:
                    self._crews.remove(member.crew)
        return metrics

    def metrics(self) -> list[Metrics]:
        """What each registration has done and met, in the order of adding."""
        with self._changed:
            idle = [_unmoved(unit) for unit in self._units]
            known = {id(placed): placed.metrics() for placed in self._crews}
            running = [known.get(id(m.crew), {}).get(m.number) for m in self._members]
        return idle + [found for found in running if found is not None]

    # --- running ---

    def run(self, *, live: Callable[[], object] | None = None) -> Report:
        """Serves until ``shutdown``, or until every registration was withdrawn or refused for
        good. In the main thread SIGTERM and SIGINT end it too, and a second one does not wait
        for the drain. Without a unit, or after a shutdown, it returns at once and connects to
        nothing. What a hub refuses is in the report.

        :param live: is called, on a thread of its own, for each connection whose first
            registration the hub has taken.
        :raises OutOfOrder: it runs already, or has run.
        :raises InvalidArgument: an option or a unit cannot be.
        """
        not_while_loading("Runner.run()")
        main = threading.current_thread() is threading.main_thread()
        with Signals(self) if main else contextlib.nullcontext():
            return self._run(live)

    def _run(self, live: Callable[[], object] | None) -> Report:
        with self._changed:
            if self._phase == "running":
                raise OutOfOrder(_RUNNING)
            if self._phase == "ended":
                raise OutOfOrder(_RAN)
            units, self._units = self._units, []
            if not units or self._stopping:
                self._phase = "ended"
                return Report(tuple(ended(_unmoved(unit), "shutdown") for unit in units), True)
            if live is not None:
                self._live = live
            self._phase = "running"
            try:
                self._start_all(units)
            except BaseException:
                self._phase = "ended"
                for placed in self._crews:
                    placed.crew.core.begin_close()
                raise
            while not self._stopping and not all(placed.crew.ended for placed in self._crews):
                self._changed.wait()
            # Who adds from here on is told that it is too late.
            self._stopping = True
            crews = list(self._crews)
        for placed in crews:
            placed.crew.core.begin_shutdown()
        for placed in crews:
            placed.crew.wait()
        with self._changed:
            self._phase = "ended"
            found = [ended(member.metrics(), "shutdown") for member in self._members]
            found += [ended(metrics, "withdrawn") for metrics in self._departed]
            for member in self._members:
                member.unit._current = None
            self._members, self._crews = [], []
        return _report(found, crews)

    def _start_all(self, units: list[Unit]) -> None:
        """Spreads units over as few connections as their slots allow, each into the first with
        room."""
        regions: list[tuple[list[Unit], list[int]]] = []
        for unit in units:
            slots = self._fits(unit)
            for members, used in regions:
                if sum(used) + slots <= self._slots_max:
                    break
            else:
                members, used = [], []
                regions.append((members, used))
            members.append(unit)
            used.append(slots)
        where: dict[str, tuple[int, _Placed, int]] = {}
        for members, used in regions:
            placed = self._start(members, sum(used))
            for number, (unit, slots) in enumerate(zip(members, used, strict=True)):
                where[unit.identity] = (slots, placed, number)
        for unit in units:
            self._place(unit, *where[unit.identity])

    def _start(self, units: list[Unit], used: int) -> _Placed:
        """One connection more."""
        slots = min(max(self._slots, used), self._slots_max)
        options = {**self.options, "slots": slots}
        crew = Crew(
            [unit.offer for unit in units],
            options,
            self.threads,
            takes_more=self.hot_add,
            # What one handler raises is its own affair.
            ends=(),
            ended=self._notify,
        )
        placed = _Placed(crew, slots)
        self._crews.append(placed)
        crew.launch(self._live)
        return placed

    def _place(self, unit: Unit, slots: int, placed: _Placed, number: int) -> None:
        unit._current = placed.crew.current
        self._members.append(_Member(unit, slots, placed, number))

    def _fits(self, unit: Unit) -> int:
        """The slots that a unit needs, if one region may have them."""
        slots = unit.offer.max_concurrent or 1
        if slots > self._slots_max:
            raise InvalidArgument(
                f"{unit.identity!r} allows {slots} requests at a time and a region has "
                f"{self._slots_max} slots at most; allow fewer, or raise max_slots_per_region"
            )
        return slots

    def _used(self, placed: _Placed) -> int:
        return sum(member.slots for member in self._members if member.crew is placed)

    def _has(self, identity: str) -> bool:
        members = (member.unit for member in self._members)
        return any(unit.identity == identity for unit in (*self._units, *members))

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()

    # --- ending ---

    def begin_shutdown(self) -> None:
        """Begins to drain, and returns: nothing new comes, what is in hand is answered, for as
        long as ``drain_deadline`` says. From any thread, handlers included. Before ``run`` it
        makes that return at once."""
        self._stop(lambda crew: crew.core.begin_shutdown())

    def begin_close(self) -> None:
        """The same without a drain."""
        self._stop(lambda crew: crew.core.begin_close())

    def _stop(self, end: Callable[[Crew], None]) -> None:
        with self._changed:
            self._stopping = True
            for placed in self._crews:
                end(placed.crew)
            self._changed.notify_all()


def _report(found: list[Ended], crews: list[_Placed]) -> Report:
    """The report, unless something other than a refusal has ended a connection."""
    for placed in crews:
        error = placed.crew.error
        if error is not None and not isinstance(error, Refused):
            raise error
    return Report(tuple(found), all(placed.crew.drained for placed in crews))


def _unmoved(unit: Unit, ending: str | None = None) -> Metrics:
    """The metrics of a unit that nothing has happened to."""
    return Metrics(0, unit.offer.name, unit.offer.instance, ending=ending)
