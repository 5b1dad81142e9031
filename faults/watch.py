"""Looking at a run from outside: what is registered, what consumes, what is being sent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from pymongo.read_concern import ReadConcern

from faults.house import DATABASE, House
from faults.members import Member
from hotline.service import CONSUMERS_PATHS
from services.intake import queues as intake
from services.notifier import queues as notifier
from services.router import queues as router
from services.survey import queues as survey
from shared.bus import QueueSpec
from shared.store import STORE_DOWN, connect

QUEUES: Final = tuple(
    sorted(
        {
            value.name
            for module in (intake, notifier, router, survey)
            for value in vars(module).values()
            if isinstance(value, QueueSpec)
        }
    )
)
POLL_SECONDS: Final = 0.25
Json = dict[str, Any]


class Books:
    """The database read past the wires, on whichever member is primary."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._clients: dict[str, Any] = {}

    async def primary(self) -> Any | None:
        """The database on the primary, if there is one now."""
        member = await self._house.members.primary()
        return self._of(member) if member else None

    def _of(self, member: Member) -> Any:
        if member.direct_url not in self._clients:
            self._clients[member.direct_url] = connect(member.direct_url)
        # What the majority has lags behind a cut wire: a claim of that moment would not be seen.
        client = self._clients[member.direct_url]
        return client.get_database(DATABASE, read_concern=ReadConcern("local"))

    async def find(
        self, collection: str, query: Json, fields: Sequence[str] = ()
    ) -> list[Json] | None:
        """The documents; None while no member takes writes."""
        with suppress(*STORE_DOWN):
            if (database := await self.primary()) is not None:
                shown = dict.fromkeys(fields, 1) if fields else None
                found: list[Json] = await database[collection].find(query, shown).to_list(None)
                return found
        return None

    async def count(self, collection: str) -> int | None:
        """How many documents there are; None while no member takes writes."""
        with suppress(*STORE_DOWN):
            if (database := await self.primary()) is not None:
                # The estimate is wrong after a kill.
                return int(await database[collection].count_documents({}))
        return None

    async def in_sending(
        self, *, begun_after: datetime | None = None, begun_before: datetime | None = None
    ) -> set[str] | None:
        """Ids of messages that are being handed over; None while that cannot be told."""
        fields = ("attempts.at",)
        found = await self.find("messages", {"status": "sending"}, fields)
        if found is None:
            return None
        early = begun_after or datetime.min.replace(tzinfo=UTC)
        late = begun_before or datetime.max.replace(tzinfo=UTC)
        return {m["_id"] for m in found if early <= m["attempts"][-1]["at"] <= late}

    def close(self) -> None:
        """Let go of the connections."""
        for client in self._clients.values():
            client.close()


@dataclass(slots=True)
class Wellness:
    """What is missing at a moment: queues without a consumer, services that are not well."""

    queues: list[str] = field(default_factory=list)
    services: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return not (self.queues or self.services)


async def wellness(house: House) -> Wellness:
    """Ask the broker for every queue's consumers and every service for its own check."""
    states = await house.broker.queues(QUEUES)
    without = [n for n in QUEUES if states is None or n not in states or not states[n].consumers]
    checks = await asyncio.gather(*(_is_well(house, name) for name in house.endpoints.services))
    unwell = [n for n, well in zip(house.endpoints.services, checks, strict=True) if not well]
    return Wellness(without, unwell)


async def _is_well(house: House, name: str) -> bool:
    address = house.endpoints.services[name]
    try:
        for path in ("/readyz", *CONSUMERS_PATHS):
            answer = await house.clients.http.get(f"{address}{path}", timeout=3)
            if answer.status_code != 200:
                return False
    except httpx.HTTPError:
        return False
    return True


async def until_well(house: House, *, seconds: float) -> tuple[float, Wellness]:
    """How long it took until everything consumed, and what is still missing after the limit."""
    began = time.monotonic()
    while not (found := await wellness(house)):
        if time.monotonic() - began > seconds:
            break
        await asyncio.sleep(POLL_SECONDS)
    return time.monotonic() - began, found
