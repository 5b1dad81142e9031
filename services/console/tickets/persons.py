"""Who called, on the page of a ticket: masked, and how they may be opened."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from services.console.clients.answers import Declined, Unreached
from services.console.clients.shapes.persons import Allowance
from services.console.clients.shapes.whole import TicketSeen
from services.console.frame.house import House, Visit
from services.console.session.reader import Reader
from services.console.tickets.acting import new_key
from services.console.tickets.loading import Loaded
from services.console.tickets.rows import person_of
from shared.codes import names
from shared.identity import EVERYWHERE

REVEAL: Final = "person.reveal"
DESK: Final = "ticket.register_anywhere"
AT_WORK: Final = frozenset({"accepted", "in_progress", "suspended"})
"""How far an order has come while its department may open who called."""
SHOWN_SECONDS: Final = 60
"""So long an opened person stays on the page."""


async def persons_of(house: House, visit: Visit, found: Loaded) -> dict[str, Any]:
    """Who called, masked, and how they may be opened."""
    reader, ticket, saying = visit.known, found.ticket, found.saying
    persons = {
        name: shown
        for name, person in (("caller", ticket.caller), ("contact", ticket.contact))
        if (shown := person_of(person, saying)) is not None
    }
    left: Allowance | None = None
    may_reveal = bool(persons) and _may_open(reader, ticket)
    if may_reveal:
        with suppress(Declined, Unreached):
            left = await house.tickets.allowance(reader.token)
    reasons = [(code, saying.code("reveal_reasons", code)) for code in names("reveal_reasons")]
    return {
        "persons": persons,
        "may_reveal": may_reveal,
        "left": left,
        "reasons": reasons,
        "reveal_keys": {name: new_key() for name in persons},
        "seconds": SHOWN_SECONDS,
    }


def _may_open(reader: Reader, ticket: TicketSeen) -> bool:
    """Whether intake would open a person of it: for the desk, and for who is at work on it."""
    if REVEAL not in reader.may or DESK in reader.may:
        return REVEAL in reader.may
    theirs = (
        order
        for order in ticket.work_orders
        if order.department in reader.departments or EVERYWHERE in reader.departments
    )
    return not ticket.confidential and any(order.status in AT_WORK for order in theirs)
