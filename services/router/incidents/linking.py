"""What belongs to an incident, and what is done to a request because of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.router.incidents.incident import Incident
from shared.tickets import NOBODY, OrderStatus, Ticket, WorkOrder
from shared.tickets.acts import Accept, Act, Dispatch, Link, Resolve, Resume, Transfer
from shared.tickets.lifecycle import UNFINISHED

OUTCOME: Final = "restored"
"""How the work of a request ends that an outage brought about."""


@dataclass(frozen=True, slots=True)
class Linked:
    """A request that belongs to an incident. `household` is a keyed digest; `can_be_told` when its
    caller left a number.
    """

    number: str
    at: datetime
    building: str | None
    household: str
    can_be_told: bool
    is_open: bool


def covering(running: Iterable[Incident], ticket: Ticket) -> Incident | None:
    """The confirmed incident that a new request is a part of; None for what is its own: dangers,
    drills, and what is about somebody.
    """
    if ticket.incident or ticket.is_emergency or ticket.test or ticket.about != NOBODY:
        return None
    area, estate = ticket.plan.area, ticket.estate
    near = (i for i in running if (i.estate, i.area, i.status) == (estate, area, "confirmed"))
    return next((i for i in near if i.covers(ticket.building)), None)


def link(ticket: Ticket, given: Sequence[Act], incident: str, *, by: str) -> list[Act]:
    """`given`, which gives out the work of a ticket, and that all its work is part of an incident:
    whoever has it is at it already, so nobody is to accept it.

    Without anybody who has the work it stays as it is: a person has to look at it first.
    """
    moved = {act.order for act in given if isinstance(act, Transfer)}
    waits = (order for order in ticket.orders if order.status is OrderStatus.DISPATCHED)
    waiting = [order for order in waits if order.id not in moved]
    new = [act for act in given if isinstance(act, Dispatch | Transfer)]
    if not new and not any(order.status in UNFINISHED for order in ticket.orders):
        return list(given)
    accepted = [(order.id, _whoever(order)) for order in waiting]
    first = len(ticket.work_orders) + 1
    accepted += [(f"{ticket.number}-{n}", _whoever(act)) for n, act in enumerate(new, first)]
    taken = (Accept(by=who, order=id, note="incident") for id, who in accepted if who)
    return [Link(by=by, incident=incident, note=incident), *given, *taken]


def _whoever(work: WorkOrder | Dispatch | Transfer) -> str | None:
    asked = () if isinstance(work, Transfer) else work.offered_to
    return work.assignee or next(iter(asked), None)


def finish(ticket: Ticket, *, by: str) -> Iterator[Act]:
    """The outage is over, and so is the work of a request that it brought about."""
    for order in ticket.orders:
        if order.status not in UNFINISHED:
            continue
        if order.status is OrderStatus.DISPATCHED:
            yield Accept(by=_whoever(order) or by, order=order.id)
        if order.status is OrderStatus.SUSPENDED:
            yield Resume(by=by, order=order.id)
        yield Resolve(by=by, order=order.id, outcome=OUTCOME)


def households(linked: Iterable[Linked], incident: Incident) -> list[str]:
    """One ticket of each household that still waits and can be told: its first with a number."""
    firsts: dict[str, str] = {}
    for each in linked:
        if each.can_be_told and not incident.is_over_in(each.building):
            firsts.setdefault(each.household, each.number)
    return list(firsts.values())
