"""What the caller was promised and whether it was kept, and what is measured now. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from services.console.clients.shapes.whole import ClockSeen, PromiseSeen, TicketSeen
from services.console.tickets.saying import Saying
from shared.contracts.times import written

State = Literal["kept", "late", "broken", "paused", "open", "past", "moot"]
"""Kept, done too late, not done and past its time, waiting, still to come; of no clock any more;
not needed any more, since all ended without it.
"""
VISIT: Final = "visit"
APPOINTMENT: Final = "appointment"
ANSWERED: Final = "answered"
WITHOUT_WORK: Final = frozenset({ANSWERED, "cancelled", "merged"})
GIVEN_AWAY: Final = frozenset({"declined", "transferred", "cancelled"})
"""Work orders that somebody else has now: what they were to do is measured there."""
WORST_FIRST: Final[Sequence[State]] = ("broken", "late", "paused", "open", "kept", "moot", "past")
KEPT_BY_ANSWER: Final = frozenset({"first_reply", "resolve"})


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
    due: str | None
    due_said: str
    is_late: bool
    is_paused: bool
    extended_to: str | None


def promises_of(ticket: TicketSeen, saying: Saying) -> list[PromiseLine]:
    """What was promised, in the order in which it was."""
    clocks = _clocks_by_name(ticket)
    return [
        PromiseLine(
            at=saying.at(promise.at),
            who=saying.who(promise.by),
            how=_how(promise.how, saying),
            told=promise.told,
            is_first=n == 0,
            times=tuple(_times(promise, ticket, clocks, saying)),
        )
        for n, promise in enumerate(ticket.promised)
        if promise.times
    ]


def _how(how: str, saying: Saying) -> str:
    return saying.word("how", how) or (saying.coded(how, ("channels",)) or "")


def _clocks_by_name(ticket: TicketSeen) -> Mapping[str, Sequence[ClockSeen]]:
    """Of each those that measure what was promised: the whole's, else that of every department that
    has work now. What all were to do is kept when all have done it.
    """
    found: dict[str, list[ClockSeen]] = {}
    for order in ticket.work_orders:
        if order.round == ticket.round and order.status not in GIVEN_AWAY:
            for name, clock in order.clocks.items():
                found.setdefault(name, []).append(clock)
    return {**found, **{name: [clock] for name, clock in ticket.clocks.items()}}


def _times(
    promise: PromiseSeen,
    ticket: TicketSeen,
    clocks: Mapping[str, Sequence[ClockSeen]],
    saying: Saying,
) -> Iterable[Promised]:
    for clock, due in sorted(promise.times.items(), key=lambda item: item[1]):
        if clock == VISIT:
            continue
        begins = promise.times.get(VISIT)
        if clock == APPOINTMENT and begins is not None:
            until = due.astimezone(saying.zone)
            said = f"{saying.t['visit']} {saying.at(begins)}–{until:%H:%M}"
        else:
            what = saying.code("clocks", clock)
            said = saying.t["by_when"].format(when=saying.until(due), what=what)
        states = [
            _state_in(ticket, clock, each, due, saying.now) for each in clocks.get(clock, (None,))
        ]
        yield Promised(said, written(due), min(states, key=WORST_FIRST.index))


def _state_in(
    ticket: TicketSeen, name: str, clock: ClockSeen | None, due: datetime, now: datetime
) -> State:
    state = _state(clock, due, now)
    if clock is not None and clock.stopped_at is not None and _is_moot(name, clock, ticket):
        return "moot"
    return state


def _is_moot(name: str, clock: ClockSeen, ticket: TicketSeen) -> bool:
    """Whether a clock stopped with the ticket, and not since it was done: nobody arrives where the
    question was answered.
    """
    is_kept_so = name in KEPT_BY_ANSWER and ticket.status == ANSWERED
    return ticket.status in WITHOUT_WORK and clock.stopped_at == ticket.over_at and not is_kept_so


def _state(clock: ClockSeen | None, due: datetime, now: datetime) -> State:
    if clock is not None and clock.stopped_at is not None:
        return "kept" if clock.stopped_at <= due else "late"
    if clock is None:
        return "past" if due < now else "open"
    if clock.segments and clock.segments[-1].kind != "run":
        return "paused"
    return "broken" if due < now else "open"


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
        name=saying.code("clocks", name),
        department=department and saying.names.department(department, saying.language),
        due=None if paused else written(due),
        due_said=saying.until(due),
        is_late=not paused and due < saying.now,
        is_paused=paused,
        extended_to=saying.until(clock.extended_to) if clock.extended_to else None,
    )
