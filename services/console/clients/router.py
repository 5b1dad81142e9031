"""The router: what runs and waits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import Field

from services.console.clients.service import Answered, Nothing, ServiceClient, keyed

PAGE: Final = 50
"""So many rows a page shows at once."""
MOST_TASKS: Final = 100
MOST_RUNNING: Final = 200
"""As many as one answer holds: after a storm, and none of them is to be missing."""


class Counted(Answered):
    """How many a whole list has; with `more` at least so many."""

    count: int = 0
    more: bool = False


class Held(Answered):
    """Why a ticket waits for a person, and since when."""

    reason: str
    since: datetime


class ReadingSeen(Answered):
    """What a request was taken for, by words or by a person."""

    type: str
    area: str
    urgency: str
    emergency_kind: str | None = None
    departments: list[str] = Field(default_factory=list)
    confidence: float = 0.0
    at: datetime
    by: str


class SentBack(Answered):
    """Somebody sent the work back."""

    department: str
    assignee: str | None = None
    reason: str | None = None
    at: datetime | None = None
    by: str | None = None


class QueueRow(Answered):
    """A ticket that waits for a person's decision."""

    number: str
    status: str
    estate: str | None = None
    building: str | None = None
    type: str
    area: str
    urgency: str
    emergency_kind: str | None = None
    held: Held | None = None
    risk: bool = False
    about_staff: bool = False
    registered_at: datetime
    scrubbed: str = ""
    due: datetime | None = None
    undecided: list[str] = Field(default_factory=list)
    readings: list[ReadingSeen] = Field(default_factory=list)
    declines: list[SentBack] = Field(default_factory=list)
    emergency_runs: bool = False
    can: list[str] = Field(default_factory=list)


class QueueRows(Answered):
    """Some of the manual queue; `all` counts the whole of it."""

    items: list[QueueRow]
    next: str | None = None
    all: Counted = Counted()


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


class Advice(Answered):
    """What to do first, and have the caller do."""

    zh: str
    en: str


class StepSeen(Answered):
    """A step of the checklist, done or not."""

    step: str
    zh: str
    en: str
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


class LinkedTicket(Answered):
    """A ticket about the same."""

    number: str
    status: str
    estate: str | None = None
    building: str | None = None
    registered_at: datetime
    words: str = ""
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

    advice: Advice | None = None
    external: list[str] = Field(default_factory=list)
    checklist: list[StepSeen] = Field(default_factory=list)
    tickets: list[LinkedTicket] = Field(default_factory=list)
    called: list[Called] = Field(default_factory=list)
    next_in_chain: NextCalled | None = None
    history: list[Happened] = Field(default_factory=list)
    review: Review | None = None
    can: list[str] = Field(default_factory=list)


class CallNoted(Answered):
    """What was said of a call, and takes effect in a moment."""

    answer: str


class Task(Answered):
    """Something that the desk is to look after."""

    id: str
    number: str
    estate: str | None = None
    building: str | None = None
    type: str
    area: str
    urgency: str
    test: bool = False
    why: str
    reason: str
    state: str
    person: str | None = None
    due_at: datetime
    note: str | None = None
    status: str | None = None
    words: str | None = None
    call: CallNoted | None = None


class Tasks(Answered):
    """Some tasks; `all` counts those of all pages."""

    items: list[Task]
    next: str | None = None
    all: Counted = Counted()


class Say(Answered):
    """What to say to a caller, a paragraph each, in both languages."""

    zh: list[str]
    en: list[str]


class Noted(Answered):
    """What those who did the work have written."""

    at: datetime
    words: str
    public: bool = False


class CallEnded(Answered):
    """What became of a call, as a code, and when the caller is rung again."""

    how: str
    again_at: datetime | None = None


class CallSheet(Answered):
    """A caller to ring: what to say, and what may be said of the call."""

    id: str
    number: str
    subject: str
    due: datetime
    discreet: bool = False
    may_have_heard: bool = False
    say: Say
    notes: list[Noted] = Field(default_factory=list)
    promised: list[str] = Field(default_factory=list)
    turn: int = 1
    again_at: datetime | None = None
    noted: str | None = None
    ended: CallEnded | None = None
    can: list[str] = Field(default_factory=list)


class OrderActed(Answered):
    """A work order after an act."""

    id: str
    status: str


class RouterClient:
    """What the console asks of the router."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def running_emergencies(self, bearer: str) -> list[EmergencyRow]:
        """Those within reach that are not over, what nobody has first."""
        params = {"limit": MOST_RUNNING}
        found = await self._service.get(
            EmergencyRows, "/v1/emergencies", bearer=bearer, params=params
        )
        return found.items

    async def unreviewed_emergencies(self, bearer: str) -> list[EmergencyRow]:
        """Those within reach that are over and wait for what was learned."""
        params = {"unreviewed": True}
        found = await self._service.get(
            EmergencyRows, "/v1/emergencies", bearer=bearer, params=params
        )
        return found.items

    async def over_emergencies(self, bearer: str, after: str | None) -> EmergencyRows:
        """Those within reach that are over, the latest first."""
        asked = {"running": False, "after": after, "limit": PAGE}
        return await self._service.get(
            EmergencyRows, "/v1/emergencies", bearer=bearer, params=_said(asked)
        )

    async def emergency(self, bearer: str, number: str) -> EmergencyRoom:
        """One of them with all that belongs to it."""
        return await self._service.get(EmergencyRoom, f"/v1/emergencies/{number}", bearer=bearer)

    async def act_in_emergency(
        self, bearer: str, number: str, act: str, body: Mapping[str, Any]
    ) -> None:
        """One act in an emergency, such as `acknowledge`."""
        path = f"/v1/emergencies/{number}/{act}"
        await self._service.ask(Nothing, "POST", path, bearer=bearer, json=body)

    async def manual_queue(
        self,
        bearer: str,
        *,
        reason: str | None = None,
        estate: str | None = None,
        after: str | None = None,
    ) -> QueueRows:
        """What waits for a person's decision, emergencies on top and then the longest waiting."""
        asked = {"reason": reason, "estate": estate, "after": after, "limit": PAGE}
        return await self._service.get(
            QueueRows, "/v1/manual-queue", bearer=bearer, params=_said(asked)
        )

    async def dispatch(self, bearer: str, number: str, body: Mapping[str, Any]) -> None:
        """Give what waits to a department by hand."""
        path = f"/v1/manual-queue/{number}/dispatch"
        await self._service.ask(Nothing, "POST", path, bearer=bearer, json=body)

    async def tasks(self, bearer: str, *, mine: bool) -> Tasks:
        """The desk's open tasks, what is due first first: one's own, or all within reach."""
        params = {"mine": mine, "limit": MOST_TASKS}
        return await self._service.get(Tasks, "/v1/follow-ups", bearer=bearer, params=params)

    async def task(self, bearer: str, id: str) -> Task:
        """One task."""
        return await self._service.get(Task, f"/v1/follow-ups/{id}", bearer=bearer)

    async def end_task(self, bearer: str, id: str, body: Mapping[str, Any]) -> None:
        """It is done, and what came of it."""
        path = f"/v1/follow-ups/{id}/done"
        await self._service.ask(Nothing, "POST", path, bearer=bearer, json=body)

    async def call(self, bearer: str, id: str) -> CallSheet:
        """What to tell a caller."""
        return await self._service.get(CallSheet, f"/v1/follow-ups/{id}/call", bearer=bearer)

    async def say_of_call(self, bearer: str, id: str, key: str, body: Mapping[str, Any]) -> None:
        """What came of ringing them; the same key counts once."""
        path = f"/v1/follow-ups/{id}/call"
        await self._service.ask(Nothing, "POST", path, bearer=bearer, json=body, headers=keyed(key))

    async def act_on_order(
        self, order: str, act: str, body: Mapping[str, Any], key: str, bearer: str
    ) -> OrderActed:
        """Do something to a work order; what only adds to it counts once for a key."""
        path = f"/v1/work-orders/{order}/{act}"
        return await self._service.ask(
            OrderActed, "POST", path, bearer=bearer, json=body, headers=keyed(key)
        )

    async def join(self, emergency: str, ticket: str, bearer: str) -> None:
        """A ticket tells of the same as this emergency."""
        path, body = f"/v1/emergencies/{emergency}/join", {"ticket": ticket}
        await self._service.ask(Nothing, "POST", path, bearer=bearer, json=body)

    async def part(self, emergency: str, ticket: str, reason: str, bearer: str) -> None:
        """It is another matter after all."""
        path, body = f"/v1/emergencies/{emergency}/part", {"ticket": ticket, "reason": reason}
        await self._service.ask(Nothing, "POST", path, bearer=bearer, json=body)


def _said(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if value is not None}
