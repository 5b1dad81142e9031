"""Telephony, asked for the calls at the reader's own telephones and for those of a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.console.clients.service import Answered, ServiceClient
from services.console.clients.shapes.call_backs import CallBacks, CallBackSeen
from services.console.clients.shapes.lines import Lines, LineSeen

MOST_OF_TICKET: Final = 20
MOST_CALL_BACKS: Final = 50


class OwnCall(Answered):
    """A call that rings at the reader's telephone, or that they talk on."""

    id: str
    line: str
    caller: str | None = None
    presentation: str | None = None
    offered_at: datetime
    extension: str
    doing: str
    since: datetime


class OwnTelephone(Answered):
    """A telephone of the reader's; `heard`: its exchange tells of calls now."""

    exchange: str
    extension: str
    heard: bool


class OwnCalls(Answered):
    """What is at the reader's telephones, and which these are."""

    items: tuple[OwnCall, ...] = ()
    telephones: tuple[OwnTelephone, ...] = ()


class TicketCall(Answered):
    """A call of which a ticket came; `agent` is the extension of whoever answered, `person` whose
    telephone that is.
    """

    id: str
    line: str
    caller: str | None = None
    presentation: str | None = None
    offered_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str | None = None
    agent: str | None = None
    person: str | None = None
    wait_s: float | None = None
    talk_s: float = 0.0
    incomplete: bool = False


class _TicketCalls(Answered):
    items: tuple[TicketCall, ...] = ()


class TelephonyClient:
    """What the console asks of telephony for whoever bears a token."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def own(self, bearer: str) -> OwnCalls:
        """The calls at the reader's own telephones."""
        return await self._service.get(OwnCalls, "/v1/calls/own", bearer=bearer)

    async def of_ticket(self, number: str, bearer: str) -> list[TicketCall]:
        """The calls of which a ticket came, the newest first."""
        params = {"ticket": number, "limit": MOST_OF_TICKET}
        found = await self._service.get(_TicketCalls, "/v1/calls", bearer=bearer, params=params)
        return list(found.items)

    async def call_backs(
        self,
        bearer: str,
        *,
        state: str | None = None,
        after: str | None = None,
        limit: int = MOST_CALL_BACKS,
    ) -> CallBacks:
        """Who is to be rung back, the most urgent first; or those in a state."""
        given = {"state": state, "after": after, "limit": limit}
        params = {name: value for name, value in given.items() if value is not None}
        path = "/v1/calls/callbacks"
        return await self._service.get(CallBacks, path, bearer=bearer, params=params)

    async def call_back(self, call: str, bearer: str) -> CallBackSeen:
        """The one that this call is of."""
        return await self._service.get(CallBackSeen, f"/v1/calls/{call}/callback", bearer=bearer)

    async def do_call_back(self, call: str, act: str, bearer: str) -> CallBackSeen:
        """Take it, or say what came of it: `claim`, `reached` or `no-answer`."""
        path = f"/v1/calls/{call}/callback/{act}"
        return await self._service.ask(CallBackSeen, "POST", path, bearer=bearer)

    async def lines(self, bearer: str) -> list[LineSeen]:
        """Every line of ours."""
        return list((await self._service.get(Lines, "/v1/lines", bearer=bearer)).items)

    async def check(self, line: str, bearer: str, *, worked: bool) -> LineSeen:
        """The reader has rung it."""
        path, body = f"/v1/lines/{line}/checks", {"worked": worked}
        return await self._service.ask(LineSeen, "POST", path, bearer=bearer, json=body)

    async def announce(self, line: str, begins: str, ends: str, bearer: str) -> LineSeen:
        """Work on it is to come."""
        path, body = f"/v1/lines/{line}/maintenance", {"begins": begins, "ends": ends}
        return await self._service.ask(LineSeen, "POST", path, bearer=bearer, json=body)
