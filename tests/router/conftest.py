from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from services.router.app import build
from services.router.settings import RouterSettings
from shared.store import Change
from shared.tickets import TICKET, Ticket
from tests.support.anew import Shared, shared
from tests.support.bench import Replica, ServiceBench, opened
from tests.support.servers import Corner, Servers, open_corner

LOOKS = dict.fromkeys(
    ("look_at_rosters_every", "look_for_incidents_every", "look_at_follow_ups_every"),
    timedelta(milliseconds=200),
)


@dataclass
class RouterBench(ServiceBench):
    """Replicas of the router; tickets are put into the store as intake would."""

    # One router does the work of many tests at once, and would soon find everybody busy.
    rules: ClassVar[Mapping[str, Any]] = {"busy_from": 100}

    async def add_replica(self, **settings: Any) -> Replica:
        return await self.serve(
            await build(self.settings_of(RouterSettings, **{**LOOKS, **settings}))
        )

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


@asynccontextmanager
async def open_bench(corner: Corner, folder: Path, **settings: Any) -> AsyncIterator[RouterBench]:
    async with opened(RouterBench, corner, folder) as made:
        await made.listen("#")
        await made.add_replica(**settings)
        yield made


@pytest.fixture(scope="package")
async def running(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shared[RouterBench]]:
    """The callers of one test must not look to it like many of the same outage."""
    never = {"look_for_incidents_every": timedelta(days=1)}
    with open_corner(servers) as corner:
        async with open_bench(corner, tmp_path_factory.mktemp("router"), **never) as made:
            yield await shared(made)


@pytest.fixture
async def bench(running: Shared[RouterBench]) -> AsyncIterator[RouterBench]:
    """The one router that all tests of request and answer share, as new."""
    async with running.lent() as made:
        yield made


@pytest.fixture
async def own_bench(corner: Corner, tmp_path: Path) -> AsyncIterator[RouterBench]:
    """A router of the test's own, for what it would remember of the tests before."""
    async with open_bench(corner, tmp_path) as made:
        yield made
