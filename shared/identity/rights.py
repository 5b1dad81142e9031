"""Whether a principal may do something: role, place and department decide (design promise 10).

What the table of the lifecycle says of roles is the only source; this module adds the reach.
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.identity.principal import Principal
from shared.tickets import ROWS, Ticket, Transition, WorkOrder


class Forbidden(Exception):
    """The principal may not do this; the text names the role and the act, nothing of the ticket."""

    def __init__(self, principal: Principal, act: str, allowed: Iterable[str] = ()) -> None:
        text = f"role {principal.role} may not {act} here"
        roles = ", ".join(sorted(allowed))
        super().__init__(f"{text}; ask one of: {roles}" if roles else text)


def require(
    principal: Principal,
    transition: Transition,
    *,
    ticket: Ticket | None = None,
    order: WorkOrder | None = None,
) -> None:
    """Raise Forbidden unless the role may, and the place and department are within reach."""
    if principal.role not in ROWS[transition].roles:
        raise Forbidden(principal, transition.value, ROWS[transition].roles - {"service"})
    if ticket is not None and not sees(principal, ticket):
        raise Forbidden(principal, transition.value)
    is_department = principal.role == "department"
    if order is not None and is_department and not principal.answers_for(order.department):
        raise Forbidden(principal, transition.value)


def sees(principal: Principal, ticket: Ticket) -> bool:
    """Whether a ticket is within a principal's reach at all."""
    if not principal.reaches(ticket.estate):
        return False
    if principal.role != "department":
        return True
    return any(principal.answers_for(order.department) for order in ticket.work_orders)


def require_role(principal: Principal, act: str, *roles: str) -> None:
    """Raise Forbidden unless the principal has one of the roles."""
    if principal.role not in roles:
        raise Forbidden(principal, act, roles)
