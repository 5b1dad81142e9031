"""The broker gone: emergencies that are posted meanwhile must reach somebody all the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx

from faults.departments import OUTAGE
from faults.house import House
from faults.ledger import Ledger
from faults.plan import URGENT, Item
from hotline.demo.clients import Json

HEARD_SECONDS: Final = 3.0
"""Promise 7, as `make faults` must show it."""
PATIENCE_SECONDS: Final = 20.0
EVERY_SECONDS: Final = 4.0
POLL_SECONDS: Final = 0.02


@dataclass(slots=True)
class Cry:
    """One emergency posted while the broker is gone: what was answered, and who heard when."""

    number: str
    status: int
    alerting: str | None
    call: Sequence[str]
    answered: float
    heard: float | None = None

    @property
    def kept(self) -> bool:
        """Whether it was recorded, answered with numbers to ring, and heard in time."""
        told = self.status == 201 and self.alerting == "delayed" and bool(self.call)
        return told and self.heard is not None and self.heard <= HEARD_SECONDS


@dataclass(slots=True)
class Outage:
    """Posts emergencies at the desk, one after the other, as long as the broker is away."""

    house: House
    ledger: Ledger
    cries: list[Cry] = field(default_factory=list)

    async def last(self, seconds: float) -> None:
        """Keep crying for so long; returns when every cry was heard or given up."""
        until = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            while time.monotonic() < until:
                group.create_task(self._cry())
                await asyncio.sleep(min(EVERY_SECONDS, seconds / 2))

    async def _cry(self) -> None:
        n = len(self.ledger.answered)
        item = Item(n, "desk", "emergency", f"{OUTAGE}-{time.monotonic_ns()}",
                    text=URGENT[n % len(URGENT)], estate="jinyuan")  # fmt: skip
        began = time.monotonic()
        answer = await self._post(item)
        found: Json = answer.json()
        cry = Cry(str(found.get("number")), answer.status_code, found.get("alerting"),
                  found.get("call", ()), time.monotonic() - began)  # fmt: skip
        self.cries.append(cry)
        if answer.is_success:
            self.ledger.answer(item, cry.number)
            cry.heard = await self._heard(cry.number, began)

    async def _post(self, item: Item) -> httpx.Response:
        headers = {"Idempotency-Key": item.name}
        return await self.house.clients.call(
            "POST", "intake", "/v1/tickets", json=item.report(), headers=headers
        )

    async def _heard(self, number: str, began: float) -> float | None:
        """Seconds until the first alert about it was in somebody's hands."""
        cause = f"ticket/{number}/emergency/0"
        seen = 0
        while time.monotonic() - began < PATIENCE_SECONDS:
            taken = self.house.receivers.taken
            for delivery in taken[seen:]:
                if delivery.cause == cause:
                    return delivery.at - began
            seen = len(taken)
            await asyncio.sleep(POLL_SECONDS)
        return None
