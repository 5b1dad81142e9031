from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest_asyncio

from services.router.app import build
from services.router.settings import RouterSettings
from shared.store import Change
from shared.tickets import TICKET, Ticket
from tests.support.bench import Replica, ServiceBench, opened
from tests.support.servers import Corner

LOOKS = dict.fromkeys(
    ("look_at_rosters_every", "look_for_incidents_every", "look_at_follow_ups_every"),
    timedelta(milliseconds=200),
)


@dataclass
class RouterBench(ServiceBench):
    """Replicas of the router; tickets are put into the store as intake would."""

    async def add_replica(self) -> Replica:
        return await self.serve(await build(self.settings_of(RouterSettings, **LOOKS)))

    async def put(self, ticket: Ticket, **beside: object) -> None:
        doc = TICKET.to_doc(ticket) | {"scrubbed": "", **beside}
        change = Change(
            collection="tickets",
            kind="ticket",
            id=ticket.number,
            version=ticket.version,
            lane=ticket.lane,
            at=self.now(),
            insert=doc,
        )
        assert await self.store.write(change) == "won"

    async def read(self, number: str = "23456789") -> Ticket:
        ticket = await self.platform.tickets.get(number)
        assert ticket is not None
        return ticket


@pytest_asyncio.fixture
async def bench(corner: Corner, tmp_path: Path) -> AsyncIterator[RouterBench]:
    async with opened(RouterBench, corner, tmp_path) as made:
        await made.listen("#")
        await made.add_replica()
        yield made
