"""What becomes of a message whose handler failed: tried again later, or kept for a person."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

from faststream.rabbit.message import RabbitMessage

from shared.bus.errors import BrokerDown, Reject, RetryLater, Unroutable
from shared.bus.messages import Inbound, decode_inbound, queue_of
from shared.contracts import ContractError
from shared.contracts.json_body import MAX_REWRITTEN_BYTES
from shared.readers.tickets import NoSuchTicket
from shared.store import Contested, Store
from shared.store.parked import ParkedMessages
from shared.store.parked_entry import ParkedMessage, entry_id
from shared.telemetry import logger

ATTEMPTS_HEADER: Final = "hotline-attempts"
MAX_ATTEMPTS: Final = 10
"""With the waits doubling up to five minutes that is about a quarter of an hour."""
KEPT_OF_HUGE: Final = 64 * 1024
"""Enough to see what it was; it cannot be sent again, and its sender's others need the room."""
FIRST_RETRY: Final = timedelta(seconds=1)
LONGEST_RETRY: Final = timedelta(minutes=5)
TEMPORARY: Final = (RetryLater, Contested, NoSuchTicket, BrokerDown, Unroutable)
"""What a later attempt can mend."""


SenderOf = Callable[[Inbound], str | None]
"""Which system a message is of; None for nobody that we know."""


def broker_user(message: Inbound) -> str | None:
    """Who published it, as the broker checked."""
    return message.user_id


class Sealing(Protocol):
    """How messages from outside are kept when they are parked: whole, and unreadable."""

    async def seal_parked(self, content: Mapping[str, Any]) -> bytes:
        """Body, headers and id, sealed under the group's key."""

    def fingerprint(self, body: bytes) -> str:
        """The same for the same body, and worth nothing to whoever guesses at bodies."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """Why a message is parked, and after what time it is tried again (None: a person decides)."""

    reason: str
    detail: str
    after: timedelta | None


def next_step(error: Exception, attempts: int) -> NextStep:
    """What happens to a message that failed with `error` for the `attempts`th time.

    What no retry can mend waits for a person at once; what is temporary is tried again with
    growing waits, and waits for a person after MAX_ATTEMPTS.
    """
    if isinstance(error, ContractError | Reject):
        return NextStep(error.reason, str(error), None)
    if not isinstance(error, TEMPORARY):
        return NextStep("failed", type(error).__name__, None)
    if attempts >= MAX_ATTEMPTS:
        return NextStep("gave_up", f"{type(error).__name__} {attempts} times", None)
    if isinstance(error, RetryLater):
        return NextStep(error.reason, error.reason, error.after or _backoff(attempts))
    return NextStep("temporary", type(error).__name__, _backoff(attempts))


def _backoff(attempts: int) -> timedelta:
    return min(FIRST_RETRY * int(2 ** (attempts - 1)), LONGEST_RETRY)


class Parking:
    """Keeps one service's failed messages in the store, so that they can be acknowledged."""

    def __init__(
        self,
        store: Store,
        parked: ParkedMessages,
        sealing: Sealing | None,
        sender_of: SenderOf = broker_user,
    ) -> None:
        self._store = store
        self._parked = parked
        self._sealing = sealing
        self._sender_of = sender_of

    async def park(self, message: RabbitMessage, error: Exception, *, alerts: bool = False) -> None:
        """Keep the message with its reason and the time of its next attempt; where it `alerts`,
        somebody is told of it if there is none.
        """
        attempts = _attempts_before(message.headers) + 1
        step = next_step(error, attempts)
        raw = message.raw_message
        sender = self._sender_of(await decode_inbound(message))
        parked = ParkedMessage(
            queue=getattr(error, "queue", None) or queue_of(message),
            reason=step.reason,
            detail=step.detail,
            attempts=attempts,
            message_id=self._message_id(message),
            fingerprint=self._fingerprint(message, sender),
            **await self._kept(message),
            next_at=self._store.clock.now() + step.after if step.after else None,
            # A stranger may have written anything there, and no reader of ours asks for it.
            content_type=raw.content_type if self._sealing is None else None,
            routing_key=raw.routing_key or "",
            principal=sender,
            alerts=alerts,
            answered=getattr(error, "answered", False),
            cut=_is_huge(message),
        )
        await self._parked.park(parked)
        log = logger.info if step.after else logger.error
        log("message_parked", reason=step.reason, attempts=attempts, error=type(error).__name__)

    def log_id(self, message: RabbitMessage) -> str:
        """What the log calls a message: an outsider's id could be somebody's number."""
        if self._sealing is None:
            return str(message.message_id)
        return self._sealing.fingerprint(str(message.message_id).encode())[:12]

    async def id_of(self, message: RabbitMessage) -> str:
        """The id of the entry that a message of its queue is parked under."""
        sender = self._sender_of(await decode_inbound(message))
        fingerprint = self._fingerprint(message, sender)
        return entry_id(queue_of(message), self._message_id(message), fingerprint)

    def _message_id(self, message: RabbitMessage) -> str:
        """What its sender calls it, kept where we are the sender."""
        return message.raw_message.message_id or "" if self._sealing is None else ""

    def _fingerprint(self, message: RabbitMessage, sender: str | None) -> str:
        if self._sealing is None:
            return hashlib.sha256(message.body).hexdigest()
        # Of its sender too: one system's entry must not stand for another's.
        named = "\n".join((message.raw_message.message_id or "", sender or ""))
        return self._sealing.fingerprint(named.encode() + message.body)

    async def _kept(self, message: RabbitMessage) -> dict[str, Any]:
        """Body, headers and id as they are kept: sealed where they come from outside. Of a body
        that no reader of ours would take the beginning is kept, since one document holds 16 MB:
        what could not be kept could not be acknowledged either, and would stop its queue.
        """
        raw, body = message.raw_message, message.body
        if _is_huge(message):
            body = body[:KEPT_OF_HUGE]
        headers = _plain_headers(message.headers)
        if self._sealing is None:
            return {"headers": headers, "body": body, "sealed": False}
        content = {
            "body": body,
            "headers": headers,
            "message_id": raw.message_id,
            "reply_to": raw.reply_to,
            "correlation_id": raw.correlation_id,
        }
        return {"headers": {}, "body": await self._sealing.seal_parked(content), "sealed": True}


def _is_huge(message: RabbitMessage) -> bool:
    return len(message.body) > MAX_REWRITTEN_BYTES


def _attempts_before(headers: Mapping[str, Any]) -> int:
    """How often the message failed before. A stranger may have written anything there."""
    found = headers.get(ATTEMPTS_HEADER)
    return found if type(found) is int and 0 < found < MAX_ATTEMPTS else 0


def _plain_headers(headers: Mapping[str, Any]) -> dict[str, Any]:
    """What the store can keep of them: plain values, under names without a zero byte."""
    return {
        k: v
        for k, v in headers.items()
        if isinstance(v, str | int | float | bool) and "\0" not in k
    }
