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
UNROUTED: Final = "hotline.unrouted"
"""Where the broker takes what comes to `hotline.inbound` under a key that no queue is bound to:
`hotline topology` tells it to, by a policy.
"""
DEFAULT: Final = ""
"""For answers alone: what goes to a queue of ours goes through its service's exchange."""
EXCHANGES: Final = (INBOUND, EVENTS, OUTBOUND, DEAD, UNROUTED)

INTAKE: Final = "intake"
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
        return any(exchange in {INBOUND, UNROUTED} for exchange, _ in self.bindings)

    @property
    def exchange(self) -> str:
        """That of its service, through which a message is put into this queue alone; the key is the
        queue's name.
        """
        return exchange_of(self.name)

    @property
    def all_bindings(self) -> tuple[tuple[str, str], ...]:
        """Everything that leads to it."""
        return (*self.bindings, (self.exchange, self.name))

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


def exchange_of(queue: str) -> str:
    """The exchange of the service whose queue it is. Intake looks after those of nobody."""
    service, _, _ = queue.partition(".")
    return f"hotline.{INTAKE if service == 'hotline' else service}"


def event_queue(
    service: str, purpose: str, lane: Lane, *events: type[Event], alerts: bool = False
) -> QueueSpec:
    """`<service>.<purpose>.<lane>`, bound to these events of that lane."""
    bindings = tuple((EVENTS, routing_key(event.name, lane)) for event in events)
    return QueueSpec(f"{service}.{purpose}.{lane}", lane, bindings, alerts=alerts)


DEAD_QUEUE: Final = QueueSpec("hotline.dead", "routine", ((DEAD, "#"),))
UNROUTED_QUEUE: Final = QueueSpec(
    "hotline.unrouted", "routine", ((UNROUTED, "#"),), bounded=True, alerts=True
)
"""What a system calls wrongly may have been an emergency, so that somebody hears of it at once."""


async def declare(channel: AbstractChannel, queues: Iterable[QueueSpec]) -> None:
    """Make the exchanges, the dead-letter net and these queues; repeating it changes nothing."""
    for name in EXCHANGES:
        await channel.declare_exchange(name, ExchangeType.TOPIC, durable=True)
    dead = await channel.declare_queue(
        DEAD_QUEUE.name, durable=True, arguments={"x-queue-type": "quorum"}
    )
    await dead.bind(DEAD, "#")
    for spec in queues:
        await channel.declare_exchange(spec.exchange, ExchangeType.DIRECT, durable=True)
        if spec.name == DEAD_QUEUE.name:
            await dead.bind(spec.exchange, spec.name)
            continue
        queue = await channel.declare_queue(spec.name, durable=True, arguments=spec.arguments)
        for exchange, key in spec.all_bindings:
            await queue.bind(exchange, key)
