"""Days on the floor, played in seconds: the clock of a whole hotline is moved to given times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx

from hotline.demo.clients import Json, until
from tests.support.floor import Floor

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
CLOSE: Final = timedelta(seconds=20)
"""What is done at a time is on record within so long after it."""


@dataclass
class Played:
    """A floor, and the day on which its story begins (local midnight)."""

    floor: Floor
    first_day: datetime

    def time(self, day: int, clock: str) -> datetime:
        """Such as day 1, 18:42: day 1 is the first."""
        hours, minutes = (int(part) for part in clock.split(":"))
        return self.first_day + timedelta(days=day - 1, hours=hours, minutes=minutes)

    async def at(self, day: int, clock: str) -> None:
        """Move everybody's clock to this time, unless it is later already."""
        span = self.time(day, clock) - await self.floor.now()
        if span > timedelta():
            await self.floor.forward(span)

    async def said(self, number: str, purpose: str) -> list[Json]:
        """The messages of a purpose about a ticket, the earliest first."""
        found = await self.floor.clients.messages(number)
        return sorted((m for m in found if m["purpose"] == purpose), key=lambda m: m["at"])

    async def told(self, number: str, purpose: str, *people: str) -> Json:
        """Wait until these people, and nobody else, have a message of this purpose."""

        async def look() -> Json | None:
            found = await self.said(number, purpose)
            return found[-1] if {m["recipient"] for m in found} == set(people) else None

        return await until(look, f"{purpose} of {number} to {', '.join(people)}")

    async def act(
        self, number: str, action: str, by: str, *, role: str = "agent", **body: Any
    ) -> httpx.Response:
        """Do something to a ticket at the desk."""
        path = f"/v1/tickets/{number}/{action}"
        return await self.floor.clients.call("POST", "intake", path, role=role, by=by, json=body)

    async def work(
        self, order: str, action: str, by: str, *, role: str = "department", **body: Any
    ) -> httpx.Response:
        """Do something to a work order."""
        path = f"/v1/work-orders/{order}/{action}"
        return await self.floor.clients.call("POST", "router", path, role=role, by=by, json=body)


async def playing(floor: Floor, *, weekday: int) -> Played:
    """A story that begins on the next day of this kind (Monday is 0)."""
    today = (await floor.now()).astimezone(SHANGHAI)
    midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
    days = (weekday - midnight.weekday()) % 7 or 7
    return Played(floor, midnight + timedelta(days=days))
