"""What is known already beside a call: tickets in a few words, and who calls. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.console.clients.names import Names
from services.console.clients.shapes.persons import Callers
from services.console.clients.shapes.tickets import TicketRow
from services.console.frame.times import grouped, moment
from shared.policy.templates import Language


@dataclass(frozen=True, slots=True)
class Card:
    """A ticket in a few words."""

    number: str
    grouped: str
    name: str
    estate: str | None
    building: str | None
    state: str
    words: str
    when: str
    is_over: bool


def card_of(ticket: TicketRow, names: Names, now: datetime, language: Language) -> Card:
    """A ticket that the desk is shown beside a call."""
    return Card(
        number=ticket.number,
        grouped=grouped(ticket.number),
        name=names.area(ticket.area or "", language),
        estate=names.estate(ticket.estate, language) if ticket.estate else None,
        building=ticket.building,
        state=names.code("ticket_statuses", ticket.status, language),
        words=ticket.words or "",
        when=moment(ticket.registered_at, now, language),
        is_over=ticket.over_at is not None,
    )


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody behind their mask."""

    name: str | None
    phone: str | None
    room: str | None
    role: str | None
    estate: str | None
    last: str


@dataclass(frozen=True, slots=True)
class Strip:
    """Who calls, as far as that is known."""

    persons: Sequence[Person]
    open: Sequence[Card]
    recent: Sequence[Card]
    contacts: int
    confidential: bool
    about_staff: bool
    many: bool


def strip_of(found: Callers, names: Names, now: datetime, language: Language) -> Strip:
    """Who may be calling, behind their masks."""
    return Strip(
        persons=[
            Person(
                name=each.name,
                phone=each.phone,
                room=each.room,
                role=names.code("caller_roles", each.role, language) if each.role else None,
                estate=names.estate(each.estate, language),
                last=moment(each.last_at, now, language),
            )
            for each in found.persons
        ],
        open=[card_of(each, names, now, language) for each in found.open],
        recent=[card_of(each, names, now, language) for each in found.recent],
        contacts=found.contacts,
        confidential=found.confidential,
        about_staff=found.about_staff,
        many=found.many,
    )
