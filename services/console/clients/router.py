"""The router: what runs and waits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.console.clients.service import Answered, Nothing, ServiceClient


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


class OrderActed(Answered):
    """A work order after an act."""

    id: str
    status: str


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

    async def act_on_order(
        self, order: str, act: str, body: Mapping[str, Any], bearer: str
    ) -> OrderActed:
        """Do something to a work order."""
        path = f"/v1/work-orders/{order}/{act}"
        return await self._service.ask(OrderActed, "POST", path, bearer=bearer, json=body)

    async def join(self, emergency: str, ticket: str, bearer: str) -> None:
        """A ticket tells of the same as this emergency."""
        path, body = f"/v1/emergencies/{emergency}/join", {"ticket": ticket}
        await self._service.ask(Nothing, "POST", path, bearer=bearer, json=body)

    async def part(self, emergency: str, ticket: str, reason: str, bearer: str) -> None:
        """It is another matter after all."""
        path, body = f"/v1/emergencies/{emergency}/part", {"ticket": ticket, "reason": reason}
        await self._service.ask(Nothing, "POST", path, bearer=bearer, json=body)
