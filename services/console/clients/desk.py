"""What the desk asks of intake while somebody calls, and of the router of what waits meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from services.console.clients.service import Answered, Nothing, ServiceClient, keyed


class Both(Answered):
    """The same in both languages."""

    zh: str
    en: str

    def in_(self, language: str) -> str:
        """In one of them."""
        return self.en if language == "en" else self.zh


class Advice(Answered):
    """What to tell the caller, to ask them, and to see to."""

    say: Both
    ask: Both | None = None
    do: Both | None = None


class Said(Answered):
    """Part of the words, as characters of what was sent."""

    start: int
    end: int


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


class MatterFound(Said):
    """One matter that the caller tells of."""

    type: str
    area: str
    urgency: str
    emergency: bool
    emergency_kind: str | None
    confidence: float
    refers_back: bool
    words: list[Said]
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


class TicketCard(Answered):
    """A ticket in a few words."""

    number: str
    status: str
    registered_at: datetime
    estate: str | None = None
    building: str | None = None
    type: str | None = None
    area: str | None = None
    urgency: str | None = None
    over_at: datetime | None = None
    words: str | None = None


class Likely(Answered):
    """A ticket that may be about the same, and why."""

    ticket: TicketCard
    why: list[str]


class LikelyList(Answered):
    """Some of them."""

    items: list[Likely]


class KnownPerson(Answered):
    """Somebody behind their mask."""

    name: str | None = None
    phone: str | None = None
    room: str | None = None
    role: str | None = None
    estate: str | None = None
    tickets: int
    last_at: datetime


class Callers(Answered):
    """Who may be calling, and what they came for."""

    persons: list[KnownPerson]
    open: list[TicketCard]
    recent: list[TicketCard]
    contacts: int
    confidential: bool
    about_staff: bool
    many: bool


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


class Held(Answered):
    """Why something waits, and since when."""

    reason: str
    since: datetime


class WaitingTicket(Answered):
    """A ticket of the manual queue."""

    number: str
    estate: str | None = None
    building: str | None = None
    urgency: str
    scrubbed: str = ""
    held: Held | None = None
    registered_at: datetime
    due: datetime | None = None


class Counted(Answered):
    """How many a whole list has; with `more` at least so many."""

    count: int
    more: bool


class Waiting(Answered):
    """The beginning of the manual queue."""

    items: list[WaitingTicket]
    all: Counted


class OwnTask(Answered):
    """A follow-up task."""

    id: str
    number: str
    estate: str | None = None
    building: str | None = None
    reason: str
    due_at: datetime
    words: str | None = None


class OwnTasks(Answered):
    """The beginning of the own ones, what is due first first."""

    items: list[OwnTask]
    all: Counted


class DeskClient:
    """Asks for whoever takes a call."""

    def __init__(self, intake: ServiceClient, router: ServiceClient) -> None:
        self._intake = intake
        self._router = router

    async def preview(self, report: Mapping[str, Any], bearer: str) -> Preview:
        """What a report would become; nothing is kept."""
        path = "/v1/tickets/preview"
        return await self._intake.ask(Preview, "POST", path, bearer=bearer, json=report)

    async def similar(self, sketch: Mapping[str, Any], bearer: str) -> list[Likely]:
        """What may be reported already."""
        path = "/v1/tickets/similar"
        found = await self._intake.ask(LikelyList, "POST", path, bearer=bearer, json=sketch)
        return found.items

    async def look_up(self, who: Mapping[str, str], bearer: str) -> Callers:
        """Who calls from a number or a flat: on record, and so many an hour."""
        path = "/v1/callers/look-up"
        return await self._intake.ask(Callers, "POST", path, bearer=bearer, json=who)

    async def register(
        self, report: Mapping[str, Any], key: str, language: str, bearer: str
    ) -> tuple[Registered, bool]:
        """Register a report; what became of it, and whether it was not registered before."""
        headers = keyed(key) | {"Accept-Language": language}
        return await self._intake.make(
            Registered, "/v1/tickets", bearer=bearer, json=report, headers=headers
        )

    async def tell(self, number: str, bearer: str) -> None:
        """The caller was told what is promised."""
        path = f"/v1/tickets/{number}/tell"
        await self._intake.ask(Nothing, "POST", path, bearer=bearer, json={})

    async def supplement(self, number: str, note: str, key: str, bearer: str) -> None:
        """The caller added something to a ticket; the same words count once for a key."""
        path, body = f"/v1/tickets/{number}/supplement", {"note": note}
        await self._intake.ask(Nothing, "POST", path, bearer=bearer, json=body, headers=keyed(key))

    async def link(self, incident: str, number: str, bearer: str) -> None:
        """A ticket is part of an outage."""
        path = f"/v1/incidents/{incident}/link"
        await self._router.ask(Nothing, "POST", path, bearer=bearer, json={"number": number})

    async def waiting(self, bearer: str, most: int) -> Waiting:
        """The beginning of the manual queue."""
        params = {"limit": most}
        return await self._router.get(Waiting, "/v1/manual-queue", bearer=bearer, params=params)

    async def own_tasks(self, bearer: str, most: int) -> OwnTasks:
        """The own follow-up tasks that are due first."""
        params = {"mine": True, "limit": most}
        return await self._router.get(OwnTasks, "/v1/follow-ups", bearer=bearer, params=params)
