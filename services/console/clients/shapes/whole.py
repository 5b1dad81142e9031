"""A whole ticket, with all that its page tells of it."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from services.console.clients.service import Answered
from services.console.clients.shapes.common import Held
from services.console.clients.shapes.persons import PersonSeen


class PlanSeen(Answered):
    """One plan of a ticket."""

    type: str
    area: str
    urgency: str
    emergency_kind: str | None = None
    departments: list[str] = Field(default_factory=list)


class PromiseSeen(Answered):
    """What the caller was promised."""

    at: datetime
    by: str
    how: str
    times: dict[str, datetime]
    told: bool


class SegmentSeen(Answered):
    """A stretch of a clock."""

    kind: str
    start: datetime
    end: datetime | None = None


class ClockSeen(Answered):
    """One clock."""

    segments: list[SegmentSeen] = Field(default_factory=list)
    due: datetime | None = None
    stopped_at: datetime | None = None
    extended_at: datetime | None = None
    extended_to: datetime | None = None


class ItemSeen(Answered):
    """A part, some labour or a fee; money in fen."""

    kind: str
    text: str
    quantity: int
    unit_price: int


class ConsentSeen(Answered):
    """What the owner said."""

    given: bool
    how: str
    by: str
    at: datetime


class QuoteSeen(Answered):
    """An estimate."""

    version: int
    items: list[ItemSeen]
    payer: str
    by: str
    at: datetime
    consent: ConsentSeen | None = None


class OrderSeen(Answered):
    """One department's share in one round."""

    id: str
    round: int
    department: str
    status: str
    assignee: str | None = None
    clocks: dict[str, ClockSeen] = Field(default_factory=dict)
    can: list[str] = Field(default_factory=list)
    outcome: str | None = None
    reason: str | None = None
    resume_at: datetime | None = None
    offered_to: list[str] = Field(default_factory=list)
    proof: list[str] = Field(default_factory=list)
    place_differs: bool = False
    quotes: list[QuoteSeen] = Field(default_factory=list)


class EntrySeen(Answered):
    """One line of the timeline."""

    at: datetime
    transition: str
    by: str
    order: str | None = None
    note: str | None = None
    public: bool = False


class FeedbackSeen(Answered):
    """How far telling the result is."""

    attempts: int
    left: int
    next_attempt_at: datetime | None = None
    by_call: bool = False


class ExtensionSeen(Answered):
    """A department asks for a later time."""

    order: str
    until: datetime
    reason: str
    by: str
    at: datetime


class AskedVisit(Answered):
    """The visit that was asked for, until one is agreed."""

    from_: datetime = Field(alias="from")
    to: datetime


class AboutSeen(Answered):
    """Whom it is about."""

    departments: list[str] = Field(default_factory=list)
    people: list[str] = Field(default_factory=list)


class TicketSeen(Answered):
    """A whole ticket."""

    number: str
    version: int
    status: str
    registered_at: datetime
    round: int
    channel: str | None = None
    estate: str | None = None
    building: str | None = None
    location: str | None = None
    scrubbed: str | None = None
    type: str | None = None
    area: str | None = None
    urgency: str | None = None
    emergency_kind: str | None = None
    held: Held | None = None
    plans: list[PlanSeen] = Field(default_factory=list)
    promised: list[PromiseSeen] = Field(default_factory=list)
    work_orders: list[OrderSeen] = Field(default_factory=list)
    clocks: dict[str, ClockSeen] = Field(default_factory=dict)
    can: list[str] = Field(default_factory=list)
    timeline: list[EntrySeen] = Field(default_factory=list)
    due: datetime | None = None
    over_at: datetime | None = None
    feedback: FeedbackSeen | None = None
    cancel_requested: bool = False
    extension: ExtensionSeen | None = None
    extensions: int = 0
    owner: str | None = None
    level: int = 0
    incident: str | None = None
    risk: bool = False
    place_differs: bool = False
    test: bool = False
    about: AboutSeen | None = None
    confidential: bool | None = None
    caller: PersonSeen | None = None
    contact: PersonSeen | None = None
    has_contact: bool | None = None
    language: str | None = None
    reported_at: datetime | None = None
    duplicate_of: str | None = None
    joins: str | None = None
    asked_appointment: AskedVisit | None = None
