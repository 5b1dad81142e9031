"""What a ticket says of its emergency: who has taken it, and whether its plan runs as it should.
Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from services.router.emergencies.emergency import JOINED, Emergency
from services.router.incidents.incident import LINKED
from shared.contracts.intake import TicketCancelled, TicketEvent
from shared.contracts.router import TicketResolved, WorkOrderAccepted
from shared.tickets import Ticket, TicketStatus, Transition
from shared.tickets.facts import order_facts, ticket_facts
from shared.tickets.lifecycle import DONE, FINISHED, OPEN, UNFINISHED, OrderStatus

_TAKEN: Final = (UNFINISHED | FINISHED) - {OrderStatus.DISPATCHED}
_TO_WORK_ON: Final = OPEN - DONE


def orders_taken(ticket: Ticket) -> tuple[str, ...]:
    """Orders that somebody has accepted under the last plan, each once: of another kind, or at
    another place, somebody has to take it anew, whoever had taken it before. What was part of an
    outage nobody has taken.
    """
    return tuple(dict.fromkeys(_since_the_last_plan(ticket, Transition.ACCEPT)))


def orders_attended(ticket: Ticket) -> tuple[str, ...]:
    """Orders whose people came under the last plan, each once."""
    return tuple(dict.fromkeys(_since_the_last_plan(ticket, Transition.ARRIVE)))


def _since_the_last_plan(ticket: Ticket, transition: Transition) -> Iterator[str]:
    for entry in ticket.timeline:
        is_new = entry.at > ticket.plan.at and entry.note != LINKED
        if entry.transition == transition and is_new and entry.order:
            order = ticket.order(entry.order)
            if order is not None and order.round == ticket.round and order.status in _TAKEN:
                yield order.id


def is_untaken(ticket: Ticket, emergency: Emergency | None) -> bool:
    """Whether the plan of a ticket does not run as it should."""
    if ticket.joins is not None:
        has_own_alert = emergency is not None and emergency.ended_at is None
        is_to_give = ticket.held is None and ticket.status in _TO_WORK_ON
        return has_own_alert or (is_to_give and bool(ticket.without_work))
    if emergency is None or emergency.round < ticket.round or emergency.outcome == JOINED:
        is_alone = ticket.is_emergency and not ticket.shares_alert
        return is_alone and ticket.status in _TO_WORK_ON
    if emergency.plans < len(ticket.plans) and ticket.status in _TO_WORK_ON:
        return True
    if emergency.ended_at is not None:
        return False
    if ticket.is_emergency and ticket.held is None and ticket.without_work:
        return True
    is_over = ticket.status in DONE or ticket.mark is TicketStatus.CANCELLED
    unheard = emergency.acknowledged_at is None and any(orders_taken(ticket))
    return (is_over and ticket.somebody_went) or unheard


def said_of(ticket: Ticket) -> Iterator[TicketEvent]:
    """What moves the plan, as it was said of a ticket's present state."""
    for order in orders_taken(ticket):
        yield WorkOrderAccepted(**order_facts(ticket, order))
    if ticket.status in DONE:
        yield TicketResolved(**ticket_facts(ticket))
    elif ticket.mark is TicketStatus.CANCELLED:
        yield TicketCancelled(**ticket_facts(ticket))
