"""The router: what runs and waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.console.clients.service import Nothing, ServiceClient, keyed
from services.console.clients.shapes.emergencies import (
    EmergencyRoom,
    EmergencyRow,
    EmergencyRows,
)
from services.console.clients.shapes.work import (
    CallSheet,
    DutyLists,
    OrderActed,
    QueueRows,
    Task,
    Tasks,
)

PAGE: Final = 50
"""So many rows a page shows at once."""
MOST_TASKS: Final = 100
MOST_RUNNING: Final = 200
"""As many as one answer holds: after a storm, and none of them is to be missing."""


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
        limit: int | None = None,
    ) -> QueueRows:
        """What waits for a person's decision, emergencies on top and then the longest waiting."""
        asked = {"reason": reason, "estate": estate, "after": after, "limit": limit or PAGE}
        return await self._service.get(
            QueueRows, "/v1/manual-queue", bearer=bearer, params=_said(asked)
        )

    async def dispatch(self, bearer: str, number: str, body: Mapping[str, Any]) -> None:
        """Give what waits to a department by hand."""
        path = f"/v1/manual-queue/{number}/dispatch"
        await self._service.ask(Nothing, "POST", path, bearer=bearer, json=body)

    async def tasks(self, bearer: str, *, mine: bool, limit: int = MOST_TASKS) -> Tasks:
        """The desk's open tasks, what is due first first: one's own, or all within reach."""
        params = {"mine": mine, "limit": limit}
        return await self._service.get(Tasks, "/v1/follow-ups", bearer=bearer, params=params)

    async def on_duty(self, bearer: str) -> set[str]:
        """The ids of whoever is on duty now, on any list within reach."""
        found = await self._service.get(DutyLists, "/v1/rosters", bearer=bearer)
        return {id for each in found.items for id in each.on_duty}

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
        self, order: str, act: str, body: Mapping[str, Any], bearer: str, key: str
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

    async def link(self, incident: str, number: str, bearer: str) -> None:
        """A ticket is part of an outage."""
        path = f"/v1/incidents/{incident}/link"
        await self._service.ask(Nothing, "POST", path, bearer=bearer, json={"number": number})


def _said(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if value is not None}
