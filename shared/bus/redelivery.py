"""Messages that come again: each is handled alone, so that one that ends its reader is found out.

A reader that dies leaves all it had in hand to be delivered again, and nobody knows which of them
was the cause. Handled alone and marked in the store meanwhile, the cause leaves its own mark
behind, and nothing else does.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from shared.bus.errors import Reject
from shared.contracts import Lane
from shared.store import STORE_DOWN
from shared.store.suspects import Suspects
from shared.telemetry import logger

FOUND_AT_MOST: Final = 1
"""A mark that is found once may be left by a kill from outside; the same message, alone in hand at
two kills in a row, is the cause.
"""
PATIENCE_SECONDS: Final = 30.0
"""Longer than any handler takes: one that hangs must not stop the house."""
STOPPED_ITS_READER: Final = "stopped_its_reader"


class Turns:
    """First deliveries are in hand side by side, one that comes again alone, on either lane.

    What comes again goes first, but for what is urgent: that waits for one such message at most.
    """

    def __init__(self, *, is_ending: Callable[[], bool]) -> None:
        """When it `is_ending`, nobody waits for a turn any more."""
        self._is_ending = is_ending
        self._freed = asyncio.Event()
        self._side_by_side = 0
        self._is_alone = False
        self._come_again: Counter[Lane] = Counter()

    @asynccontextmanager
    async def taken(self, lane: Lane, *, comes_again: bool) -> AsyncIterator[None]:
        """It is a message's turn while the block lasts."""
        if comes_again:
            async with self._alone(lane):
                yield
            return
        await self._until(lambda: not self._is_alone and (lane == "urgent" or not self._waiting))
        self._side_by_side += 1
        try:
            yield
        finally:
            self._side_by_side -= 1
            self._freed.set()

    @asynccontextmanager
    async def _alone(self, lane: Lane) -> AsyncIterator[None]:
        self._come_again[lane] += 1
        try:
            await self._until(lambda: self._is_free_for(lane))
        finally:
            self._come_again[lane] -= 1
        self._is_alone = True
        try:
            yield
        finally:
            self._is_alone = False
            self._freed.set()

    def _is_free_for(self, lane: Lane) -> bool:
        gives_way = lane == "routine" and self._come_again["urgent"] > 0
        return not (self._is_alone or self._side_by_side or gives_way)

    @property
    def _waiting(self) -> int:
        return self._come_again.total()

    async def _until(self, is_free: Callable[[], bool]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not is_free() and not self._is_ending():
                    self._freed.clear()
                    await self._freed.wait()

    def end(self) -> None:
        """Let those go that wait for a turn."""
        self._freed.set()


class Redelivery:
    """Marks what comes again while it is in hand; raises Reject for what ended its readers."""

    def __init__(self, suspects: Suspects) -> None:
        self._suspects = suspects
        self._in_hand: set[str] = set()

    @asynccontextmanager
    async def watched(self, id: str, queue: str) -> AsyncIterator[None]:
        """The message is in hand while the block lasts. Whatever the block raises, its reader
        lives: where the mark cannot be taken away now, `forgive` does it.
        """
        self._in_hand.add(id)
        found = await self._suspects.mark(id, queue)
        if found:
            logger.warning("came_again_after_its_reader_ended", times=found)
        if found > FOUND_AT_MOST:
            await self._unmark(id)
            raise Reject(
                STOPPED_ITS_READER,
                f"{found} readers ended while they had nothing else in hand; replay it once what "
                "ends them is mended",
            )
        try:
            yield
        except STORE_DOWN:
            raise
        except Exception:
            await self._unmark(id)
            raise
        await self._unmark(id)

    async def _unmark(self, id: str) -> None:
        await self._suspects.unmark(id)
        self._in_hand.discard(id)

    async def forgive(self) -> None:
        """Take the marks away of what was in hand when this process had to stop consuming."""
        if self._in_hand:
            ids = tuple(self._in_hand)
            await self._suspects.unmark(*ids)
            self._in_hand.difference_update(ids)
