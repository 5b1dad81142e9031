"""Everybody on duty: takes every emergency, and works a share of the rest to its end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import httpx

from faults.house import House
from faults.ledger import Ledger
from faults.watch import Books
from hotline.demo.clients import Json

EVERY: Final = 4
"""One in so many of the tickets that the desk was answered is worked to its end."""
PAUSE_SECONDS: Final = 1.0
AT_ONCE: Final = 6
NEXT: Final = {"dispatched": "accept", "accepted": "start", "in_progress": "resolve"}
THERE: Final = {**NEXT, "accepted": "arrive"}
"""An emergency is ended only by somebody who was there."""
OUTAGE: Final = "gone"
"""How the names of the emergencies begin that are reported while the broker is away."""


def is_worked(name: str) -> bool:
    """Whether a ticket of this name is worked to its end."""
    start, _, number = name.rpartition("-")
    return start == OUTAGE or (number.isdigit() and int(number) % EVERY == 0)


class Departments:
    """Acts through the front doors; reads past them, so as not to be a load of its own."""

    def __init__(self, house: House, books: Books, ledger: Ledger) -> None:
        self._house = house
        self._books = books
        self._ledger = ledger
        self._closed: set[str] = set()

    def mine(self) -> set[str]:
        """Numbers of the tickets that are to be worked to their end."""
        return {number for name, number in self._ledger.answered.items() if is_worked(name)}

    def unfinished(self) -> set[str]:
        """Those that were not seen finished yet."""
        return self.mine() - self._closed

    async def work(self) -> None:
        """Work until cancelled."""
        while True:
            with suppress(httpx.HTTPError):
                await self._round()
            await asyncio.sleep(PAUSE_SECONDS)

    async def _round(self) -> None:
        gate = asyncio.Semaphore(AT_ONCE)
        todo = [*await self._emergencies(), *await self._tickets()]

        async def one(ticket: Json) -> None:
            async with gate:
                await self._move(ticket)

        await asyncio.gather(*(one(ticket) for ticket in todo))

    async def _emergencies(self) -> list[Json]:
        open_ = {"acknowledged_at": None, "ended_at": None}
        return await self._books.find("emergencies", open_, ("started_at",)) or []

    async def _tickets(self) -> list[Json]:
        left = list(self.unfinished())
        fields = ("status", "urgency", "work_orders")
        found = await self._books.find("tickets", {"_id": {"$in": left}}, fields) or []
        self._closed |= {t["_id"] for t in found if t["status"] == "closed"}
        return [t for t in found if t["status"] in _OPEN]

    async def _move(self, ticket: Json) -> None:
        if "work_orders" not in ticket:
            path = f"/v1/emergencies/{ticket['_id']}/acknowledge"
            await self._house.clients.call("POST", "router", path, role="dispatcher", json={})
            return
        following = THERE if ticket["urgency"] == "emergency" else NEXT
        for order in ticket["work_orders"]:
            if order["status"] in following:
                await self._house.clients.work(order, following[order["status"]])


_OPEN: Final = frozenset({"dispatched", "in_progress"})
