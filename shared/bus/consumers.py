"""Consuming: one FastStream broker a lane, one middleware for everything that is not the work.

The middleware reads the message, binds the log, counts, parks what cannot be handled and
acknowledges. When the store is away nothing is nacked: the connection is closed, the broker keeps
its messages, and consuming starts again when a probe write succeeds.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol

import aio_pika
import structlog
from aio_pika.exceptions import AMQPError
from faststream import AckPolicy, BaseMiddleware
from faststream.rabbit import Channel, RabbitBroker, RabbitQueue
from faststream.rabbit.message import RabbitMessage
from faststream.rabbit.schemas.queue import QueueType
from typing_extensions import override

from shared.bus.errors import BrokerDown, Reject, RetryLater, Unroutable
from shared.bus.topology import QueueSpec, declare
from shared.contracts import ContractError, Envelope, Event, Lane, read_envelope
from shared.store import STORE_DOWN, Contested, Store
from shared.store.parked import ParkedMessage, ParkedMessages
from shared.telemetry import logger, metrics

ATTEMPTS_HEADER: Final = "hotline-attempts"
PRINCIPAL_HEADER: Final = "hotline-principal"
MAX_ATTEMPTS: Final = 10
FIRST_RETRY: Final = timedelta(seconds=1)
LONGEST_RETRY: Final = timedelta(minutes=5)
CONNECT_AGAIN_SECONDS: Final = 1.0
CHECK_SECONDS: Final = 10.0

Lanes: Final[tuple[Lane, ...]] = ("urgent", "routine")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event as a handler gets it: what happened, and the id that a repeat shares."""

    id: str
    lane: Lane
    at: datetime
    event: Event

    @classmethod
    def from_envelope(cls, envelope: Envelope) -> Delivery:
        """Read the event by its class; raises ContractError."""
        return cls(envelope.id, envelope.lane, envelope.time, envelope.event())


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


EventHandler = Callable[[Delivery], Awaitable[None]]
InboundHandler = Callable[[Inbound], Awaitable[None]]


class Sealing(Protocol):
    """How messages from outside are kept when they are parked: whole, and unreadable."""

    async def seal_parked(self, content: Mapping[str, Any]) -> bytes:
        """Body, headers and id, sealed under the group's key."""

    def fingerprint(self, body: bytes) -> str:
        """The same for the same body, and worth nothing to whoever guesses at bodies."""


class Consumers:
    """A service's subscriptions on both lanes, their repair and their check."""

    def __init__(
        self, url: str, store: Store, parked: ParkedMessages, *, sealing: Sealing | None = None
    ) -> None:
        self._url = url
        self._store = store
        self._parked = parked
        self._sealing = sealing
        self._specs: list[QueueSpec] = []
        self._events: dict[str, tuple[QueueSpec, EventHandler]] = {}
        self._store_failed = asyncio.Event()
        self._running = False
        self.paused_since: float | None = None
        self._brokers = {
            lane: RabbitBroker(
                url,
                middlewares=(partial(_Scope, self),),
                apply_types=False,
                logger=None,
                graceful_timeout=10,
                reconnect_interval=1,
            )
            for lane in Lanes
        }

    def on_event(self, *specs: QueueSpec) -> Callable[[EventHandler], EventHandler]:
        """Subscribe a handler to queues of events."""

        def subscribe(handler: EventHandler) -> EventHandler:
            for spec in specs:
                self._events[spec.name] = (spec, handler)
                self._subscribe(spec, handler, _decode_event)
            return handler

        return subscribe

    def on_message(self, *specs: QueueSpec) -> Callable[[InboundHandler], InboundHandler]:
        """Subscribe a handler to queues of messages from outside."""

        def subscribe(handler: InboundHandler) -> InboundHandler:
            for spec in specs:
                self._subscribe(spec, handler, partial(_decode_inbound, spec.name))
            return handler

        return subscribe

    def _subscribe(
        self,
        spec: QueueSpec,
        handler: Callable[[Any], Awaitable[None]],
        decoder: Callable[[Any], Awaitable[Any]],
    ) -> None:
        self._specs.append(spec)
        self._brokers[spec.lane].subscriber(
            RabbitQueue(spec.name, queue_type=QueueType.QUORUM, declare=False),
            channel=Channel(prefetch_count=spec.prefetch),
            ack_policy=AckPolicy.MANUAL,
            parser=partial(_parse, spec.name),
            decoder=decoder,
            no_reply=True,
        )(handler)

    async def run(self) -> None:
        """Consume until cancelled, through outages of the broker and of the store."""
        try:
            while True:
                with suppress(*_BROKER_LOST):
                    await self._consume_until_trouble()
                await self._stop()
                await self._wait_for_store()
                await asyncio.sleep(CONNECT_AGAIN_SECONDS)
        finally:
            await self._stop()

    async def _consume_until_trouble(self) -> None:
        self._store_failed.clear()
        connection = await aio_pika.connect(self._url, timeout=5)
        async with connection:
            await declare(await connection.channel(), self._specs)
        for broker in self._brokers.values():
            await broker.start()
        self._running, self.paused_since = True, None
        logger.info("consuming", queues=[spec.name for spec in self._specs])
        lost = 0
        while not self._store_failed.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._store_failed.wait(), CHECK_SECONDS / 10)
            # aio-pika restores its consumers by itself; only when it does not, start afresh.
            lost = lost + 1 if self.missing() else 0
            if lost > CHECK_SECONDS:
                logger.warning("consumers_vanished", queues=self.missing())
                return

    async def _stop(self) -> None:
        if self._running or self.paused_since is None:
            self.paused_since = time.monotonic()
        self._running = False
        for broker in self._brokers.values():
            with suppress(*_BROKER_LOST):
                await broker.stop()

    async def _wait_for_store(self) -> None:
        while True:
            try:
                await self._store.probe()
            except STORE_DOWN as error:
                logger.warning("store_away", why=type(error).__name__)
                await asyncio.sleep(CONNECT_AGAIN_SECONDS)
            else:
                return

    def missing(self) -> list[str]:
        """Queues that have no consumer of ours at present."""
        if not self._running:
            return [spec.name for spec in self._specs]
        return [
            _name_of(subscriber)
            for broker in self._brokers.values()
            for subscriber in broker.subscribers
            if not _is_consuming(subscriber)
        ]

    async def deliver_urgent(self, envelope: Envelope) -> None:
        """Hand an urgent event to whichever handlers of ours the broker would have given it to."""
        for spec, handler in self._events.values():
            keys = {key for _, key in spec.bindings}
            if spec.lane == "urgent" and envelope.routing_key in keys:
                await handler(Delivery.from_envelope(envelope))

    async def settle(self, message: RabbitMessage, error: Exception | None) -> None:
        """After the handler: park what failed, acknowledge what is done or parked."""
        try:
            if error is not None:
                await self._park(message, error)
            await message.ack()
        except STORE_DOWN as down:
            self.store_failed(down)
        except _BROKER_LOST as lost:
            logger.info("ack_lost", queue=_queue_of(message), why=type(lost).__name__)

    def store_failed(self, error: Exception) -> None:
        """Stop consuming until the store is back; the broker keeps what is unacknowledged."""
        if not self._store_failed.is_set():
            logger.warning("store_failed", why=type(error).__name__)
        self._store_failed.set()

    async def _park(self, message: RabbitMessage, error: Exception) -> None:
        attempts = int(message.headers.get(ATTEMPTS_HEADER, 0)) + 1
        reason, detail, after = _judge(error, attempts)
        raw = message.raw_message
        parked = ParkedMessage(
            queue=getattr(error, "queue", None) or _queue_of(message),
            reason=reason,
            detail=detail,
            attempts=attempts,
            **await self._kept(message),
            next_at=self._store.clock.now() + after if after else None,
            content_type=raw.content_type,
            routing_key=raw.routing_key or "",
            principal=raw.user_id,
        )
        await self._parked.park(parked)
        log = logger.info if after else logger.error
        log("message_parked", reason=reason, attempts=attempts, error=type(error).__name__)

    async def _kept(self, message: RabbitMessage) -> dict[str, Any]:
        """Body, headers and id as they are kept: sealed where they come from outside."""
        raw = message.raw_message
        headers = _plain_headers(message.headers)
        if self._sealing is None:
            fingerprint = hashlib.sha256(message.body).hexdigest()
            return {"fingerprint": fingerprint, "message_id": raw.message_id or "",
                    "headers": headers, "body": message.body, "sealed": False}  # fmt: skip
        content = {
            "body": message.body,
            "headers": headers,
            "message_id": raw.message_id,
            "reply_to": raw.reply_to,
            "correlation_id": raw.correlation_id,
        }
        return {
            "fingerprint": self._sealing.fingerprint(
                (raw.message_id or "").encode() + message.body
            ),
            "message_id": "",
            "headers": {},
            "body": await self._sealing.seal_parked(content),
            "sealed": True,
        }


def _judge(error: Exception, attempts: int) -> tuple[str, str, timedelta | None]:
    """Reason, detail and the time until the next attempt (None: a person decides)."""
    match error:
        case ContractError() | Reject():
            return error.reason, str(error), None
        case RetryLater(after=after) if attempts < MAX_ATTEMPTS:
            return error.reason, error.reason, after or _backoff(attempts)
        case Contested() | BrokerDown() if attempts < MAX_ATTEMPTS:
            return "temporary", type(error).__name__, _backoff(attempts)
        case RetryLater() | Contested() | BrokerDown():
            return "gave_up", f"{type(error).__name__} {attempts} times", None
        case _:
            return "failed", type(error).__name__, None


def _backoff(attempts: int) -> timedelta:
    return min(FIRST_RETRY * int(2 ** (attempts - 1)), LONGEST_RETRY)


class _Scope(BaseMiddleware):
    """Around each handler: log context, metrics, and what becomes of the message."""

    def __init__(self, consumers: Consumers, msg: Any, /, *, context: Any) -> None:
        super().__init__(msg, context=context)
        self._consumers = consumers

    @override
    async def consume_scope(self, call_next: Callable[[Any], Awaitable[Any]], msg: Any) -> Any:
        queue = _queue_of(msg)
        started = time.perf_counter()
        structlog.contextvars.bind_contextvars(queue=queue, event_id=msg.message_id)
        error: Exception | None = None
        outcome = "done"
        try:
            await call_next(msg)
        except STORE_DOWN as down:
            outcome = "store_away"
            self._consumers.store_failed(down)
        except Exception as failure:  # noqa: BLE001 - whatever it is, the message must not be lost
            outcome, error = "parked", failure
            if not isinstance(failure, ContractError | Reject | RetryLater | Contested):
                logger.exception("handler_failed", error=type(failure).__name__)
        if outcome != "store_away":
            await self._consumers.settle(msg, error)
        metrics.CONSUMED.labels(queue=queue, outcome=outcome).inc()
        metrics.HANDLING_SECONDS.labels(queue=queue).observe(time.perf_counter() - started)
        structlog.contextvars.unbind_contextvars("queue", "event_id")
        return None


_BROKER_LOST: Final = (AMQPError, ConnectionError, TimeoutError, OSError, BrokerDown, Unroutable,
                       RuntimeError)  # fmt: skip


async def _decode_event(message: RabbitMessage) -> Delivery:
    return Delivery.from_envelope(read_envelope(message.body))


async def _decode_inbound(queue: str, message: RabbitMessage) -> Inbound:
    raw = message.raw_message
    return Inbound(
        queue=queue,
        body=message.body,
        headers=message.headers,
        message_id=raw.message_id,
        correlation_id=raw.correlation_id,
        content_type=raw.content_type,
        reply_to=raw.reply_to,
        user_id=raw.user_id,
        routing_key=raw.routing_key or "",
    )


async def _parse(queue: str, raw: Any, original: Callable[[Any], Awaitable[Any]]) -> Any:
    """A message does not know the queue it came from; its subscriber does."""
    message = await original(raw)
    message.path = {"queue": queue}
    return message


def _queue_of(message: Any) -> str:
    return str(message.path["queue"])


def _name_of(subscriber: Any) -> str:
    return str(subscriber.queue.name)


def _is_consuming(subscriber: Any) -> bool:
    queue = getattr(subscriber, "_queue_obj", None)
    return bool(subscriber.running and queue is not None and not queue.channel.is_closed)


def _plain_headers(headers: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in headers.items() if isinstance(v, str | int | float | bool)}
