"""A ticket in a list, and what a list and its own page say alike of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.console.clients.shapes.persons import PersonSeen
from services.console.clients.shapes.tickets import Related, SaidPlace, TicketRow
from services.console.clients.shapes.whole import TicketSeen
from services.console.frame.times import due_of, grouped
from services.console.tickets.saying import Saying


def place_of(ticket: TicketSeen | TicketRow | SaidPlace, saying: Saying) -> str | None:
    """Estate and building; None where nobody knows."""
    estate = saying.names.estate(ticket.estate, saying.language)
    building = ticket.building
    if building is not None and building.isdecimal():
        building = saying.t["building"].format(building)
    return " ".join(filter(None, (estate, building))) or None


def matter_of(ticket: TicketSeen | TicketRow, saying: Saying) -> str:
    """What it is about: of an emergency its kind, else its area."""
    if ticket.emergency_kind:
        return saying.names.kind(ticket.emergency_kind, saying.language)
    return saying.names.area(ticket.area, saying.language) if ticket.area else saying.t["unsorted"]


def marks_of(ticket: TicketSeen | TicketRow, saying: Saying) -> list[str]:
    """What else is true of it, in words."""
    is_about = (
        bool(ticket.about and (ticket.about.people or ticket.about.departments))
        if isinstance(ticket, TicketSeen)
        else ticket.about_staff
    )
    more = isinstance(ticket, TicketSeen)
    found = {
        "drill": ticket.test,
        "risk": ticket.risk,
        "confidential": bool(ticket.confidential),
        "about_staff": is_about,
        "raised": ticket.level > 0,
        "incident": ticket.incident is not None,
        "held": ticket.held is not None,
        "cancel_requested": more and bool(getattr(ticket, "cancel_requested", False)),
        "extension_asked": more and getattr(ticket, "extension", None) is not None,
        "place_differs": ticket.place_differs,
    }
    return [saying.code("marks", mark) for mark, is_so in found.items() if is_so]


def row_of(row: TicketRow, saying: Saying) -> dict[str, Any]:
    """A ticket in a list."""
    return {
        "number": row.number,
        "grouped": grouped(row.number),
        "matter": matter_of(row, saying),
        "type": saying.names.type(row.type, saying.language) if row.type else "",
        "place": place_of(row, saying),
        "urgency": row.urgency,
        "urgency_name": saying.names.urgency(row.urgency or "", saying.language),
        "status": saying.code("ticket_statuses", row.status),
        "words": row.words,
        "marks": marks_of(row, saying),
        "registered": saying.at(row.registered_at),
        "due": due_of(row.due, saying.now, saying.language),
        "over": row.over_at and saying.at(row.over_at),
        "owner": row.owner and saying.who(row.owner),
    }


def rows_of(rows: Iterable[TicketRow], saying: Saying) -> list[dict[str, Any]]:
    """Tickets in a list."""
    return [row_of(row, saying) for row in rows]


def related_of(related: Related, saying: Saying) -> dict[str, Any]:
    """What else belongs to it."""
    return {
        "matter": rows_of(related.matter, saying),
        "incident": rows_of(related.incident.tickets, saying) if related.incident else None,
        "merged_into": related.merged_into,
        "merged_grouped": related.merged_into and grouped(related.merged_into),
        "emergency": related.emergency,
        "emergency_grouped": related.emergency and grouped(related.emergency),
    }


def person_of(person: PersonSeen | None, saying: Saying) -> dict[str, str] | None:
    """Somebody behind their mask."""
    if person is None:
        return None
    shown = {
        "name": person.name,
        "phone": person.phone,
        "room": person.room,
        "role": person.role and saying.code("caller_roles", person.role),
    }
    return {name: value for name, value in shown.items() if value}
