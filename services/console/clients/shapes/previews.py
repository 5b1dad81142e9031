"""What words would become, and what became of them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from services.console.clients.service import Answered
from services.console.clients.shapes.common import Advice, Both, Span
from services.console.clients.shapes.tickets import TicketRow


class OnDuty(Answered):
    """Somebody who is on duty."""

    id: str
    name: str


class DepartmentOnDuty(Both):
    """Who would get the work, and who of them is there."""

    id: str
    on_duty: list[OnDuty]


class PromisedTime(Both):
    """A time that would be promised."""

    clock: str
    by: datetime


class MatterFound(Span):
    """One matter that the caller tells of."""

    type: str
    area: str
    urgency: str
    emergency: bool
    emergency_kind: str | None
    confidence: float
    refers_back: bool
    words: list[Span]
    departments: list[DepartmentOnDuty]
    promised: list[PromisedTime]
    undecided: list[str]


class PlaceFound(Answered):
    """A place, from a field or from the words."""

    id: str
    found_in: Literal["field", "words"]
    zh: str | None = None
    en: str | None = None


class PlacesFound(Answered):
    """Where it is, as far as it is known."""

    estate: PlaceFound | None
    building: PlaceFound | None


class RunningHere(Answered):
    """A running emergency of the place."""

    number: str
    kind: Both
    kind_id: str
    estate: str | None = None
    building: str | None
    since: datetime
    taken: bool


class OutageHere(Answered):
    """An open outage of the place."""

    id: str
    area: str
    buildings: list[str]
    status: str
    since: datetime
    same_area: bool


class FaultFound(Answered):
    """What of a field could not be read, or should be known of it."""

    field: str
    fault: str
    remedy: str
    fault_zh: str | None = None
    remedy_zh: str | None = None


class Preview(Answered):
    """What a report would become."""

    matters: list[MatterFound]
    place: PlacesFound
    missing: list[str]
    advice: Advice | None
    emergencies: list[RunningHere]
    incidents: list[OutageHere]
    faults: list[FaultFound]


class Likely(Answered):
    """A ticket that may be about the same, and why."""

    ticket: TicketRow
    why: list[str]


class LikelyList(Answered):
    """Some of them."""

    items: list[Likely]


class Registered(Answered):
    """What whoever registered a request is told."""

    number: str
    status: str
    type: str
    area: str
    department: str | None = None
    urgency: str
    emergency: bool
    emergency_kind: str | None = None
    promised: dict[str, datetime]
    held: str | None = None
    advice_parts: Advice | None = None
    alerting: str | None = None
    call: list[str] | None = None
    faults: list[FaultFound] = Field(default_factory=list)
    duplicate_of: str | None = None
    joins: str | None = None
