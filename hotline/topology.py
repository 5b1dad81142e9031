"""``hotline topology``: every exchange, queue and binding, made before anybody publishes; and what
differs from that.

A message that no queue takes is confirmed and gone. So all of it is made by one act, before the
first service starts; a service declares its own queues as well, so that one that was deleted comes
back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final
from urllib.parse import quote, urlsplit

import aio_pika
import httpx
import typer

from hotline.errors import UnusableSettingError
from hotline.service import SERVICES
from hotline.settings import read_settings
from shared.bus import INBOUND, QueueSpec
from shared.bus.topology import EXCHANGES, UNROUTED, declare

POLICY: Final = "hotline-unrouted"
DEFINITION: Final = {
    "pattern": f"^{INBOUND.replace('.', '[.]')}$",
    "definition": {"alternate-exchange": UNROUTED},
    "apply-to": "exchanges",
    "priority": 0,
}
"""A policy, since a broker refuses to declare an exchange that it has with other arguments."""
SECONDS: Final = 30.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("topology")(run)


def run() -> None:
    """Make every exchange, queue and binding of the hotline; what is there already stays."""
    settings = read_settings()
    if settings.amqp_url is None:
        raise UnusableSettingError("Set HOTLINE_AMQP_URL to the broker that is to be prepared.")
    url = settings.management_url
    management = url.get_secret_value() if url else None
    asyncio.run(make(settings.amqp_url.get_secret_value(), management))
    if management is None:
        typer.echo(
            "HOTLINE_MANAGEMENT_URL is not set, so the policy that catches misspelled routing keys "
            "was not made."
        )
    typer.echo(f"{len(queues())} queues are there")


def queues() -> tuple[QueueSpec, ...]:
    """Those of all services. They are found by name, as the services are started by name."""
    return tuple(
        spec for name in SERVICES for spec in import_module(f"services.{name}.queues").QUEUES
    )


async def make(amqp: str, management: str | None) -> None:
    """Make what is missing. The policy only where the `management` API is known."""
    connection = await aio_pika.connect(amqp, timeout=SECONDS)
    async with connection:
        await declare(await connection.channel(), queues())
    if management is not None:
        async with httpx.AsyncClient(base_url=management, timeout=SECONDS) as client:
            answer = await client.put(f"/api/policies/{_vhost(amqp)}/{POLICY}", json=DEFINITION)
            answer.raise_for_status()


async def missing(amqp: str, management: str) -> list[str]:
    """What the broker at `amqp` lacks, as an operator reads it; raises HTTPError."""
    vhost = _vhost(amqp)
    async with httpx.AsyncClient(base_url=management, timeout=SECONDS) as client:

        async def ask(what: str) -> list[dict[str, Any]]:
            answer = await client.get(f"/api/{what}/{vhost}")
            found: list[dict[str, Any]] = answer.raise_for_status().json()
            return found

        return list(
            _lacking(
                exchanges={each["name"] for each in await ask("exchanges")},
                bound={
                    (each["source"], each["routing_key"], each["destination"])
                    for each in await ask("bindings")
                },
                policies={each["name"]: each for each in await ask("policies")},
            )
        )


def _lacking(
    *, exchanges: set[str], bound: set[tuple[str, str, str]], policies: dict[str, Any]
) -> Iterator[str]:
    specs = queues()
    for name in sorted({*EXCHANGES, *(spec.exchange for spec in specs)} - exchanges):
        yield f"the exchange {name}"
    for spec in specs:
        # The broker itself binds every queue to the default exchange.
        if ("", spec.name, spec.name) not in bound:
            yield f"the queue {spec.name}"
            continue
        for exchange, key in spec.all_bindings:
            if (exchange, key, spec.name) not in bound:
                yield f"the binding of {spec.name} to {exchange} by {key}"
    if policies.get(POLICY, {}).get("definition") != DEFINITION["definition"]:
        yield f"the policy {POLICY}"


def _vhost(amqp: str) -> str:
    """As the management API's paths name it."""
    return quote(urlsplit(amqp).path.removeprefix("/") or "/", safe="%")
