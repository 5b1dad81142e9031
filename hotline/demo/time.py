"""The time of a running trial: what its services take it to be, and how all of them are moved."""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx

from hotline.demo.clients import Clients, until
from hotline.endpoints import Endpoints
from hotline.service import SERVICES
from shared.store.clock import forward_trial
from shared.store.store import Database


async def time_of(endpoints: Endpoints) -> datetime:
    """The time of the service that is furthest behind."""
    # The console has no clock of its own.
    addresses = [endpoints.services[name] for name in SERVICES if name in endpoints.services]
    # A client of its own: connections of before may lead to a service that was started again.
    async with httpx.AsyncClient() as http:
        found = [await http.get(f"{address}/healthz") for address in addresses]
    return min(datetime.fromisoformat(answer.json()["now"]) for answer in found)


async def forward(
    endpoints: Endpoints, database: Database, clients: Clients, span: timedelta
) -> None:
    """Move everybody's clock; return when every service has the time, and tokens are made for it.
    Raises NotSoonEnoughError for a service that does not follow.
    """
    wanted = await time_of(endpoints) + span
    ahead = await forward_trial(database, span)
    assert ahead is not None, "only a trial's time can be moved"
    clients.ahead = ahead

    async def look() -> bool | None:
        return True if await time_of(endpoints) >= wanted else None

    await until(look, f"every service's time is {wanted}")
