"""What an adapter has to tell, until the broker has confirmed it. In memory: a disk would hold
numbers in clear.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final

from shared.bus import BrokerDown
from shared.telemetry import logger

MOST: Final = 50_000
"""Facts that wait while the broker is away: those of some 2,500 calls."""
AT_ONCE: Final = 200
FIRST_WAIT: Final = 0.2
LONGEST_WAIT: Final = 5.0
Publish = Callable[[str, bytes], Awaitable[None]]
"""Routing key and body; returns when the broker has confirmed, raises BrokerDown."""


class MemoryFull(Exception):
    """So much waits that no more is taken."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    key: str
    body: bytes
    word_on: object = None
    """A listener's word on what it has heard so far, and on which connection: it may not be out
    before all that came before it is."""


@dataclass(slots=True)
class Outgoing:
    """In the order in which it came. `told` counts what was confirmed, by key."""

    publish: Publish
    most: int = MOST
    told: Counter[str] = field(default_factory=Counter)
    is_refused: bool = False
    """Whether the broker did not take what it was last given."""
    _waiting: deque[_Waiting] = field(default_factory=deque)
    _facts: int = 0
    _under_way: int = 0
    _some: asyncio.Event = field(default_factory=asyncio.Event)
    _room: asyncio.Event = field(default_factory=asyncio.Event)

    def __len__(self) -> int:
        """Facts that wait."""
        return self._facts

    def put(self, key: str, body: bytes) -> None:
        """One fact more; raises MemoryFull."""
        if self._facts >= self.most:
            self._room.clear()
            raise MemoryFull
        self._facts += 1
        self._add(_Waiting(key, body))

    def say(self, key: str, body: bytes, connection: object) -> None:
        """A word on what was heard on a connection; only the last of those that wait counts."""
        if self._waiting and self._waiting[-1].word_on is connection:
            self._waiting.pop()
        self._add(_Waiting(key, body, connection))

    async def until_room(self) -> None:
        """Return when half of it is free."""
        while self._facts > self.most // 2:
            self._room.clear()
            await self._room.wait()

    async def until_empty(self) -> None:
        """Return when all is told."""
        while self._waiting or self._under_way:
            self._room.clear()
            await self._room.wait()

    async def run(self) -> None:
        """Publish until cancelled."""
        wait = FIRST_WAIT
        while True:
            self._some.clear()
            if not self._waiting:
                await self._some.wait()
            if await self._publish_some():
                wait = FIRST_WAIT
                continue
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    def _add(self, waiting: _Waiting) -> None:
        self._waiting.append(waiting)
        self._some.set()

    async def _publish_some(self) -> bool:
        """What stands first, side by side, as far as the next word; whether all was confirmed."""
        batch = self._next()
        # Taken out only now: a word that comes meanwhile must not take the place of one under way.
        for _ in batch:
            self._waiting.popleft()
        self._under_way = len(batch)
        confirmed: set[int] = set()

        async def publish(number: int, waiting: _Waiting) -> None:
            try:
                await self.publish(waiting.key, waiting.body)
            except BrokerDown as error:
                if not self.is_refused:
                    logger.warning("facts_wait", why=str(error), waiting=self._facts)
                self.is_refused = True
            else:
                confirmed.add(number)
                self.told[waiting.key] += 1

        try:
            await asyncio.gather(*(publish(n, each) for n, each in enumerate(batch)))
        finally:
            left = [each for n, each in enumerate(batch) if n not in confirmed]
            self._waiting.extendleft(reversed(left))
            self._facts -= sum(batch[n].word_on is None for n in confirmed)
            self._under_way = 0
            self._room.set()
        self.is_refused = bool(left)
        return not left

    def _next(self) -> list[_Waiting]:
        if self._waiting[0].word_on is not None:
            return [self._waiting[0]]
        # At most so many, and none behind a word.
        first = (self._waiting[n] for n in range(min(AT_ONCE, len(self._waiting))))
        return list(takewhile(lambda each: each.word_on is None, first))
