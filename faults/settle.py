"""Waiting until nothing is under way any more, and saying what is while it lasts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from faults.departments import Departments
from faults.house import House
from faults.watch import QUEUES, Books, Json
from services.intake.queues import DEAD
from shared.readers.outboxes import KIND_OF

SOON: Final = timedelta(hours=1)
"""The run's short limits are seconds, all others a day: what is due by then has to fire."""
POLL_SECONDS: Final = 1.0
SAY_SECONDS: Final = 5.0
NAMED: Final = 5


class Settling:
    """Looks at everything that may still move."""

    def __init__(self, house: House, books: Books, departments: Departments) -> None:
        self._house = house
        self._books = books
        self._departments = departments
        self.left: Mapping[str, Any] = {}

    async def wait(self, expected: int, *, seconds: float, say: Callable[[str], None]) -> bool:
        """Return when nothing is left to do; False with `left` filled after the limit."""
        began = said = time.monotonic()
        while time.monotonic() - began < seconds:
            self.left = await self._look(expected)
            if not self.left:
                return True
            if time.monotonic() - said > SAY_SECONDS:
                said = time.monotonic()
                counts = {what: len(found) for what, found in self.left.items()}
                say(f"{said - began:6.0f} s  settling: {counts}")
            await asyncio.sleep(POLL_SECONDS)
        return False

    async def _look(self, expected: int) -> dict[str, list[Any]]:
        there = await self._books.count("tickets") or 0
        found: dict[str, list[Any]] = {
            "tickets to come": list(range(there, expected)),
            "not given out": await self._ids("tickets", {"status": "registered", "held": None}),
            "messages": await self._ids("messages", {"ended_at": None}),
            "deadlines": await self._ids("tickets", {"next_due": _soon()}),
            "emergencies": await self._ids("emergencies", {"next_due": _soon()}),
            "parked": await self._ids("parked", {"next_at": {"$type": "date"}}),
            "work": await self._work(),
            "queues": await self._queues(),
        }
        for collection in KIND_OF:
            events = await self._ids(collection, {"outbox.0": {"$exists": True}})
            found[f"events of {collection}"] = events
        return {what: ids for what, ids in found.items() if ids}

    async def _ids(self, collection: str, query: Json) -> list[Any]:
        docs = await self._books.find(collection, query, ("_id",))
        return ["the database is away"] if docs is None else [doc["_id"] for doc in docs]

    async def _queues(self) -> list[str]:
        states = await self._house.broker.queues(QUEUES)
        if states is None:
            return ["the broker is away"]
        return [name for name, state in states.items() if state.ready and name != DEAD.name]

    async def _work(self) -> list[str]:
        """What the departments finish, but for whose feedback is unknown or who are on hold."""
        left = self._departments.unfinished()
        told = {"number": {"$in": list(left)}, "purpose": "feedback", "status": "unknown"}
        unknown = {m["number"] for m in await self._books.find("messages", told, ("number",)) or []}
        open_ = {"_id": {"$in": list(left)}, "held": None, "status": {"$ne": "closed"}}
        return sorted(set(await self._ids("tickets", open_)) - unknown)


def _soon() -> Json:
    return {"$lte": datetime.now(UTC) + SOON, "$type": "date"}
