"""RabbitMQ: topology, lanes, publishing with confirms, consuming, parking and relays."""

from shared.bus.consumers import Consumers
from shared.bus.errors import BrokerDown, Reject, RetryLater, Unroutable
from shared.bus.loops import each, name_of, run_every
from shared.bus.messages import Delivery, Inbound
from shared.bus.outbox import OutboxPublisher
from shared.bus.publisher import Publisher
from shared.bus.relay import ParkedRelay, Relay, UrgentSweep, plain_entry
from shared.bus.topology import (
    DEFAULT,
    EVENTS,
    INBOUND,
    OUTBOUND,
    QueueSpec,
    event_queue,
    exchange_of,
)

__all__ = [
    "DEFAULT",
    "EVENTS",
    "INBOUND",
    "OUTBOUND",
    "BrokerDown",
    "Consumers",
    "Delivery",
    "Inbound",
    "OutboxPublisher",
    "ParkedRelay",
    "Publisher",
    "QueueSpec",
    "Reject",
    "Relay",
    "RetryLater",
    "Unroutable",
    "UrgentSweep",
    "each",
    "event_queue",
    "exchange_of",
    "name_of",
    "plain_entry",
    "run_every",
]
