"""Use case: a message from outside becomes a report, an answer to its sender, or a parked fault."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import orjson

from services.intake.inbound.publishers import Senders, digest, name_of_external
from services.intake.inbound.replies import Replies
from services.intake.queues import BY_KEY
from services.intake.registration.reports import Reports
from shared.bus import Inbound, Publisher, Reject, exchange_of
from shared.bus.consumers import PRINCIPAL_HEADER
from shared.bus.senders import sender_of
from shared.contracts import Fault, MalformedMessage
from shared.contracts.ids import shown_key
from shared.contracts.json_body import (
    MAX_REWRITTEN_BYTES,
    damaged,
    read_any_json_object,
    read_json_object,
)
from shared.contracts.refusals import Unfit
from shared.identity import UNNAMED, Principal, publisher_principal
from shared.store import Store
from shared.telemetry import metrics

NAME_HEADER: Final = "hotline-name"
DAMAGE_HEADER: Final = "hotline-damage"
"""What was wrong with the bytes of an emergency that was passed on."""
CE_PREFIXES: Final = ("cloudEvents:", "cloudEvents_", "ce-")
REPORT_TYPE_PREFIX: Final = "hotline.ticket.report"


@dataclass(frozen=True, slots=True)
class _Read:
    """A report of the queue: its fields, the name it repeats by, what was wrong with its bytes."""

    raw: Mapping[str, Any]
    name: str
    damage: tuple[Fault, ...]
    is_emergency: bool = False


class Arrivals:
    """Reads what comes in, sorts it by urgency, registers it and answers."""

    def __init__(
        self,
        reports: Reports,
        store: Store,
        *,
        forward: Publisher,
        replies: Replies,
        senders: Senders,
        secret: bytes,
        queues: tuple[str, str],
    ) -> None:
        self._reports = reports
        self._store = store
        self._forward = forward
        self._replies = replies
        self._senders = senders
        self._secret = secret
        self._urgent_queue, self._routine_queue = queues

    async def sort(self, message: Inbound) -> None:
        """Pass a report of the routine key on to the queue of its urgency, and do nothing else."""
        read = await self._read(message)
        await self._pass_on(message, read, emergency=read.is_emergency)

    async def take_urgent(self, message: Inbound) -> None:
        """Register a report of the urgent key at once; what is no emergency takes the other way."""
        read = await self._read(message)
        if not read.is_emergency:
            await self._pass_on(message, read, emergency=False)
            return
        sender = sender_of(self._secret, message)
        await self._register(message, read, self._senders.of(sender, emergency=True))

    async def take_sorted(self, message: Inbound) -> None:
        """Register what triage passed on; its header says who sent it, for only we write here."""
        headers = message.headers
        damage = headers.get(DAMAGE_HEADER)
        read = _Read(
            read_json_object(message.body, at_most=MAX_REWRITTEN_BYTES),
            str(headers.get(NAME_HEADER, "")),
            (damaged(str(damage)),) if damage else (),
        )
        named = str(headers.get(PRINCIPAL_HEADER, UNNAMED.id))
        user = named.removeprefix(publisher_principal("").id)
        principal = UNNAMED if named == UNNAMED.id else self._senders.named(user)
        await self._register(message, read, principal)

    async def refuse_key(self, message: Inbound) -> None:
        """Answer and park what came under a key that leads nowhere. Always raises Reject."""
        async with self._refusing(message, self._principal_id(message)):
            raise unknown_key(message.routing_key)

    async def _read(self, message: Inbound) -> _Read:
        """What a message says; answers and parks what cannot be read. Routine work whose bytes are
        damaged is not guessed at.
        """
        async with self._refusing(message, self._principal_id(message)):
            raw, damage = read_any_json_object(message.body)
            raw, source_and_id = unwrap(raw, message.headers)
            found = self._reports.triage(raw)
            if damage and not found.emergency:
                raise MalformedMessage.naming(damage)
        name = self.name_of(message, raw, source_and_id)
        return _Read(raw, name, damage, is_emergency=found.emergency)

    def name_of(self, message: Inbound, raw: Mapping[str, Any], cloud_event: str | None) -> str:
        """What a repeat of this message shares with it, as a digest fit for a header.

        In order: the sender's idempotency key, the CloudEvent's source and id, `external_id`, the
        message id. A report with none of them repeats by its exact body within the day, so that
        a redelivery after a crash is not a second request.
        """
        key = message.headers.get("Idempotency-Key") or message.headers.get("idempotency-key")
        external = raw.get("external_id")
        day = self._store.clock.now().date().isoformat()
        if not key and not cloud_event and isinstance(external, str) and external:
            return name_of_external(self._secret, external)
        chosen = (
            (key and f"key:{key}")
            or cloud_event
            or (message.message_id and f"message:{message.message_id}")
            or f"body:{day}:{hashlib.sha256(message.body).hexdigest()}"
        )
        return digest(self._secret, chosen)

    def _principal_id(self, message: Inbound) -> str:
        sender = sender_of(self._secret, message)
        return publisher_principal(sender).id if sender else UNNAMED.id

    async def _pass_on(self, message: Inbound, read: _Read, *, emergency: bool) -> None:
        async with self._refusing(message, UNNAMED.id):
            sender = sender_of(self._secret, message)
            principal = self._senders.of(sender, emergency=emergency)
        headers = {PRINCIPAL_HEADER: principal.id, NAME_HEADER: read.name}
        if read.damage:
            headers[DAMAGE_HEADER] = read.damage[0].fault
        queue = self._urgent_queue if emergency else self._routine_queue
        await self._forward.publish(
            exchange_of(queue),
            queue,
            orjson.dumps(dict(read.raw)),
            message_id=message.message_id,
            correlation_id=message.correlation_id,
            reply_to=self._replies.address_of(message, principal.id),
            headers=headers,
            must_route=True,
        )

    async def _register(self, message: Inbound, read: _Read, principal: Principal) -> None:
        async with self._refusing(message, principal.id):
            arrival = self._reports.read(
                read.raw, name=read.name, principal=principal, damage=read.damage
            )
            answer, created = await self._reports.register(arrival, principal)
        metrics.REPORTS.labels("amqp", "created" if created else "repeated").inc()
        await self._replies.send(message, answer.to_json(), principal.id)

    @asynccontextmanager
    async def _refusing(self, message: Inbound, principal: str) -> AsyncIterator[None]:
        try:
            async with self._replies.refusing(message, principal):
                yield
        except Reject as refused:
            metrics.REPORTS.labels("amqp", refused.reason).inc()
            raise


def unknown_key(key: str) -> Unfit:
    """Nobody reads what comes under this key: what it is, and which ones there are."""
    right = ", ".join(sorted(BY_KEY))
    return Unfit(
        "unrouted",
        f"No queue is bound to the routing key {shown_key(key)}",
        f"it was not taken; publish it again under the key that is meant: {right}",
    )


def unwrap(raw: dict[str, Any], headers: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The report inside a CloudEvent (structured or binary), and what names that event."""
    if "specversion" in raw and isinstance(raw.get("data"), dict):
        _check_version(raw.get("type"))
        source, id = raw.get("source"), raw.get("id")
        # What names no event names every event: its reports would pass for repeats.
        return raw["data"], f"cloudevent:{source}\n{id}" if source and id else None
    for prefix in CE_PREFIXES:
        if f"{prefix}id" in headers and f"{prefix}source" in headers:
            _check_version(headers.get(f"{prefix}type"))
            named = f"cloudevent:{headers[f'{prefix}source']}\n{headers[f'{prefix}id']}"
            return raw, named
    return raw, None


def _check_version(kind: Any) -> None:
    """A report of a version that this release does not know cannot be read safely."""
    if isinstance(kind, str) and kind.startswith(REPORT_TYPE_PREFIX) and not kind.endswith(".v1"):
        raise MalformedMessage("type", "is a version of the report that is not known", "send .v1")
