"""What events say of a ticket, its orders and its clocks: ids and facts, nobody's name. Pure."""

from __future__ import annotations

from typing import Any

from shared.tickets import acts
from shared.tickets.clock_moves import clocks_of
from shared.tickets.errors import NoSuchOrder
from shared.tickets.model import Ticket, WorkOrder


def ticket_facts(ticket: Ticket) -> dict[str, Any]:
    """What every event about a ticket carries."""
    plan = ticket.plan
    return {
        "number": ticket.number,
        "round": ticket.round,
        "estate": ticket.estate,
        "type": plan.type,
        "area": plan.area,
        "urgency": plan.urgency,
        "emergency_kind": plan.emergency_kind,
        "test": ticket.test,
    }


def order_facts(ticket: Ticket, order: str) -> dict[str, Any]:
    """What every event about a work order carries; raises NoSuchOrder."""
    found = ticket.order(order)
    if found is None:
        raise NoSuchOrder(order)
    return ticket_facts(ticket) | {
        "work_order": found.id,
        "department": found.department,
        "assignee": found.assignee,
    }


def dispatched_facts(ticket: Ticket, order: WorkOrder) -> dict[str, Any]:
    """That a department has it, with its limits."""
    due = {clock.value: state.due for clock, state in order.clocks.items() if state.due}
    return order_facts(ticket, order.id) | {
        "due": due,
        "recipients": order.offered_to,
        "incident": ticket.incident,
        "joins": ticket.joins,
    }


def clock_facts(ticket: Ticket, act: acts.Fire) -> dict[str, Any]:
    """What every event about a deadline carries; `ticket` is as it was before it fired."""
    state = clocks_of(ticket, act.order)[act.clock]
    order = ticket.order(act.order) if act.order else None
    return ticket_facts(ticket) | {
        "clock": act.clock.value,
        "due": state.due,
        "recipients": act.recipients,
        "fell_due": state.callable_since,
        "level": act.level,
        "work_order": act.order,
        "department": order.department if order else None,
        "assignee": order.assignee if order else None,
        "incident": ticket.incident,
        "joins": ticket.joins,
    }
