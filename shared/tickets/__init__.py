"""The ticket, its lifecycle and its clocks. Pure: no I/O, and time is an argument."""

from shared.tickets.acts import Registration
from shared.tickets.apply import Applied, apply, overdue, register
from shared.tickets.documents import TICKET
from shared.tickets.errors import NoSuchOrder, NotAllowed
from shared.tickets.lifecycle import (
    Clock,
    OrderStatus,
    TicketStatus,
    Transition,
    derive_status,
)
from shared.tickets.model import NOBODY, About, LifecycleRules, Ticket, WorkOrder
from shared.tickets.possible import Possible, possible
from shared.tickets.steps import Steps
from shared.tickets.table import ROWS, TABLE, possible_from

__all__ = [
    "NOBODY",
    "ROWS",
    "TABLE",
    "TICKET",
    "About",
    "Applied",
    "Clock",
    "LifecycleRules",
    "NoSuchOrder",
    "NotAllowed",
    "OrderStatus",
    "Possible",
    "Registration",
    "Steps",
    "Ticket",
    "TicketStatus",
    "Transition",
    "WorkOrder",
    "apply",
    "derive_status",
    "overdue",
    "possible",
    "possible_from",
    "register",
]
