"""Emergencies, in lists and each with its room."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from services.console.clients.service import Answered
from services.console.clients.shapes.common import Advice, Both
from services.console.clients.shapes.tickets import TicketRow


class Alert(Answered):
    """One call for help."""

    at: datetime
    step: int
    recipients: list[str] = Field(default_factory=list)


class EmergencyRow(Answered):
    """An emergency in a list."""

    number: str
    kind: str
    estate: str | None = None
    building: str | None = None
    words: str | None = None
    about_staff: bool = False
    started_at: datetime
    next_due: datetime | None = None
    alerts: list[Alert] = Field(default_factory=list)
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    arrived_at: datetime | None = None
    released_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    outcome: str | None = None
    confirmed_at: datetime | None = None
    on_site: list[str] = Field(default_factory=list)
    test: bool = False


class EmergencyRows(Answered):
    """A list of them; `next` is the cursor of the next page."""

    items: list[EmergencyRow]
    next: str | None = None


class StepSeen(Both):
    """A step of the checklist, done or not."""

    step: str
    done_at: datetime | None = None
    done_by: str | None = None


class ToldPerson(Answered):
    """One message to somebody who was called, and what became of it."""

    purpose: str
    channel: str | None = None
    fate: str
    reason: str | None = None
    at: datetime


class Called(Answered):
    """Somebody who was called."""

    person: str
    at: datetime
    step: int
    messages: list[ToldPerson] = Field(default_factory=list)


class NextCalled(Answered):
    """Who is called next, and when."""

    people: list[str]
    at: datetime


class LinkedTicket(TicketRow):
    """A ticket about the same, and why it is one."""

    why: str


class Happened(Answered):
    """One line of what happened."""

    at: datetime
    what: str
    people: list[str] = Field(default_factory=list)
    text: str | None = None


class Review(Answered):
    """What was learned."""

    by: str
    at: datetime
    verdict: str
    note: str | None = None


class EmergencyRoom(EmergencyRow):
    """An emergency with all that whoever leads it needs to see."""

    advice_parts: Advice | None = None
    external: list[str] = Field(default_factory=list)
    checklist: list[StepSeen] = Field(default_factory=list)
    tickets: list[LinkedTicket] = Field(default_factory=list)
    called: list[Called] = Field(default_factory=list)
    next_in_chain: NextCalled | None = None
    history: list[Happened] = Field(default_factory=list)
    review: Review | None = None
    can: list[str] = Field(default_factory=list)
