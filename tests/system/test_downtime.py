"""A night without the service: each deadline fires once, and each person gets one digest of it."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pytest
import pytest_asyncio

from hotline.demo.clients import Json, until
from hotline.promises import examine, kinds
from shared.readers.outboxes import URGENT
from shared.store import Store, connect
from shared.store.clock import forward_trial
from tests.support.floor import Floor, caller, running_floor

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.whole,
    # Killed services leave sockets that nobody has closed.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
NIGHT: Final = timedelta(hours=9)
TICKETS: Final = 24
NOT_BUSY: Final = "rules: {busy_from: 100}"


@dataclass(frozen=True, slots=True)
class Night:
    """A running hotline, and its database to look into while nothing else runs."""

    floor: Floor
    store: Store

    async def found(self, collection: str, query: Json) -> list[Json]:
        return await self.store.find(collection, query, limit=10_000)

    async def given_out(self, numbers: set[str]) -> bool | None:
        there = {"purpose": "assignment", "status": "received"}
        return (
            True if numbers <= {m["number"] for m in await self.found("messages", there)} else None
        )

    async def pass_by(self) -> None:
        """Nothing runs while the time passes: frozen first, then dead, then started again."""
        services = self.floor.supervisor.services
        pids = [s.child.identity.pid for s in services if s.child is not None]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        ahead = await forward_trial(self.store._database, NIGHT)
        assert ahead is not None
        self.floor.clients.ahead = ahead
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    async def settled(self) -> bool | None:
        """Nothing is due, nothing is still to be said, and everybody was told."""
        await self.store.clock.refresh()
        due = {"next_due": {"$lte": self.store.clock.now(), "$type": "date"}}
        unsaid = {"outbox.0": {"$exists": True}}
        left = [
            await self.found("tickets", due),
            await self.found("messages", {"ended_at": None}),
            *[await self.found(collection, unsaid) for collection in URGENT],
        ]
        digests = await self.found("messages", {"purpose": "digest"})
        return True if digests and not any(left) else None


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def night(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Night]:
    folder = tmp_path_factory.mktemp("downtime")
    environment = {"HOTLINE_NOTIFIER_DIGEST_AFTER": "PT5S"}
    async with running_floor(folder, overlay=NOT_BUSY, environment=environment) as floor:
        store = Store(connect(floor.endpoints.mongo), "hotline", service="test")
        try:
            yield Night(floor, store)
        finally:
            store.client.close()


async def test_each_person_gets_one_digest_and_an_emergency_by_itself(night: Night) -> None:
    floor = night.floor
    numbers = set()
    for n in range(TICKETS):
        estate = ("jinyuan", "cuihu", "binjiang")[n % 3]
        text = f"厨房水龙头滴水，请来修一下，第{n}次"
        report = {"estate": estate, "text": text, "caller": caller()}
        numbers.add((await floor.clients.post_ticket(report))["number"])
    danger = await floor.clients.post_ticket(
        {"estate": "cuihu", "text": "十楼电梯里困了人", "caller": caller()}
    )
    await until(lambda: night.given_out(numbers), "all is given out")
    await floor.clients.until_message(danger["number"], "alert")

    await night.pass_by()
    await until(night.settled, "everybody was told", seconds=90)

    told = await night.found("messages", {"purpose": {"$in": ["breach", "warning"]}})
    late = [m for m in told if m["number"] != danger["number"]]
    digests = await night.found("messages", {"purpose": "digest"})
    assert {m["status"] for m in late} == {"folded"}
    assert len(late) >= TICKETS
    by_person = Counter(digest["recipient"] for digest in digests)
    assert set(by_person.values()) == {1}
    assert set(by_person) == {m["recipient"] for m in late}
    mails = [str(m["X-Hotline-Cause"]) for m in floor.postbox.mails]
    assert mails.count("report/overdue/000001") == len(digests)
    assert not [c for c in mails if "/clock/" in c and danger["number"] not in c]
    urgent = [m for m in told if m["number"] == danger["number"]]
    assert urgent
    assert "folded" not in {m["status"] for m in urgent}


async def test_the_auditor_finds_every_promise_kept(night: Night) -> None:
    findings = await examine(night.floor.endpoints.mongo, grace=timedelta())

    broken = findings.of(*(kind for kind in kinds.KINDS if kind.breaks))
    assert [f"{f.id} {f.kind.code} {f.why}" for f in broken] == []
    assert findings.checked["digests"] > 1
