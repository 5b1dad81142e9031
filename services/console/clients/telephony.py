"""Telephony, asked for the calls at the reader's own telephones."""

from __future__ import annotations

from datetime import datetime

from services.console.clients.service import Answered, ServiceClient


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


class TelephonyClient:
    """What the console asks of telephony for whoever bears a token."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def own(self, bearer: str) -> OwnCalls:
        """The calls at the reader's own telephones."""
        return await self._service.get(OwnCalls, "/v1/calls/own", bearer=bearer)
