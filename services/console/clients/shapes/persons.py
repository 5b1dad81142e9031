"""Who calls, behind their masks, and who was opened."""

from __future__ import annotations

from datetime import datetime

from services.console.clients.service import Answered
from services.console.clients.shapes.tickets import TicketRow


class PersonSeen(Answered):
    """Somebody behind their mask."""

    name: str | None = None
    phone: str | None = None
    room: str | None = None
    role: str | None = None


class KnownPerson(PersonSeen):
    """Who may be calling."""

    estate: str | None = None
    building: str | None = None
    tickets: int
    last_at: datetime
    number: str


class Callers(Answered):
    """Who is known by a number or a flat, and what they came for."""

    persons: list[KnownPerson]
    open: list[TicketRow]
    recent: list[TicketRow]
    contacts: int
    confidential: bool
    about_staff: bool
    many: bool


class Allowance(Answered):
    """How many more persons somebody may open."""

    left_hour: int
    left_day: int


class CallerToRing(Answered):
    """Whom to ring back, and how many more persons may be opened today."""

    phone: str
    opened_at: datetime
    left_day: int


class Opened(Allowance):
    """A person who was opened; themselves only the first time."""

    person: str
    opened_at: datetime
    repeated: bool
    name: str | None = None
    phone: str | None = None
    room: str | None = None
