"""What the work costs in database operations and publishes, counted by the sides and the servers.

A side counts what it asks for: the plain loop by a listener of its driver, our services by the same
kind of listener, which shows in their metrics. The servers count what they are asked, by whomever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import httpx

from bench.hotline import Hotline
from bench.scraping import metrics_of, summed, total
from shared.store.store import Database
from tests.support.servers import Servers

KINDS: Final = ("insert", "update", "find", "publish")
OPERATIONS: Final = "hotline_store_operations_total"
PUBLISHED: Final = "hotline_published_total"
RECEIVED: Final = "rabbitmq_global_messages_received_total"


async def counted_by_servers(servers: Servers, database: Database) -> dict[str, float]:
    """What MongoDB and RabbitMQ were asked since they started."""
    status = await database.client.admin.command("serverStatus")
    asked = status["opcounters"]
    async with httpx.AsyncClient() as client:
        page = await client.get(servers.rabbit.prometheus_url)
    return {
        "insert": float(asked["insert"]),
        "update": float(asked["update"]),
        "find": float(asked["query"]),
        "publish": total(page.text, RECEIVED),
    }


async def counted_by_services(hotline: Hotline) -> dict[str, float]:
    """What our services asked for since they started."""
    counts = dict.fromkeys(KINDS, 0.0)
    for page in (await metrics_of(hotline, hotline.processes)).values():
        operations = summed(page, OPERATIONS, by="operation")
        for kind in ("insert", "update", "find"):
            counts[kind] += operations.get(kind, 0)
        counts["publish"] += total(page, PUBLISHED)
    return counts


def are_counted(counts: Mapping[str, float]) -> bool:
    """Whether a side counts at all."""
    return counts["find"] > 0
