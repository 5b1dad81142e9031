"""What a change of a ticket counts for, whoever made it. Pure.

A clock ends once: kept, broken, or void, where the work it measured was passed on or called off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from shared.tickets.clocks import ClockState
from shared.tickets.lifecycle import Clock, OrderStatus, TicketStatus
from shared.tickets.model import Ticket

NOBODYS: Final = "none"
"""The department of what was never given out."""
ENDED: Final = frozenset(
    {TicketStatus.CLOSED, TicketStatus.ANSWERED, TicketStatus.CANCELLED, TicketStatus.MERGED}
)
VOID: Final = frozenset({OrderStatus.DECLINED, OrderStatus.TRANSFERRED, OrderStatus.CANCELLED})
Outcome = Literal["kept", "broken", "void"]


@dataclass(frozen=True, slots=True)
class ClockEnd:
    """A clock whose outcome is known from this change on. `seconds` of real time it ran, pauses
    included; None where it was broken and still runs, or is void.
    """

    clock: Clock
    department: str
    outcome: Outcome | None
    seconds: float | None


def department_of(ticket: Ticket) -> str:
    """Whose work it was at last."""
    return ticket.work_orders[-1].department if ticket.work_orders else NOBODYS


def has_ended(before: Ticket | None, after: Ticket) -> bool:
    """Whether it is over from this change on."""
    return after.status in ENDED and (before is None or before.status not in ENDED)


def has_reopened(before: Ticket | None, after: Ticket) -> bool:
    """Whether another round begins."""
    return before is not None and after.round > before.round


def clock_ends(before: Ticket | None, after: Ticket) -> Iterator[ClockEnd]:
    """Clocks that this change decides or stops."""
    known = dict(_clocks(before)) if before is not None else {}
    for key, (state, department, is_void) in _clocks(after):
        old = known.get(key)
        was = old[0] if old is not None else None
        is_decided = state.kept is not None and (was is None or was.kept is None)
        has_stopped = state.stopped_at is not None and (was is None or was.stopped_at is None)
        if is_decided or has_stopped:
            yield ClockEnd(
                clock=key[1],
                department=department,
                outcome=_outcome(state, is_void=is_void) if is_decided else None,
                seconds=_ran(state) if has_stopped and not is_void else None,
            )


_Key = tuple[str, Clock]


def _clocks(ticket: Ticket) -> Iterator[tuple[_Key, tuple[ClockState, str, bool]]]:
    """Every clock with whose it is, and whether what it measured came to nothing."""
    is_void = ticket.status in {TicketStatus.CANCELLED, TicketStatus.MERGED}
    for clock, state in ticket.clocks.items():
        yield (f"round {ticket.round}", clock), (state, department_of(ticket), is_void)
    for order in ticket.work_orders:
        for clock, state in order.clocks.items():
            yield (order.id, clock), (state, order.department, order.status in VOID)


def _outcome(state: ClockState, *, is_void: bool) -> Outcome:
    if not state.kept:
        return "broken"
    return "void" if is_void else "kept"


def _ran(state: ClockState) -> float | None:
    if state.stopped_at is None:
        return None
    return (state.stopped_at - state.segments[0].start).total_seconds()
