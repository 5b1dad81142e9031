"""Intake, as who sees tickets through at the desk asks it: decide, answer, hand over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import Field

from services.console.clients.service import Answered, Nothing, ServiceClient, keyed

MOST_CASES: Final = 200
"""As many as one answer holds."""


class Span(Answered):
    """Part of words: characters from `start` to before `end`."""

    start: int
    end: int


class OnDuty(Answered):
    """Somebody who is on duty now."""

    id: str
    name: str


class Department(Answered):
    """Who would get the work, and who of them is there."""

    id: str
    on_duty: list[OnDuty] = Field(default_factory=list)


class Matter(Answered):
    """One matter of what was said, as it would be judged now."""

    type: str
    area: str
    urgency: str
    emergency_kind: str | None = None
    confidence: float = 0.0
    words: list[Span] = Field(default_factory=list)
    departments: list[Department] = Field(default_factory=list)


class Where(Answered):
    """A place, from a field or found in the words."""

    id: str


class Places(Answered):
    """Where it is, as far as that is known."""

    estate: Where | None = None
    building: Where | None = None


class Judged(Answered):
    """What words would be taken for."""

    matters: list[Matter] = Field(default_factory=list)
    place: Places = Places()


class Extension(Answered):
    """A department asks for a later time."""

    until: datetime
    reason: str


class Case(Answered):
    """A ticket that somebody sees through, with what is asked of them."""

    number: str
    status: str
    estate: str | None = None
    building: str | None = None
    type: str = ""
    area: str = ""
    urgency: str = ""
    level: int = 0
    next_due: datetime | None = None
    registered_at: datetime
    scrubbed: str = ""
    extension: Extension | None = None
    cancel_requested: bool = False
    feedback_attempts: int = 0
    place_differs: bool = False

    @property
    def is_asked(self) -> bool:
        """Whether somebody waits for what whoever sees it through decides."""
        return self.extension is not None or self.cancel_requested or self.place_differs


class CasesPage(Answered):
    """Some of them, the newest first."""

    items: list[Case]
    next: str | None = None


class Left(Answered):
    """What stays with its owner, and why."""

    number: str
    why: str


class HandedOver(Answered):
    """What went over, and what did not."""

    handed_over: list[str] = Field(default_factory=list)
    left: list[Left] = Field(default_factory=list)
    more: bool = False


class Feedback(Answered):
    """How far telling the result is."""

    attempts: int
    left: int
    next_attempt_at: datetime | None = None
    by_call: bool = False


class TicketState(Answered):
    """A ticket as far as telling its result needs it."""

    number: str
    status: str
    estate: str | None = None
    building: str | None = None
    type: str | None = None
    area: str | None = None
    scrubbed: str | None = None
    feedback: Feedback | None = None
    can: list[str] = Field(default_factory=list)


class Opened(Answered):
    """Somebody as opened on record; themselves only the first time."""

    opened_at: datetime
    repeated: bool = False
    left_day: int = 0
    name: str | None = None
    phone: str | None = None


class CasesClient:
    """What the console asks of intake for who sees tickets through."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def judge(self, bearer: str, text: str, estate: str | None) -> Judged:
        """What these words would be taken for at that place; nothing is kept."""
        body = {"text": text} | ({"estate": estate} if estate else {})
        path = "/v1/tickets/preview"
        return await self._service.ask(Judged, "POST", path, bearer=bearer, json=body)

    async def act(self, bearer: str, number: str, act: str, body: Mapping[str, Any]) -> None:
        """One act on a ticket by its name in the lifecycle's table, such as `reclassify`."""
        path = f"/v1/tickets/{number}/{act}"
        await self._service.ask(Nothing, "POST", path, bearer=bearer, json=body)

    async def mine(self, bearer: str) -> CasesPage:
        """The open tickets that whoever asks sees through."""
        params = {"limit": MOST_CASES}
        return await self._service.get(CasesPage, "/v1/cases", bearer=bearer, params=params)

    async def hand_over(self, bearer: str, to: str) -> HandedOver:
        """Let somebody else see all of one's own through, so many at once."""
        path = "/v1/cases/hand-over"
        return await self._service.ask(HandedOver, "POST", path, bearer=bearer, json={"to": to})

    async def ticket(self, bearer: str, number: str) -> TicketState:
        """One ticket."""
        return await self._service.get(TicketState, f"/v1/tickets/{number}", bearer=bearer)

    async def open_caller(self, bearer: str, number: str, key: str) -> Opened:
        """Whom to ring, on record; the same key opens nobody twice."""
        body = {"number": number, "person": "caller", "reason": "call_back"}
        return await self._service.ask(
            Opened,
            "POST",
            "/v1/reveals",
            bearer=bearer,
            json=body,
            headers=keyed(key),
        )
