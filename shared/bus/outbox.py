"""The way from a document's outbox to the exchange: published after the write, cleared after the
confirm, and relayed later when a crash came in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from shared.bus.errors import BrokerDown, Unroutable
from shared.bus.loops import run_every
from shared.bus.proof import PROOF_HEADER, Proof
from shared.bus.publisher import IN_FLIGHT, Publisher
from shared.bus.topology import EVENTS
from shared.contracts import CLOUDEVENTS_JSON, Envelope, Lane
from shared.store import STORE_DOWN, Store
from shared.telemetry import logger, metrics

BACKLOG: Final = 20_000
"""Events held in memory for the publisher; the rest is in the store for the relay anyway."""
CLEAR_EVERY_SECONDS: Final = 0.2
CLEAR_BATCH: Final = 300
URGENT_SECONDS: Final = 1.0
MOMENT_SECONDS: Final = 0.005

_Key = tuple[str, str]


class OutboxPublisher:
    """Publishes what writes hand over, pipelined; urgent events at once on their own connection."""

    def __init__(
        self, store: Store, publishers: dict[Lane, Publisher], proof: Proof | None = None
    ) -> None:
        self._store = store
        self._publishers = publishers
        self._proof = proof
        self._waiting: asyncio.Queue[tuple[_Key, Envelope]] = asyncio.Queue(BACKLOG)
        self._in_flight: set[str] = set()
        self._published: dict[_Key, list[str]] = {}

    async def hand_over(self, collection: str, id: str, envelopes: Sequence[Envelope]) -> None:
        """Publish urgent events side by side before returning, or give up after a second: the
        sweep has them. Routine ones follow in the background.
        """
        key, urgent = (collection, id), []
        for envelope in envelopes:
            self._in_flight.add(envelope.id)
            if envelope.lane == "urgent":
                urgent.append(self._publish(key, envelope, tries=1, seconds=URGENT_SECONDS))
            else:
                self._enqueue(key, envelope)
        await asyncio.gather(*urgent)

    def _enqueue(self, key: _Key, envelope: Envelope) -> None:
        try:
            self._waiting.put_nowait((key, envelope))
        except asyncio.QueueFull:
            self._in_flight.discard(envelope.id)

    async def run(self) -> None:
        """Publish and clear until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._publish_routine())
            group.create_task(run_every(self.clear, seconds=CLEAR_EVERY_SECONDS))

    async def _publish_routine(self) -> None:
        """What comes within a moment goes together, which is cheaper for all."""
        while True:
            bunch = [await self._waiting.get()]
            await self._store.precedence.step()
            await asyncio.sleep(MOMENT_SECONDS)
            while len(bunch) < IN_FLIGHT and not self._waiting.empty():
                bunch.append(self._waiting.get_nowait())
            await asyncio.gather(*(self._publish(key, envelope) for key, envelope in bunch))

    async def _publish(
        self, key: _Key, envelope: Envelope, *, tries: int = 3, seconds: float = 2.0
    ) -> None:
        headers = {PROOF_HEADER: self._proof.of(envelope.digest())} if self._proof else None
        try:
            await self._publishers[envelope.lane].publish(
                EVENTS,
                envelope.routing_key,
                envelope.to_body(),
                message_id=envelope.id,
                content_type=CLOUDEVENTS_JSON,
                headers=headers,
                tries=tries,
                seconds=seconds,
            )
        except (BrokerDown, Unroutable) as error:  # also a full queue, or one without a leader
            logger.warning("event_waits_for_relay", event_id=envelope.id, why=str(error))
        except Exception:  # noqa: BLE001 - one event must not end the publishing of all
            logger.exception("event_waits_for_relay", event_id=envelope.id)
        else:
            self._published.setdefault(key, []).append(envelope.id)
        finally:
            self._in_flight.discard(envelope.id)

    async def clear(self) -> None:
        """Take what was confirmed out of the outboxes; a failure is repeated by the relay."""
        while self._published:
            batch = dict(list(self._published.items())[:CLEAR_BATCH])
            for key in batch:
                del self._published[key]
            by_collection: dict[str, dict[str, list[str]]] = {}
            for (collection, id), events in batch.items():
                by_collection.setdefault(collection, {})[id] = events
            with suppress(*STORE_DOWN):
                for collection, published in by_collection.items():
                    await self._store.clear(collection, published)

    async def relay(self) -> int:
        """Publish what a crash or an outage left behind; how many events were taken up."""
        count = 0
        async for collection, id, envelope in self._store.left_behind(limit=CLEAR_BATCH):
            if envelope.id in self._in_flight:
                continue
            self._in_flight.add(envelope.id)
            await self._publish((collection, id), envelope)
            count += 1
        return count

    async def count(self) -> None:
        """Say how much waits, and for how long."""
        metrics.OUTBOX_PENDING.show_one(await self._store.count_waiting())
        oldest = await self._store.oldest_waiting()
        age = (self._store.clock.now() - oldest).total_seconds() if oldest else 0.0
        metrics.OUTBOX_OLDEST.show_one(max(0.0, age))
