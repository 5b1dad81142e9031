"""The ticket, its lifecycle and its clocks. Pure: no I/O, and time is an argument."""

from shared.tickets.apply import Registration, apply, overdue, register
from shared.tickets.documents import TICKET
from shared.tickets.effects import Applied
from shared.tickets.errors import NoSuchOrder, NotAllowed
from shared.tickets.lifecycle import (
    ROWS,
    TABLE,
    Clock,
    OrderStatus,
    TicketStatus,
    Transition,
    derive_status,
    possible_from,
)
from shared.tickets.model import NOBODY, About, LifecycleRules, Ticket, WorkOrder
from shared.tickets.steps import Steps

__all__ = [
    "NOBODY", "ROWS", "TABLE", "TICKET", "About", "Applied", "Clock", "LifecycleRules",
    "NoSuchOrder", "NotAllowed", "OrderStatus", "Registration", "Steps", "Ticket", "TicketStatus",
    "Transition", "WorkOrder", "apply", "derive_status", "overdue", "possible_from",
    "register",
]  # fmt: skip
