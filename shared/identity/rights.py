"""Whether a principal may do something: role, place and department decide (design promise 10).

The table says which role and how far; this module asks it, and nobody else does.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from shared.identity.permissions import PERMISSIONS, Scope, action_of
from shared.identity.principal import EVERYWHERE, Principal
from shared.tickets import Possible, Ticket, Transition, WorkOrder, possible
from shared.tickets.possible import NOTHING, By
from shared.tickets.steps import RulesOf

DESK: Final = "customer_service"
"""The department that the hotline's own agents and dispatchers are of."""
_AT_THE_DESK: Final = frozenset({"agent", "dispatcher"})


class Forbidden(Exception):
    """The principal may not do this; the text names the role and the act, nothing of the ticket."""

    def __init__(self, principal: Principal, act: str, why: str) -> None:
        super().__init__(f"role {principal.role} may not {act} here; {why}")

    @classmethod
    def by_role(cls, principal: Principal, action: str) -> Forbidden:
        """No such principal may do it anywhere."""
        roles = ", ".join(sorted(PERMISSIONS[action].roles - {"service"}))
        why = f"ask one of: {roles}" if roles else "it happens by rule alone"
        return cls(principal, action, why)

    @classmethod
    def by_reach(cls, principal: Principal, action: str) -> Forbidden:
        """Others of the same role may do it, where this one does not reach."""
        return cls(principal, action, "it is outside your places, departments or scope")


def allows(principal: Principal, action: str) -> bool:
    """Whether the principal may do this at all, whatever it will turn out to be done to."""
    return principal.role in PERMISSIONS[action].roles and _is_in_scope(principal, action)


def require(
    principal: Principal,
    act: str | Transition,
    *,
    ticket: Ticket | None = None,
    order: WorkOrder | None = None,
) -> None:
    """Raise Forbidden unless the role may, and place and department are within reach."""
    action = action_of(act) if isinstance(act, Transition) else act
    if principal.role not in PERMISSIONS[action].roles:
        raise Forbidden.by_role(principal, action)
    if not _is_in_scope(principal, action):
        raise Forbidden.by_reach(principal, action)
    if ticket is not None and not sees(principal, ticket):
        raise Forbidden.by_reach(principal, action)
    if order is not None and not handles(principal, order):
        raise Forbidden.by_reach(principal, action)


def sees(principal: Principal, ticket: Ticket) -> bool:
    """Whether a ticket is within a principal's reach at all: of a system only what it reported
    itself, of a department only what it has work orders of.
    """
    if not principal.reaches(ticket.estate) or is_about(ticket, principal):
        return False
    if principal.role == "system":
        return ticket.principal == principal.id
    return principal.role != "department" or any(
        principal.answers_for(order.department) for order in ticket.work_orders
    )


def is_about(ticket: Ticket, principal: Principal) -> bool:
    """Whether a matter is about the principal or their own department: then it is not for them."""
    own = own_departments(principal)
    departments = ticket.about.departments
    return principal.id in ticket.about.people or any(
        own is None or department in own for department in departments
    )


def own_departments(principal: Principal) -> frozenset[str] | None:
    """The departments whose people this one is of; None for all of them. Those who stand above the
    departments are of none.
    """
    if principal.role == "department":
        return None if EVERYWHERE in principal.departments else principal.departments
    if principal.role in _AT_THE_DESK:
        return (principal.departments - {EVERYWHERE}) | {DESK}
    return frozenset()


def handles(principal: Principal, order: WorkOrder) -> bool:
    """Whether a work order of a ticket within reach is this principal's to act on."""
    return principal.role != "department" or principal.answers_for(order.department)


def can(principal: Principal, ticket: Ticket, now: datetime, rules_of: RulesOf) -> Possible:
    """What a principal may do now to a ticket within its reach, and to each of its work orders: by
    the lifecycle's table, its conditions, the role and the department. Of what is beyond, nothing.
    """
    if not sees(principal, ticket):
        return NOTHING

    def may(transition: Transition, order: WorkOrder | None) -> bool:
        is_theirs = order is None or handles(principal, order)
        return is_theirs and allows(principal, action_of(transition))

    by = By(principal.id, at_desk=principal.role != "department")
    return possible(ticket, now, rules_of, by, may)


def _is_in_scope(principal: Principal, action: str) -> bool:
    whole_group = PERMISSIONS[action].scope is Scope.GROUP
    return _is_given(principal.actions, action) and (
        not whole_group or EVERYWHERE in principal.places
    )


def _is_given(actions: Iterable[str] | None, action: str) -> bool:
    """Keys of systems may hold less than their role; whoever has no list has all of it."""
    return actions is None or action in actions
