"""What nobody took up is found in the store: its message was lost with its queue, or was published
before there was one. A confirm says that the broker has a message, not that everybody has it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shared.bus.consumers import Consumers
from shared.bus.lengths import QueueLengths
from shared.bus.loops import each, run_every
from shared.bus.topology import QueueSpec
from shared.contracts import Lane
from shared.store import Store
from shared.telemetry import logger, metrics


class Candidates(Protocol):
    """Ids of what was changed within a time and is not taken up; `since` is None for all there is,
    however long ago.
    """

    def __call__(self, since: datetime | None, until: datetime) -> AsyncIterator[str]:
        """Look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Untaken:
    """One thing that may not have been taken up.

    `what` is its name in the figures; `queues` are those where its message would wait, and while
    there is anything in them it may still come; what is younger than `age` may be on its way.
    `take_up` does what the message would have done, nothing where that is done, and says which.
    """

    what: str
    lane: Lane
    queues: Sequence[QueueSpec]
    age: timedelta
    at_first: timedelta | None = None
    """So far back the first look goes, where what is older is nobody's news; else it covers all."""
    overlap: timedelta = timedelta(seconds=30)
    """So much later than the moment that it bears a change may be seen in the store."""
    every: timedelta
    candidates: Candidates
    take_up: Callable[[str], Awaitable[bool]]


class Reconciliation:
    """Takes up what nobody took up. A look covers what changed since the one before, and what
    failed then; the first one, and the first after consuming began anew, as it does when a queue
    was missing, covers all.
    """

    def __init__(
        self, store: Store, consumers: Consumers, lengths: QueueLengths, of: Untaken
    ) -> None:
        self._store = store
        self._consumers = consumers
        self._lengths = lengths
        self._of = of
        self._since: datetime | None = None
        self._began = 0
        self._failed: set[str] = set()
        self._looked_at = time.monotonic()

    async def look(self) -> int:
        """Take up what was left; how many it looked at. None while messages may still wait."""
        metrics.UNLOOKED.labels(self._of.what).set(time.monotonic() - self._looked_at)
        if await self._lengths.waiting(self._of.queues) != 0:
            return 0
        began = self._consumers.began
        until = self._store.clock.now() - self._of.age
        since = self._since if began == self._began else self._at_first(until)
        async with self._store.precedence.on(self._of.lane):
            found = {id async for id in self._of.candidates(since, until)} | self._failed
        self._failed = await each(
            self._take_up, sorted(found), begins=lambda: self._store.precedence.on(self._of.lane)
        )
        self._since, self._began = until - self._of.overlap, began
        self._looked_at = time.monotonic()
        return len(found) - len(self._failed)

    def _at_first(self, until: datetime) -> datetime | None:
        return until - self._of.at_first if self._of.at_first is not None else None

    async def _take_up(self, id: str) -> None:
        if not await self._of.take_up(id):
            return
        logger.warning("taken_up_late", what=self._of.what, id=id)
        metrics.RECONCILED.labels(self._of.what).inc()


async def reconcile(store: Store, consumers: Consumers, of: Sequence[Untaken]) -> None:
    """Look for each of these in its time, until cancelled. Each asks on a connection of its own:
    one that hangs keeps no other from looking.
    """
    asked = [QueueLengths(consumers.url) for _ in of]
    try:
        async with asyncio.TaskGroup() as group:
            for lengths, each_of in zip(asked, of, strict=True):
                look = Reconciliation(store, consumers, lengths, each_of).look
                group.create_task(run_every(look, seconds=each_of.every.total_seconds()))
    finally:
        for lengths in asked:
            await lengths.aclose()
