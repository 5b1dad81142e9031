"""Tickets in lists, as intake answers them."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from services.console.clients.service import Answered
from services.console.clients.shapes.common import Held


class TicketRow(Answered):
    """A ticket in a list, with what there is to say of it."""

    number: str
    status: str
    registered_at: datetime
    estate: str | None = None
    building: str | None = None
    type: str | None = None
    area: str | None = None
    urgency: str | None = None
    emergency_kind: str | None = None
    held: Held | None = None
    due: datetime | None = None
    over_at: datetime | None = None
    owner: str | None = None
    incident: str | None = None
    risk: bool = False
    level: int = 0
    place_differs: bool = False
    confidential: bool = False
    about_staff: bool = False
    test: bool = False
    words: str | None = None


class SaidPlace(Answered):
    """The place that words were read to name."""

    estate: str | None = None
    building: str | None = None


class TicketRows(Answered):
    """A page of them; `place` is what the words that were looked for name."""

    items: list[TicketRow]
    next: str | None = None
    place: SaidPlace | None = None


class RelatedIncident(Answered):
    """The outage that it is a part of."""

    id: str
    tickets: list[TicketRow]


class Related(Answered):
    """What else belongs to a ticket."""

    matter: list[TicketRow] = Field(default_factory=list)
    incident: RelatedIncident | None = None
    emergency: str | None = None
    merged_into: str | None = None


class Acted(Answered):
    """How it stands after an act."""

    status: str
    next_urge_at: datetime | None = None
