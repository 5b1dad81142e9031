"""Tickets, as intake keeps them: one by one, in lists, who called, and what is done to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from services.console.clients.service import Answered, ServiceClient, keyed

Which = Literal["caller", "on_site_contact"]
Query = Sequence[tuple[str, str]]
"""Parameters as they stand in an address: a name may be repeated."""


class HeldSeen(Answered):
    """Why it waits for a person."""

    reason: str
    since: datetime


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
    held: HeldSeen | None = None
    next_due: datetime | None = None
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


class TicketRows(Answered):
    """A page of them."""

    items: list[TicketRow]
    next: str | None = None


class Counted(Answered):
    """How many a list has."""

    count: int
    more: bool = False


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


class PersonSeen(Answered):
    """Somebody behind their mask."""

    name: str | None = None
    phone: str | None = None
    room: str | None = None
    role: str | None = None


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
    held: HeldSeen | None = None
    plans: list[PlanSeen] = Field(default_factory=list)
    promised: list[PromiseSeen] = Field(default_factory=list)
    work_orders: list[OrderSeen] = Field(default_factory=list)
    clocks: dict[str, ClockSeen] = Field(default_factory=dict)
    can: list[str] = Field(default_factory=list)
    timeline: list[EntrySeen] = Field(default_factory=list)
    next_due: datetime | None = None
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


class Allowance(Answered):
    """How many more persons somebody may open."""

    left_hour: int
    left_day: int


class Opened(Allowance):
    """A person who was opened; themselves only the first time."""

    person: str
    opened_at: datetime
    repeated: bool
    name: str | None = None
    phone: str | None = None
    room: str | None = None


class KnownPerson(PersonSeen):
    """Who may be calling."""

    estate: str | None = None
    building: str | None = None
    tickets: int
    last_at: datetime
    number: str


class Callers(Answered):
    """Who is known by a number or a flat."""

    persons: list[KnownPerson]
    open: list[TicketRow]
    recent: list[TicketRow]
    contacts: int
    many: bool


class Acted(Answered):
    """How it stands after an act."""

    status: str
    next_urge_at: datetime | None = None


class TicketsClient:
    """What the console asks intake about tickets."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def one(self, number: str, bearer: str) -> TicketSeen:
        """A ticket; foreign and missing ones are Declined alike."""
        return await self._service.get(TicketSeen, f"/v1/tickets/{number}", bearer=bearer)

    async def related(self, number: str, bearer: str) -> Related:
        """What else belongs to it."""
        return await self._service.get(Related, f"/v1/tickets/{number}/related", bearer=bearer)

    async def page(self, query: Query, bearer: str) -> TicketRows:
        """Some tickets of a list, as cards."""
        params: Any = [*query, ("fields", "card")]
        return await self._service.get(TicketRows, "/v1/tickets", bearer=bearer, params=params)

    async def count(self, query: Query, bearer: str) -> Counted:
        """How many a list has."""
        params: Any = list(query)
        return await self._service.get(Counted, "/v1/tickets/counts", bearer=bearer, params=params)

    async def act(
        self, number: str, act: str, body: Mapping[str, Any], key: str, bearer: str
    ) -> Acted:
        """Do something to a ticket; what only adds to it counts once for a key."""
        path = f"/v1/tickets/{number}/{act}"
        return await self._service.ask(
            Acted, "POST", path, bearer=bearer, json=body, headers=keyed(key)
        )

    async def allowance(self, bearer: str) -> Allowance:
        """How many more persons whoever asks may open."""
        return await self._service.get(Allowance, "/v1/reveals/allowance", bearer=bearer)

    async def reveal(
        self, number: str, person: Which, reason: str, key: str, bearer: str
    ) -> Opened:
        """Open one person of a ticket, once for the key."""
        body = {"number": number, "person": person, "reason": reason}
        return await self._service.ask(
            Opened, "POST", "/v1/reveals", bearer=bearer, json=body, headers=keyed(key)
        )

    async def look_up(self, who: Mapping[str, str], bearer: str) -> Callers:
        """Who is known by `phone`, or by `estate` and `flat`; on record."""
        path = "/v1/callers/look-up"
        return await self._service.ask(Callers, "POST", path, bearer=bearer, json=dict(who))
