"""Messages that come again: each is handled alone, so that one that ends its reader is found out.

A reader that dies leaves all it had in hand to be delivered again, and nobody knows which of them
was the cause. Handled alone and marked in the store meanwhile, the cause leaves its own mark
behind, and nothing else does: a mark stands only as long as its message is alone in hand.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
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
PATIENCE_SECONDS: Final[Mapping[Lane, float]] = {"urgent": 1.0, "routine": 30.0}
"""So long a message waits for its turn, then it is handled beside the others, unmarked: an
emergency must not wait for a suspicion, and one that hangs must not stop the house.
"""
STOPPED_ITS_READER: Final = "stopped_its_reader"


class Turns:
    """Whose turn it is in this process: what comes again is in hand alone, before what is new.

    What is urgent and new waits for nobody. What is urgent and comes again goes before all that is
    routine.
    """

    def __init__(self, *, is_ending: Callable[[], bool]) -> None:
        """When it `is_ending`, nobody waits for a turn any more."""
        self._is_ending = is_ending
        self._freed = asyncio.Event()
        self._in_hand = 0
        self._come_again: Counter[Lane] = Counter()
        """What has come again and waits or is in hand."""
        self._waiting: Counter[Lane] = Counter()
        """What of it waits."""

    @asynccontextmanager
    async def taken(self, lane: Lane, *, comes_again: bool) -> AsyncIterator[bool]:
        """It is a message's turn while the block lasts; whether it began alone."""
        self._come_again[lane] += comes_again
        try:
            alone = comes_again and await self._wait_to_be_alone(lane)
            if not comes_again and lane == "routine":
                await self._until(lambda: not self._come_again.total(), lane)
            self._in_hand += 1
            try:
                yield alone
            finally:
                self._in_hand -= 1
        finally:
            self._come_again[lane] -= comes_again
            self._freed.set()

    async def _wait_to_be_alone(self, lane: Lane) -> bool:
        self._waiting[lane] += 1
        try:
            return await self._until(lambda: self._may_be_alone(lane), lane)
        finally:
            self._waiting[lane] -= 1

    def _may_be_alone(self, lane: Lane) -> bool:
        gives_way = lane == "routine" and self._waiting["urgent"] > 0
        return self._in_hand == 0 and not gives_way

    async def _until(self, holds: Callable[[], bool], lane: Lane) -> bool:
        """Whether it held before patience, or this process, came to its end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS[lane]):
                while not holds() and not self._is_ending():
                    self._freed.clear()
                    await self._freed.wait()
        return holds()

    def end(self) -> None:
        """Let those go that wait for a turn."""
        self._freed.set()


class Redelivery:
    """Marks what comes again while it is alone in hand; raises Reject for what ends its readers."""

    def __init__(self, suspects: Suspects) -> None:
        self._suspects = suspects
        self._marked: set[str] = set()

    @asynccontextmanager
    async def watched(self, id: str, queue: str) -> AsyncIterator[None]:
        """The message is alone in hand while the block lasts. Whatever the block raises, its reader
        lives: where the mark cannot be taken away now, `forgive` does it.
        """
        self._marked.add(id)
        found = await self._suspects.mark(id, queue)
        if id not in self._marked:  # forgiven while the mark was on its way
            await self._suspects.unmark(id)
        if found:
            logger.warning("came_again_after_its_reader_ended", times=found)
        if found > FOUND_AT_MOST:
            await self.forgive()
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
            await self.forgive()
            raise
        await self.forgive()

    async def forgive(self) -> None:
        """Take all marks of this process away: what they stand on has ended without ending it, or
        is alone in hand no more.
        """
        if ids := tuple(self._marked):
            self._marked.clear()
            try:
                await self._suspects.unmark(*ids)
            except BaseException:
                self._marked.update(ids)
                raise
