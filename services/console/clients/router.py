"""The router: what runs and waits."""

from __future__ import annotations

from datetime import datetime

from services.console.clients.service import Answered, ServiceClient


class EmergencyRow(Answered):
    """An emergency in a list."""

    number: str
    kind: str
    estate: str | None = None
    started_at: datetime
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    arrived_at: datetime | None = None
    released_at: datetime | None = None
    ended_at: datetime | None = None
    confirmed_at: datetime | None = None
    test: bool = False


class EmergencyRows(Answered):
    """A list of them."""

    items: list[EmergencyRow]


class RouterClient:
    """What the console asks of the router."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def running_emergencies(self, bearer: str) -> list[EmergencyRow]:
        """Those within reach that are not over."""
        return (await self._service.get(EmergencyRows, "/v1/emergencies", bearer=bearer)).items

    async def unreviewed_emergencies(self, bearer: str) -> list[EmergencyRow]:
        """Those within reach that are over and wait for what was learned."""
        params = {"unreviewed": True}
        found = await self._service.get(
            EmergencyRows, "/v1/emergencies", bearer=bearer, params=params
        )
        return found.items
