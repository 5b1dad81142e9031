"""Intake, asked about tickets: one by one, in lists, who called, and what is done to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from services.console.clients.service import ServiceClient, keyed
from services.console.clients.shapes.common import Counted
from services.console.clients.shapes.persons import Allowance, Callers, CallerToRing, Opened
from services.console.clients.shapes.tickets import Acted, Related, TicketRows
from services.console.clients.shapes.whole import TicketSeen

Which = Literal["caller", "on_site_contact"]
Query = Sequence[tuple[str, str]]
"""Parameters as they stand in an address: a name may be repeated."""


class TicketsClient:
    """What the console asks intake about tickets."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def one(self, number: str, bearer: str) -> TicketSeen:
        """A ticket; foreign and missing ones are Declined alike."""
        return await self._service.get(TicketSeen, f"/v1/tickets/{number}", bearer=bearer)

    async def related(self, number: str, bearer: str) -> Related:
        """What else belongs to it."""
        return await self._service.get(Related, f"/v1/tickets/{number}/related", bearer=bearer)

    async def page(self, query: Query, bearer: str) -> TicketRows:
        """Some tickets of a list, as cards."""
        params: Any = [*query, ("fields", "card")]
        return await self._service.get(TicketRows, "/v1/tickets", bearer=bearer, params=params)

    async def count(self, query: Query, bearer: str) -> Counted:
        """How many a list has."""
        params: Any = list(query)
        return await self._service.get(Counted, "/v1/tickets/counts", bearer=bearer, params=params)

    async def act(
        self, number: str, act: str, body: Mapping[str, Any], bearer: str, key: str = ""
    ) -> Acted:
        """One act on a ticket by its name in the lifecycle's table, such as `reclassify`; what only
        adds to it counts once for a key.
        """
        path = f"/v1/tickets/{number}/{act}"
        return await self._service.ask(
            Acted, "POST", path, bearer=bearer, json=body, headers=keyed(key)
        )

    async def allowance(self, bearer: str) -> Allowance:
        """How many more persons whoever asks may open."""
        return await self._service.get(Allowance, "/v1/reveals/allowance", bearer=bearer)

    async def reveal(
        self, number: str, person: Which, reason: str, key: str, bearer: str
    ) -> Opened:
        """Open one person of a ticket, once for the key."""
        body = {"number": number, "person": person, "reason": reason}
        return await self._service.ask(
            Opened, "POST", "/v1/reveals", bearer=bearer, json=body, headers=keyed(key)
        )

    async def caller_to_ring(self, call: str, bearer: str) -> CallerToRing:
        """The number of a caller whom one has taken to ring back; on record."""
        path = "/v1/reveals/calls"
        return await self._service.ask(
            CallerToRing, "POST", path, bearer=bearer, json={"call": call}
        )

    async def look_up(self, who: Mapping[str, str], bearer: str) -> Callers:
        """Who is known by `phone`, or by `estate` and `flat`; on record."""
        path = "/v1/callers/look-up"
        return await self._service.ask(Callers, "POST", path, bearer=bearer, json=dict(who))
