"""What the services say to each other and what outsiders may say to them; pydantic only."""

from shared.contracts import (
    admin,
    incidents,
    intake,
    notifier,
    parked,
    privacy,
    router,
    survey,
    telephony,
)
from shared.contracts.base import (
    CLOUDEVENTS_JSON,
    Envelope,
    Event,
    Lane,
    known_events,
    read_envelope,
    routing_key,
)
from shared.contracts.errors import ContractError, Fault, MalformedMessage, UnknownEvent
from shared.contracts.step import Step

__all__ = [
    "CLOUDEVENTS_JSON",
    "ContractError",
    "Envelope",
    "Event",
    "Fault",
    "Lane",
    "MalformedMessage",
    "Step",
    "UnknownEvent",
    "admin",
    "incidents",
    "intake",
    "known_events",
    "notifier",
    "parked",
    "privacy",
    "read_envelope",
    "router",
    "routing_key",
    "survey",
    "telephony",
]
