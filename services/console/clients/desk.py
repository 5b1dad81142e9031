"""Intake, asked while somebody calls: what it would become, what is like it, and to register it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.console.clients.service import ServiceClient, keyed
from services.console.clients.shapes.previews import Likely, LikelyList, Preview, Registered


class DeskClient:
    """Asks for whoever takes a call, or judges again what was said in one."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def preview(self, report: Mapping[str, Any], bearer: str) -> Preview:
        """What a report would become; nothing is kept."""
        path = "/v1/tickets/preview"
        return await self._service.ask(Preview, "POST", path, bearer=bearer, json=report)

    async def similar(self, sketch: Mapping[str, Any], bearer: str) -> list[Likely]:
        """What may be reported already."""
        path = "/v1/tickets/similar"
        found = await self._service.ask(LikelyList, "POST", path, bearer=bearer, json=sketch)
        return found.items

    async def register(
        self, report: Mapping[str, Any], key: str, language: str, bearer: str
    ) -> tuple[Registered, bool]:
        """Register a report; what became of it, and whether it was not registered before."""
        headers = keyed(key) | {"Accept-Language": language}
        return await self._service.make(
            Registered, "/v1/tickets", bearer=bearer, json=report, headers=headers
        )
