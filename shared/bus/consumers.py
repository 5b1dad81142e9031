"""Consuming: one FastStream broker a lane, one middleware for everything that is not the work.

The middleware reads the message, binds the log, counts, parks what cannot be handled and
acknowledges. What comes again is handled alone (`redelivery`). When the store is away nothing is
nacked: the connection is closed, the broker keeps its messages, and consuming starts again when a
probe write succeeds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any, Final

import aio_pika
import structlog
from faststream import AckPolicy, BaseMiddleware
from faststream.rabbit import Channel, RabbitBroker, RabbitQueue
from faststream.rabbit.message import RabbitMessage
from faststream.rabbit.schemas.queue import QueueType
from typing_extensions import override

from shared.bus.errors import Reject, RetryLater, is_loss
from shared.bus.failures import Parking, Sealing, SenderOf, broker_user
from shared.bus.messages import (
    Delivery,
    Inbound,
    decode_event,
    decode_inbound,
    queue_of,
    read_leniently,
    with_queue,
)
from shared.bus.proof import Proof
from shared.bus.redelivery import Redelivery, Turns
from shared.bus.topology import QueueSpec, declare
from shared.contracts import ContractError, Envelope, Lane
from shared.readers.outboxes import has_said
from shared.readers.tickets import NoSuchTicket
from shared.store import STORE_DOWN, Contested, Store
from shared.store.parked import ParkedMessages
from shared.store.parked_entry import PARKED_KIND
from shared.store.suspects import Suspects
from shared.telemetry import logger, metrics

PRINCIPAL_HEADER: Final = "hotline-principal"
CONNECT_AGAIN_SECONDS: Final = 1.0
FINISH_SECONDS: Final = 5.0
"""So long a stop waits for what is being handled; what takes longer is delivered again."""
STOP_SECONDS: Final = FINISH_SECONDS + 2
CHECK_SECONDS: Final = 0.5
VANISHED_LOOKS: Final = 4
"""So many looks in a row without a consumer, and we start afresh: two seconds, since emergencies
come over these queues too.
"""

Lanes: Final[tuple[Lane, ...]] = ("urgent", "routine")

_EXPECTED: Final = (ContractError, Reject, RetryLater, Contested, NoSuchTicket)
"""What handlers raise on purpose; anything else shows in the log where it came from."""

EventHandler = Callable[[Delivery], Awaitable[None]]
InboundHandler = Callable[[Inbound], Awaitable[None]]


class Consumers:
    """A service's subscriptions on both lanes, their repair and their check."""

    def __init__(
        self,
        url: str,
        store: Store,
        parked: ParkedMessages,
        *,
        sealing: Sealing | None = None,
        sender_of: SenderOf = broker_user,
        proof: Proof | None = None,
    ) -> None:
        read_leniently()
        self._proof = proof
        self.url = url
        self.store = store
        self._parking = Parking(store, parked, sealing, sender_of)
        self._specs: list[QueueSpec] = []
        self._lanes: dict[str, Lane] = {}
        self._events: dict[str, tuple[QueueSpec, EventHandler]] = {}
        self.redelivery = Redelivery(Suspects(store))
        self.turns = Turns(is_ending=lambda: self.is_stopping)
        self._store_failed = asyncio.Event()
        self._running = False
        self._stopping = False
        self.paused_since: float | None = None
        self.began = 0
        """How often consuming has begun: anew also when a queue was missing."""
        self._brokers = {
            lane: RabbitBroker(
                url,
                middlewares=(partial(_Scope, self),),
                apply_types=False,
                logger=None,
                graceful_timeout=FINISH_SECONDS,
                reconnect_interval=1,
            )
            for lane in Lanes
        }

    def on_event(self, *specs: QueueSpec) -> Callable[[EventHandler], EventHandler]:
        """Subscribe a handler to queues of events. It gets what a document of ours has said, and
        nothing that somebody merely published.
        """

        def subscribe(handler: EventHandler) -> EventHandler:
            async def handle(queue: str, delivery: Delivery) -> None:
                age = (self.store.clock.now() - delivery.at).total_seconds()
                metrics.WORK_AGE_SECONDS.labels(queue).observe(max(0.0, age))
                if await self._is_founded(delivery):
                    await handler(delivery)

            for spec in specs:
                self._events[spec.name] = (spec, handler)
                self._subscribe(spec, partial(handle, spec.name), decode_event)
            return handler

        return subscribe

    async def _is_founded(self, delivery: Delivery) -> bool:
        """Whether it was said; what was not is counted and dropped, since no later time makes it
        true. What it claims are a stranger's words, and stay out of the log. That one of ours
        published it is enough where it can be undone.
        """
        is_ours = self._proof is not None and self._proof.holds(delivery.digest, delivery.proof)
        if is_ours and not delivery.event.must_be_founded:
            return True
        if await has_said(self.store, delivery.id, delivery.digest, delivery.event):
            return True
        event = delivery.event.name
        metrics.UNFOUNDED.labels(event).inc()
        logger.warning("event_unfounded", event_name=event)
        return False

    def on_message(self, *specs: QueueSpec) -> Callable[[InboundHandler], InboundHandler]:
        """Subscribe a handler to queues of messages from outside."""

        def subscribe(handler: InboundHandler) -> InboundHandler:
            for spec in specs:
                self._subscribe(spec, handler, decode_inbound)
            return handler

        return subscribe

    def _subscribe(
        self,
        spec: QueueSpec,
        handler: Callable[[Any], Awaitable[None]],
        decoder: Callable[[Any], Awaitable[Any]],
    ) -> None:
        self._specs.append(spec)
        self._lanes[spec.name] = spec.lane
        self._brokers[spec.lane].subscriber(
            RabbitQueue(spec.name, queue_type=QueueType.QUORUM, declare=False),
            channel=Channel(prefetch_count=spec.prefetch),
            ack_policy=AckPolicy.MANUAL,
            parser=partial(with_queue, spec.name),
            decoder=decoder,
            no_reply=True,
        )(handler)

    async def run(self) -> None:
        """Consume until cancelled, through outages of the broker and of the store."""
        try:
            while True:
                try:
                    await self._consume_until_trouble()
                except (Exception, asyncio.CancelledError) as error:
                    if not is_loss(error):
                        raise
                    logger.warning("broker_away", why=type(error).__name__)
                await self._stop()
                await self._wait_for_store()
                await asyncio.sleep(CONNECT_AGAIN_SECONDS)
        finally:
            await self._stop()
            with suppress(*STORE_DOWN):
                await self.redelivery.forgive()

    async def _consume_until_trouble(self) -> None:
        self._store_failed.clear()
        connection = await aio_pika.connect(self.url, timeout=5)
        async with connection:
            await declare(await connection.channel(), self._specs)
        for broker in self._brokers.values():
            await broker.start()
        self._running, self.paused_since = True, None
        self.began += 1
        logger.info("consuming", queues=[spec.name for spec in self._specs])
        looks = 0
        while not self._store_failed.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._store_failed.wait(), CHECK_SECONDS)
            # aio-pika restores its consumers by itself, or believes so (ag2ai/faststream#2758):
            # whoever is not consuming soon starts afresh.
            looks = looks + 1 if self.missing() else 0
            if looks == VANISHED_LOOKS:
                logger.warning("consumers_vanished", queues=self.missing())
                return

    async def _stop(self) -> None:
        if self._running or self.paused_since is None:
            self.paused_since = time.monotonic()
        self._running, self._stopping = False, True
        self.turns.end()
        # Side by side: what one lane still has in hand must not keep the other from going on.
        await asyncio.gather(*(self._stop_lane(broker) for broker in self._brokers.values()))
        self._stopping = False

    async def _stop_lane(self, broker: RabbitBroker) -> None:
        """Stop consuming and close the connection, also one that is broken."""
        # A second time, since what one subscriber raises leaves the connection behind it open.
        for _ in range(2):
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await broker.stop()
            except (Exception, asyncio.CancelledError) as error:
                if not is_loss(error):
                    raise
                logger.info("stop_again", why=type(error).__name__)
            else:
                return
        await _let_go(broker)

    async def _wait_for_store(self) -> None:
        while True:
            try:
                await self.store.probe()
                await self.redelivery.forgive()
            except STORE_DOWN as error:
                logger.warning("store_away", why=type(error).__name__)
                await asyncio.sleep(CONNECT_AGAIN_SECONDS)
            else:
                return

    def consuming(self) -> dict[str, bool]:
        """By queue of ours, whether it has its consumer at present."""
        missing = set(self.missing())
        return {spec.name: spec.name not in missing for spec in self._specs}

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
        """Hand an urgent event out of a document to whichever handlers of ours the broker would
        have given it to.
        """
        for spec, handler in self._events.values():
            keys = {key for _, key in spec.bindings}
            if spec.lane == "urgent" and envelope.routing_key in keys:
                with self.store.precedence.urgent():
                    await handler(Delivery.from_envelope(envelope))

    async def settle(self, message: RabbitMessage, error: Exception | None) -> None:
        """After the handler: park what failed, acknowledge what is done or parked."""
        try:
            if error is not None:
                alerts = self._alerts(message, error)
                await self._parking.park(message, error, alerts=alerts)
            await message.ack()
        except STORE_DOWN as down:
            self.store_failed(down)
        except (Exception, asyncio.CancelledError) as lost:
            if is_loss(lost):
                logger.info("ack_lost", queue=queue_of(message), why=type(lost).__name__)
                return
            if not isinstance(lost, Exception):
                raise
            # Left as it is, it would keep a place of its queue for ever. The broker's own limit
            # ends what fails so at each delivery.
            logger.exception("not_parked", queue=queue_of(message), error=type(lost).__name__)
            await message.nack()

    def _alerts(self, message: RabbitMessage, error: Exception) -> bool:
        """Whether somebody may not be called because of a message. That this itself could not be
        told is not told again, without end.
        """
        queue = getattr(error, "queue", None) or queue_of(message)
        spec = next((spec for spec in self._specs if spec.name == queue), None)
        if spec is None:  # given up by the broker in another service's queue
            spec = QueueSpec(queue, "urgent", alerts=queue.endswith(".urgent"))
        named = str(message.raw_message.message_id or "")
        about_parked = named.startswith(f"{PARKED_KIND}/") and not spec.is_from_outside
        return spec.alerts and not about_parked

    @property
    def is_stopping(self) -> bool:
        """Whether what has not begun yet should not begin here any more."""
        return self._stopping

    def lane_of(self, queue: str) -> Lane:
        """The lane of one of our queues."""
        return self._lanes[queue]

    async def id_of(self, message: RabbitMessage) -> str:
        """The same for every delivery of one message to one queue."""
        return await self._parking.id_of(message)

    def log_id(self, message: RabbitMessage) -> str:
        """What the log calls a message."""
        return self._parking.log_id(message)

    def store_failed(self, error: Exception) -> None:
        """Stop consuming until the store is back; the broker keeps what is unacknowledged."""
        if not self._store_failed.is_set():
            logger.warning("store_failed", why=type(error).__name__)
        self._store_failed.set()


class _Scope(BaseMiddleware):
    """Around each handler: log context, metrics, and what becomes of the message."""

    def __init__(self, consumers: Consumers, msg: Any, /, *, context: Any) -> None:
        super().__init__(msg, context=context)
        self._consumers = consumers

    @override
    async def consume_scope(self, call_next: Callable[[Any], Awaitable[Any]], msg: Any) -> Any:
        queue = queue_of(msg)
        lane = self._consumers.lane_of(queue)
        consumers, comes_again = self._consumers, bool(msg.raw_message.redelivered)
        async with AsyncExitStack() as in_hand:
            begins = consumers.store.precedence.on(lane, wanted=lambda: not consumers.is_stopping)
            if lane == "routine":  # what still waits to begin is in nobody's way
                await in_hand.enter_async_context(begins)
            turn = consumers.turns.taken(lane, comes_again=comes_again)
            is_alone = await in_hand.enter_async_context(turn)
            if lane == "urgent":  # nor does what waits for its turn hold routine work back
                await in_hand.enter_async_context(begins)
            if consumers.is_stopping:
                return  # neither handled nor acknowledged: the broker keeps it
            metrics.BEGUN.labels(lane).inc()
            await self._handle(call_next, msg, queue, is_alone=is_alone)

    async def _handle(
        self,
        call_next: Callable[[Any], Awaitable[Any]],
        msg: Any,
        queue: str,
        *,
        is_alone: bool,
    ) -> None:
        started = time.perf_counter()
        event_id = self._consumers.log_id(msg)
        structlog.contextvars.bind_contextvars(queue=queue, event_id=event_id)
        error: Exception | None = None
        outcome = "done"
        try:
            async with self._watched(msg, queue, is_alone=is_alone):
                await call_next(msg)
        except STORE_DOWN as down:
            outcome = "store_away"
            self._consumers.store_failed(down)
        except Exception as failure:  # noqa: BLE001 - whatever it is, the message must not be lost
            outcome, error = "parked", failure
            if not isinstance(failure, _EXPECTED):
                logger.exception("handler_failed", error=type(failure).__name__)
        if outcome != "store_away":
            await self._consumers.settle(msg, error)
        metrics.CONSUMED.labels(queue=queue, outcome=outcome).inc()
        metrics.HANDLING_SECONDS.labels(queue=queue).observe(time.perf_counter() - started)
        structlog.contextvars.unbind_contextvars("queue", "event_id")

    @asynccontextmanager
    async def _watched(self, msg: Any, queue: str, *, is_alone: bool) -> AsyncIterator[None]:
        """Marked while it is alone in hand; what begins beside another takes the mark of that away,
        which is in hand alone no more.
        """
        redelivery = self._consumers.redelivery
        if is_alone:
            async with redelivery.watched(await self._consumers.id_of(msg), queue):
                yield
        else:
            await redelivery.forgive()
            yield


async def _let_go(broker: RabbitBroker) -> None:
    """Forget a connection that cannot be closed in order, so that the next start makes another."""
    # The library keeps whatever it could not close.
    connection, broker._connection, broker._channel = broker._connection, None, None  # noqa: SLF001
    broker.config.disconnect()
    if connection is not None:
        with suppress(Exception):  # it is given up, however it ends
            async with asyncio.timeout(1):
                await connection.close()


def _name_of(subscriber: Any) -> str:
    return str(subscriber.queue.name)


def _is_consuming(subscriber: Any) -> bool:
    """Whether the channel that is open now knows the consumer. That its owner runs and its channel
    is open says little: after a reconnect both may be so while nobody consumes.
    """
    # Neither library tells it in public.
    queue, tag = subscriber._queue_obj, subscriber._consumer_tag  # noqa: SLF001
    if not subscriber.running or queue is None or queue.channel.is_closed:
        return False
    open_now = queue.channel._channel  # noqa: SLF001
    return open_now is not None and tag in open_now.channel.consumers
