"""Services' hands on one database and one folder of anchors, as replicas have them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest_asyncio
from pymongo import MongoClient

from shared.audit import Terms, Trail, Verified, verify
from shared.audit.trail import AUDIT, KEPT
from shared.store import Doc, Store, connect
from tests.audit.samples import CHEN, KEY, TICKET
from tests.support.servers import Corner


@dataclass
class Desk:
    """Where trails are written, tampered with and verified."""

    corner: Corner
    store: Store
    folder: Path
    raw: Any
    progress: list[tuple[str, int, int]] = field(default_factory=list)
    terms: Terms = field(default_factory=lambda: Terms(KEY))

    def store_of(self, service: str) -> Store:
        """The store as another process has it, on the same time."""
        made = Store(self.store.client, self.corner.database, service=service)
        made.clock = self.store.clock
        return made

    def trail(self, service: str = "intake") -> Trail:
        """One replica's."""
        return Trail(self.store_of(service), self.folder, self.terms.key)

    async def record(self, count: int, service: str = "intake") -> None:
        trail = self.trail(service)
        for n in range(1, count + 1):
            await trail.record(CHEN, "person.opened", TICKET, why="callback", details={"round": n})

    def docs(self, writer: str = "intake") -> list[Doc]:
        """The chain as it lies in the database."""
        return list(self.raw.find({"writer": writer}).sort("n", 1))

    def files(self, writer: str = "intake") -> list[Path]:
        return sorted(self.folder.glob(f"{writer}.*"))

    async def verified(self) -> list[Verified]:
        def note(*told: Any) -> None:
            self.progress.append(told)

        return await verify(self.store, [self.folder], self.terms, note)

    async def found(self) -> tuple[str, str] | None:
        """What is wrong with the only chain."""
        [chain] = await self.verified()
        return (chain.damage.wrong.value, chain.damage.where) if chain.damage else None


@pytest_asyncio.fixture
async def desk(corner: Corner, tmp_path: Path) -> AsyncIterator[Desk]:
    store = Store(connect(corner.mongo_url), corner.database, service="test")
    await store.start([KEPT])
    with MongoClient[Doc](corner.mongo_url, tz_aware=True) as client:
        yield Desk(corner, store, tmp_path / "audit", client[corner.database][AUDIT])
    store.client.close()
