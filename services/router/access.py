"""What several rooms need to reach a work order: whose it is, and which are open."""

from __future__ import annotations

from typing import Final

from shared.identity import Forbidden, Principal, require, sees, service_principal
from shared.runtime import not_found
from shared.tickets import Ticket, TicketStatus, Transition, WorkOrder

BY_RULE: Final = service_principal("router")
OPEN_STATUSES: Final = (
    TicketStatus.DISPATCHED, TicketStatus.IN_PROGRESS, TicketStatus.SUSPENDED
)  # fmt: skip


def order_of(ticket: Ticket, order: str, principal: Principal, act: str | Transition) -> WorkOrder:
    """A work order that is this principal's to act on; foreign and missing ones look the same.

    Raises Forbidden where the role may not act so on any.
    """
    found = ticket.order(order)
    if found is None or not sees(principal, ticket):
        raise not_found()
    try:
        require(principal, act, ticket=ticket, order=found)
    except Forbidden:
        if principal.role == "department" and not principal.answers_for(found.department):
            raise not_found() from None
        raise
    return found
