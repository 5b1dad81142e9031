"""Intake, asked for who sees tickets through: which they are, and to hand them over."""

from __future__ import annotations

from typing import Final

from services.console.clients.service import ServiceClient
from services.console.clients.shapes.cases import CasesPage, HandedOver

MOST_CASES: Final = 200
"""As many as one answer holds."""


class CasesClient:
    """What the console asks of intake for who sees tickets through."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def mine(self, bearer: str) -> CasesPage:
        """The open tickets that whoever asks sees through."""
        params = {"limit": MOST_CASES}
        return await self._service.get(CasesPage, "/v1/cases", bearer=bearer, params=params)

    async def hand_over(self, bearer: str, to: str) -> HandedOver:
        """Let somebody else see all of one's own through, so many at once."""
        path = "/v1/cases/hand-over"
        return await self._service.ask(HandedOver, "POST", path, bearer=bearer, json={"to": to})
