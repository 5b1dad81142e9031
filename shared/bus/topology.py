"""Exchanges and queues as values: who owns a queue declares it here's way, with its lane, its
dead-letter route and its delivery limit from the first day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from aio_pika.abc import AbstractChannel, ExchangeType

from shared.contracts import Event, Lane, routing_key

INBOUND: Final = "hotline.inbound"
EVENTS: Final = "hotline.events"
OUTBOUND: Final = "hotline.outbound"
DEAD: Final = "hotline.dead"
DEFAULT: Final = ""

DELIVERY_LIMIT: Final = 20
"""A message that kills its consumer this often is set aside by the broker itself."""
INBOUND_MAX_LENGTH: Final = 200_000
"""Inbound queues refuse what is beyond this (publishers see a nack), long before the disk alarm."""

IN_HAND: Final = 25
"""So much of a queue a service has in hand at once. What is in hand begins in a burst when a pause
of the disk ends, and an emergency arrives in that burst, too: of fifty, three rounds began
meanwhile. Few enough for that, and enough for the writes to go together (docs/decisions/016).
"""


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """One queue: `bindings` are (exchange, key) pairs; `prefetch` bounds what is unacknowledged.

    Where it `alerts`, somebody may not be called to an emergency because of a message that cannot
    be handled: that is told at once (`parked.urgent`).
    """

    name: str
    lane: Lane
    bindings: tuple[tuple[str, str], ...] = ()
    prefetch: int = IN_HAND
    bounded: bool = False
    alerts: bool = False

    @property
    def is_from_outside(self) -> bool:
        """Whether publishers write to it."""
        return any(exchange == INBOUND for exchange, _ in self.bindings)

    @property
    def arguments(self) -> dict[str, Any]:
        """What the broker is told at declaration; changing it means a new queue name."""
        arguments: dict[str, Any] = {
            "x-queue-type": "quorum",
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-dead-letter-exchange": DEAD,
            "x-dead-letter-routing-key": self.name,
        }
        if self.bounded:
            arguments |= {"x-max-length": INBOUND_MAX_LENGTH, "x-overflow": "reject-publish"}
        return arguments


def event_queue(
    service: str, purpose: str, lane: Lane, *events: type[Event], alerts: bool = False
) -> QueueSpec:
    """`<service>.<purpose>.<lane>`, bound to these events of that lane."""
    bindings = tuple((EVENTS, routing_key(event.name, lane)) for event in events)
    return QueueSpec(f"{service}.{purpose}.{lane}", lane, bindings, alerts=alerts)


DEAD_QUEUE: Final = QueueSpec("hotline.dead", "routine", ((DEAD, "#"),))


async def declare(channel: AbstractChannel, queues: Iterable[QueueSpec]) -> None:
    """Make the exchanges, the dead-letter net and these queues; repeating it changes nothing."""
    for name in (INBOUND, EVENTS, OUTBOUND, DEAD):
        await channel.declare_exchange(name, ExchangeType.TOPIC, durable=True)
    dead = await channel.declare_queue(
        DEAD_QUEUE.name, durable=True, arguments={"x-queue-type": "quorum"}
    )
    await dead.bind(DEAD, "#")
    for spec in queues:
        if spec.name == DEAD_QUEUE.name:
            continue
        queue = await channel.declare_queue(spec.name, durable=True, arguments=spec.arguments)
        for exchange, key in spec.bindings:
            await queue.bind(exchange, key)
