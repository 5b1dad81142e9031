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


async def print_load(endpoints: Endpoints, data: Path) -> None:
    """Wait until the day's calls are known, and say what load they were."""
    async with Clients(endpoints, data) as clients:
        clients.ahead = await asyncio.to_thread(ahead_of, data)

        async def day() -> Json | None:
            answer = await clients.call("GET", "telephony", "/v1/load", role="manager")
            whole: Json = answer.raise_for_status().json()["whole"]
            return whole if whole["offered"] >= MANY else None

        load = await until(day, f"{MANY} calls of the day")
    outcomes = ", ".join(f"{n} {name}" for name, n in load["outcomes"].items() if n)
    typer.echo(f"{load['offered']} calls of the last day: {outcomes}")
    typer.echo(f"agents that they would have needed: {load['required']['words']}")
    typer.echo(f"look yourself: {endpoints.services['telephony']}/docs, GET /v1/load")
