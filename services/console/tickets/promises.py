"""What the caller was promised and whether it was kept, and what is measured now. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.console.clients.shapes.whole import ClockSeen, PromiseSeen, TicketSeen
from services.console.frame.times import Due, due_of
from services.console.tickets.keeping import ACCEPT, APPOINTMENT, Keeping, State, is_of_queue
from services.console.tickets.saying import Saying
from shared.contracts.times import written

VISIT: Final = "visit"


@dataclass(frozen=True, slots=True)
class Promised:
    """One time, as it is told."""

    said: str
    due: str
    state: State


@dataclass(frozen=True, slots=True)
class PromiseLine:
    """What was promised at once; the first stays, later ones stand below it."""

    at: str
    who: str
    how: str
    told: bool
    is_first: bool
    times: Sequence[Promised]


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One clock that runs or waits."""

    name: str
    department: str | None
    due_at: str
    due_said: str
    due: Due | None
    is_paused: bool
    extended_to: str | None


def promises_of(ticket: TicketSeen, saying: Saying) -> list[PromiseLine]:
    """What was promised, in the order in which it was."""
    keeping = Keeping(ticket, saying.now)
    return [
        PromiseLine(
            at=saying.at(promise.at),
            who=saying.who(promise.by),
            how=_how(promise.how, saying),
            told=promise.told,
            is_first=n == 0,
            times=tuple(_times(n, promise, keeping, saying)),
        )
        for n, promise in enumerate(ticket.promised)
        if promise.times
    ]


def _how(how: str, saying: Saying) -> str:
    return saying.word("how", how) or (saying.coded(how, ("channels",)) or "")


def _times(n: int, promise: PromiseSeen, keeping: Keeping, saying: Saying) -> Iterable[Promised]:
    for clock, due in sorted(promise.times.items(), key=lambda item: item[1]):
        if clock == VISIT:
            continue
        begins = promise.times.get(VISIT)
        if clock == APPOINTMENT and begins is not None:
            until = due.astimezone(saying.zone)
            said = f"{saying.t['visit']} {saying.at(begins)}–{until:%H:%M}"
        else:
            is_queues = clock == ACCEPT and is_of_queue(promise)
            what = _clock_named(clock, saying, is_queues=is_queues)
            said = saying.t["by_when"].format(when=saying.until(due), what=what)
        yield Promised(said, written(due), keeping.state(n, clock))


def _clock_named(clock: str, saying: Saying, *, is_queues: bool) -> str:
    """What is to be done by then: the queue's clock ends when somebody has looked at it, that of
    the whole at the end of the work, before the caller has heard of it.
    """
    return saying.word("until", "looked_at" if is_queues else clock) or saying.code("clocks", clock)


def clocks_of(ticket: TicketSeen, saying: Saying) -> list[ClockLine]:
    """What is measured now: what has run out first, and what falls due first."""
    found: list[tuple[datetime, ClockLine]] = []
    owners = [(None, ticket.clocks)] + [
        (order.department, order.clocks)
        for order in ticket.work_orders
        if order.round == ticket.round
    ]
    for department, clocks in owners:
        for name, clock in clocks.items():
            if clock.stopped_at is None and clock.due is not None:
                found.append((clock.due, _clock(name, department, clock, clock.due, saying)))
    return [line for _, line in sorted(found, key=lambda each: each[0])]


def _clock(
    name: str, department: str | None, clock: ClockSeen, due: datetime, saying: Saying
) -> ClockLine:
    paused = bool(clock.segments) and clock.segments[-1].kind != "run"
    return ClockLine(
        name=_clock_named(name, saying, is_queues=name == ACCEPT and department is None),
        department=department and saying.names.department(department, saying.language),
        due_at=written(due),
        due_said=saying.until(due),
        due=None if paused else due_of(due, saying.now, saying.language),
        is_paused=paused,
        extended_to=saying.until(clock.extended_to) if clock.extended_to else None,
    )
