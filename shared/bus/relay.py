"""What runs by the clock for every service: the outbox relay and the replay of parked messages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

from shared.bus.consumers import Consumers
from shared.bus.errors import Unroutable
from shared.bus.failures import ATTEMPTS_HEADER
from shared.bus.loops import each, run_every
from shared.bus.outbox import OutboxPublisher
from shared.bus.publisher import Publisher
from shared.bus.topology import exchange_of
from shared.contracts import ContractError, Envelope
from shared.documents import Doc
from shared.readers.outboxes import URGENT
from shared.store import Store
from shared.store.parked import ParkedMessages
from shared.store.store import RELAY_AFTER
from shared.telemetry import logger, metrics

RELAY_EVERY_SECONDS: Final = 1.0
COUNT_EVERY_SECONDS: Final = 5.0
SWEPT_AT_ONCE: Final = 5_000
"""Documents looked at in one sweep; an hour without a broker brings fewer emergencies."""
SWEPT_REMEMBERED: Final = 20_000
CUT_OFF_AFTER: Final = timedelta(seconds=0.2)
"""How old an urgent event must be for a service that does not consume: nobody will bring it."""
TURN_SECONDS: Final = 0.25
"""So long a sweep waits for what it began; then the next one looks, however long that takes."""


@dataclass(frozen=True, slots=True)
class Content:
    """What is published again."""

    body: bytes
    headers: Mapping[str, Any]
    message_id: str | None
    reply_to: str | None = None
    correlation_id: str | None = None


OpenEntry = Callable[[Doc], Awaitable[Content]]


async def plain_entry(entry: Doc) -> Content:
    """A parked event, which holds nothing personal and is kept as it was."""
    return Content(bytes(entry["body"]), entry["headers"], entry["message_id"] or None)


class ParkedRelay:
    """Publishes parked messages again, to their one queue, under the same id."""

    def __init__(self, parked: ParkedMessages, publisher: Publisher, open_entry: OpenEntry) -> None:
        self._parked = parked
        self._publisher = publisher
        self._open_entry = open_entry

    async def replay_due(self) -> int:
        """Replay everything whose time has come; how many."""
        count = 0
        while (entry := await self._parked.take_due()) is not None:
            await self.replay(entry)
            count += 1
        return count

    async def count(self) -> None:
        """Say how much waits, and why."""
        found = await self._parked.count_by_reason()
        metrics.PARKED.show({(reason,): n for reason, n in found.items()})

    async def replay(self, entry: Doc, *, fresh: bool = False) -> None:
        """Put one entry back into its queue; `fresh` forgets its attempts.

        Raises BrokerDown; the entry stays parked then.
        """
        content = await self._open_entry(entry)
        headers = dict(content.headers)
        headers[ATTEMPTS_HEADER] = 0 if fresh else entry["attempts"]
        try:
            await self._publisher.publish(
                exchange_of(entry["queue"]),
                entry["queue"],
                content.body,
                message_id=content.message_id,
                reply_to=content.reply_to,
                correlation_id=content.correlation_id,
                content_type=entry["content_type"] or "application/json",
                headers=headers,
                must_route=True,
            )
        except Unroutable:
            logger.error("parked_queue_gone", queue=entry["queue"], parked=entry["_id"])
            raise
        await self._parked.done(entry)
        logger.info("parked_replayed", queue=entry["queue"], parked=entry["_id"])


class UrgentSweep:
    """With the broker down, urgent events reach their handlers straight from the store."""

    def __init__(
        self, store: Store, consumers: Consumers, *, turn_seconds: float = TURN_SECONDS
    ) -> None:
        self._store = store
        self._consumers = consumers
        self._turn_seconds = turn_seconds
        self._swept: dict[str, None] = {}
        self._turns: set[asyncio.Task[set[str]]] = set()

    async def sweep(self) -> int:
        """Handle every urgent event that was left unpublished, some side by side; how many it
        took up, without those that failed by the end of its turn. What takes longer goes on beside
        the next ones.

        Left is what is older than a second, or a fifth of one while we do not consume and so know
        that the broker is away: an alert passes two sweeps, and somebody shall hear within three
        seconds on a busy machine too. Nothing is cleared: the relay publishes them when the broker
        is back, and handlers recognise the repeat. One that fails, or takes long, keeps no other
        waiting; the next sweep tries again what failed.
        """
        age = CUT_OFF_AFTER if self._consumers.missing() else RELAY_AFTER["urgent"]
        left = self._store.urgent_waiting(
            URGENT, older_than=age, limit=SWEPT_AT_ONCE, but=self._swept.keys()
        )
        waiting = {envelope.id: envelope async for envelope in left}
        if not waiting:
            return 0
        self._swept |= dict.fromkeys(waiting)
        while len(self._swept) > SWEPT_REMEMBERED:
            self._swept.pop(next(iter(self._swept)))
        turn = asyncio.create_task(each(partial(self._deliver, waiting), waiting))
        self._turns.add(turn)
        turn.add_done_callback(self._end_turn)
        await asyncio.wait({turn}, timeout=self._turn_seconds)
        return sum(id in self._swept for id in waiting)

    async def _deliver(self, waiting: Mapping[str, Envelope], id: str) -> None:
        try:
            with suppress(ContractError):
                await self._consumers.deliver_urgent(waiting[id])
        except BaseException:
            self._swept.pop(id, None)  # the next sweep tries it again
            raise

    def _end_turn(self, turn: asyncio.Task[set[str]]) -> None:
        """What an outage kept from being handled is there for the next turn."""
        self._turns.discard(turn)
        if not turn.cancelled() and (error := turn.exception()) is not None:
            logger.warning("loop_turn_failed", loop="UrgentSweep.sweep", why=type(error).__name__)


class Relay:
    """The two relays of one service, by the second."""

    def __init__(self, outbox: OutboxPublisher, parked: ParkedRelay) -> None:
        self._outbox = outbox
        self._parked = parked

    async def run(self) -> None:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(run_every(self._outbox.relay, seconds=RELAY_EVERY_SECONDS))
            group.create_task(run_every(self._parked.replay_due, seconds=RELAY_EVERY_SECONDS))
            for count in (self._outbox.count, self._parked.count):
                group.create_task(run_every(count, seconds=COUNT_EVERY_SECONDS))
