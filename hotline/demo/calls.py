"""The calls of the demo's day: a drawn one, told by an exchange of its own by the trial's clock."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import typer

from hotline.demo.clients import Clients, Json, until
from hotline.endpoints import Endpoints
from hotline.token import ahead_of

MANY: Final = 200
"""A drawn day has more."""
LOOK_EVERY: Final = 2.0
SECONDS: Final = 180.0
"""A day is told at a pace that the rest of the demo bears."""


async def print_load(endpoints: Endpoints, data: Path) -> None:
    """Wait until the day's calls are known, all of them, and say what load they were."""
    async with Clients(endpoints, data) as clients:
        clients.ahead = await asyncio.to_thread(ahead_of, data)

        async def look() -> Json:
            answer = await clients.call("GET", "telephony", "/v1/load", role="manager")
            whole: Json = answer.raise_for_status().json()["whole"]
            return whole

        async def day() -> Json | None:
            before = await look()
            await asyncio.sleep(LOOK_EVERY)
            now = await look()
            is_told = now["offered"] >= MANY and now["outcomes"] == before["outcomes"]
            return now if is_told else None

        load = await until(day, f"the day's calls, {MANY} or more", seconds=SECONDS)
    outcomes = ", ".join(f"{n} {name}" for name, n in load["outcomes"].items() if n)
    typer.echo(f"{load['offered']} calls of the last day: {outcomes}")
    typer.echo(f"agents that they would have needed: {load['required']['words']}")
    typer.echo(f"look yourself: {endpoints.services['telephony']}/docs, GET /v1/load")
