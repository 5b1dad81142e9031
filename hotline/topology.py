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

import aio_pika
import httpx
import structlog
import typer
from aio_pika.exceptions import AMQPError

from hotline.errors import UnusableSettingError
from hotline.service import SERVICES
from hotline.settings import read_settings
from shared.bus import INBOUND, QueueSpec
from shared.bus.broker_users import vhost_of
from shared.bus.topology import EXCHANGES, UNROUTED, declare
from shared.calls.telling import KEYS as EXCHANGE_KEYS

POLICY: Final = "hotline-unrouted"
DEFINITION: Final = {
    "pattern": f"^{INBOUND.replace('.', '[.]')}$",
    "definition": {"alternate-exchange": UNROUTED},
    "apply-to": "exchanges",
    "priority": 0,
}
"""A policy, since a broker refuses to declare an exchange that it has with other arguments."""
SECONDS: Final = 30.0
logger = structlog.get_logger()


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
    if not asyncio.run(make(settings.amqp_url.get_secret_value(), management)):
        typer.echo(
            "The policy that catches misspelled routing keys was not made: set "
            "HOTLINE_MANAGEMENT_URL with a user who may make policies."
        )
    typer.echo(f"{len(queues())} queues are there")


def inbound_keys() -> frozenset[str]:
    """The routing keys of `hotline.inbound` that lead to a queue."""
    return frozenset(
        key for spec in queues() for exchange, key in spec.bindings if exchange == INBOUND
    )


def system_keys() -> frozenset[str]:
    """Those that any system may be given; the others are an exchange's own."""
    return inbound_keys() - frozenset(EXCHANGE_KEYS)


def queues() -> tuple[QueueSpec, ...]:
    """Those of all services. They are found by name, as the services are started by name."""
    return tuple(
        spec for name in SERVICES for spec in import_module(f"services.{name}.queues").QUEUES
    )


async def make(amqp: str, management: str | None) -> bool:
    """Make what is missing; whether that was all. The policy is made only where the `management`
    API is known and lets us. Raises UnusableSettingError where the broker refuses the rest.
    """
    try:
        async with await aio_pika.connect(amqp, timeout=SECONDS) as connection:
            await declare(await connection.channel(), queues())
    except (AMQPError, OSError) as error:  # its words may hold the address, with the password
        raise UnusableSettingError(
            f"HOTLINE_AMQP_URL: the broker refuses exchanges or queues ({type(error).__name__}). "
            "Let its user configure, write and read everything in its virtual host."
        ) from error
    return management is not None and await _set_policy(amqp, management)


async def _set_policy(amqp: str, management: str) -> bool:
    async with httpx.AsyncClient(base_url=management, timeout=SECONDS) as client:
        try:
            answer = await client.put(f"/api/policies/{vhost_of(amqp)}/{POLICY}", json=DEFINITION)
        except httpx.HTTPError as error:
            logger.warning("policy not made", policy=POLICY, why=type(error).__name__)
            return False
    if answer.is_error:
        logger.warning("policy not made", policy=POLICY, why=answer.status_code)
    return answer.is_success


async def missing(amqp: str, management: str) -> list[str]:
    """What the broker at `amqp` lacks, as an operator reads it; raises HTTPError."""
    vhost = vhost_of(amqp)
    async with httpx.AsyncClient(base_url=management, timeout=SECONDS) as client:

        async def ask(what: str) -> list[dict[str, Any]]:
            answer = await client.get(f"/api/{what}/{vhost}")
            found: list[dict[str, Any]] = answer.raise_for_status().json()
            return found

        return list(
            _lacking(
                exchanges={each["name"]: each for each in await ask("exchanges")},
                bound={
                    (each["source"], each["routing_key"], each["destination"])
                    for each in await ask("bindings")
                },
                policies={each["name"]: each for each in await ask("policies")},
            )
        )


def _lacking(
    *, exchanges: dict[str, Any], bound: set[tuple[str, str, str]], policies: dict[str, Any]
) -> Iterator[str]:
    specs = queues()
    for name in sorted({*EXCHANGES, *(spec.exchange for spec in specs)} - exchanges.keys()):
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
    elif exchanges.get(INBOUND, {}).get("policy") != POLICY:
        yield f"the policy {POLICY} on {INBOUND}, where another one comes before it"
