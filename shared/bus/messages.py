"""Messages as handlers get them: events of ours, and whatever comes from outside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from faststream.rabbit.message import RabbitMessage
from pamqp import decode

from shared.bus.proof import PROOF_HEADER
from shared.contracts import Envelope, Event, Lane, read_envelope

_short_str: Final = decode.short_str
_timestamp: Final = decode.timestamp
_field_table: Final = decode.field_table


def _read_short_str(value: bytes) -> tuple[int, str]:
    try:
        return _short_str(value)
    except UnicodeDecodeError:
        end = value[0] + 1
        # No longer than it came: it may have to be sent on, and 255 bytes are all that fit.
        return end, value[1:end].decode("utf-8", "replace").replace("\ufffd", "?")


def _read_timestamp(value: bytes) -> tuple[int, datetime | None]:
    """None for a moment that no calendar has, such as nanoseconds taken for seconds."""
    try:
        return _timestamp(value)
    except (ValueError, OverflowError, OSError):
        if len(value) < 8:
            raise
        return 8, None


def _read_headers(value: bytes) -> tuple[int, dict[str, Any]]:
    """No headers rather than no message."""
    try:
        return _field_table(value)
    except (ValueError, RecursionError, ArithmeticError):
        return 4 + int.from_bytes(value[:4], "big"), {}


def read_leniently() -> None:
    """From now on no property of a message can end a connection of this process."""
    decode.short_str = _read_short_str
    decode.METHODS["shortstr"] = _read_short_str
    for table, key in ((decode.METHODS, "timestamp"), (decode.TABLE_MAPPING, b"T")):
        table[key] = _read_timestamp  # type: ignore[index]
    decode.METHODS["table"] = _read_headers


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event as a handler gets it: what happened, the id that a repeat shares, and what stands
    for it in the document that said it.
    """

    id: str
    lane: Lane
    at: datetime
    event: Event
    digest: bytes
    proof: object = None
    """What the message says to be the proof that it comes from one of ours."""

    @classmethod
    def from_envelope(cls, envelope: Envelope, proof: object = None) -> Delivery:
        """Read the event by its class; raises ContractError."""
        event, digest = envelope.event(), envelope.digest()
        return cls(envelope.id, envelope.lane, envelope.time, event, digest, proof)


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message from outside as intake gets it: bytes, and who the broker says sent it."""

    queue: str
    body: bytes
    headers: Mapping[str, Any]
    message_id: str | None
    correlation_id: str | None
    content_type: str | None
    reply_to: str | None
    user_id: str | None
    routing_key: str


async def decode_event(message: RabbitMessage) -> Delivery:
    """Read an event; raises ContractError."""
    return Delivery.from_envelope(read_envelope(message.body), message.headers.get(PROOF_HEADER))


async def decode_inbound(message: RabbitMessage) -> Inbound:
    """Take a message from outside as it is; intake reads it."""
    raw = message.raw_message
    return Inbound(
        queue=queue_of(message),
        body=message.body,
        headers=message.headers,
        message_id=raw.message_id,
        correlation_id=raw.correlation_id,
        content_type=raw.content_type,
        reply_to=raw.reply_to,
        user_id=raw.user_id,
        routing_key=raw.routing_key or "",
    )


async def with_queue(queue: str, raw: Any, original: Callable[[Any], Awaitable[Any]]) -> Any:
    """Parse a message that does not know the queue it came from; its subscriber does."""
    message = await original(raw)
    message.path = {"queue": queue}
    return message


def queue_of(message: Any) -> str:
    """The queue a message was taken from."""
    return str(message.path["queue"])
